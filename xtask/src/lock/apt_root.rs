//! An APT of its own in a temporary directory.
//!
//! Nothing of the machine's package state is read or changed: own lists, own
//! (empty) dpkg status, own sources. Only how the network is reached (proxies,
//! credentials, clock tolerance) is taken over from the machine. Release files
//! are verified with the Debian archive keyring.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use super::format::{Archive, SUITE};
use crate::{
    files::{self, FileError},
    mirror::Mirrors,
    process::{self, ProcessError},
};

/// The suites a closure may draw from, and the archive of each.
pub(crate) const SUITES: [(&str, Archive); 4] = [
    (SUITE, Archive::Debian),
    ("trixie-updates", Archive::Debian),
    ("trixie-backports", Archive::Debian),
    ("trixie-security", Archive::DebianSecurity),
];

/// Where Debian installs its archive keyring.
const KEYRINGS: [&str; 2] = [
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
];

/// Why the isolated APT could not be set up or used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AptError {
    /// A file of the isolated root.
    #[error(transparent)]
    File(#[from] FileError),
    /// APT itself failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The keyring is not installed.
    #[error(
        "the Debian archive keyring is missing ({}): install the package debian-archive-keyring",
        KEYRINGS[0]
    )]
    NoKeyring,
    /// APT did not list the index of a suite.
    #[error("apt-get has no package index of suite {0} after an update: does the mirror carry it?")]
    NoIndex(&'static str),
}

/// The isolated root; removed when dropped.
#[derive(Debug)]
pub(crate) struct AptRoot {
    dir: tempfile::TempDir,
}

/// The files APT fetched for one suite.
#[derive(Debug, Clone)]
pub(crate) struct SuiteFiles {
    /// Name of the suite.
    pub(crate) suite: &'static str,
    /// Its archive.
    pub(crate) archive: Archive,
    /// The Packages index.
    pub(crate) packages: PathBuf,
    /// The signed Release file.
    pub(crate) release: PathBuf,
}

impl AptRoot {
    /// Sets the root up and downloads the (verified) indices. `pinned` says that
    /// the mirror was chosen by hand: a snapshot's Release files have expired.
    pub(crate) fn create(mirrors: &Mirrors, pinned: bool) -> Result<Self, AptError> {
        let dir = tempfile::Builder::new()
            .prefix("onebox-apt-")
            .tempdir()
            .map_err(FileError::at(
                "create a directory in",
                &std::env::temp_dir(),
            ))?;
        let root = Self { dir };
        let path = root.dir.path();
        for part in [
            "var/lib/apt/lists/partial",
            "var/lib/dpkg",
            "var/cache/apt/archives/partial",
            "etc/apt/apt.conf.d",
            "etc/apt/preferences.d",
            "etc/apt/sources.list.d",
            "etc/apt/trusted.gpg.d",
        ] {
            files::create_dir(&path.join(part))?;
        }
        let keyring = KEYRINGS
            .into_iter()
            .find(|keyring| Path::new(keyring).exists())
            .ok_or(AptError::NoKeyring)?;
        files::replace(&path.join("var/lib/dpkg/status"), b"")?;
        files::replace(
            &path.join("etc/apt/sources.list.d/lock.sources"),
            sources(mirrors, keyring).as_bytes(),
        )?;
        let network = network_settings(&process::text(
            Command::new("apt-config").arg("dump"),
            "read the machine's APT configuration",
        )?);
        files::replace(
            &path.join("apt.conf"),
            configuration(path, &network, pinned).as_bytes(),
        )?;
        process::output(
            root.command("apt-get")
                .args(["update", "-o", "APT::Update::Error-Mode=any"]),
            "download the package indices",
        )?;
        Ok(root)
    }

    /// A program of APT that works in this root.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("APT_CONFIG", self.dir.path().join("apt.conf"))
            .env("LC_ALL", "C");
        command
    }

    /// A file in this root for a caller's own use.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The index and Release file of each suite.
    pub(crate) fn suite_files(&self) -> Result<Vec<SuiteFiles>, AptError> {
        let listing = process::text(
            self.command("apt-get").args([
                "indextargets",
                "--format",
                "$(RELEASE) $(FILENAME)",
                "Identifier: Packages",
            ]),
            "list the package indices",
        )?;
        SUITES
            .into_iter()
            .map(|(suite, archive)| {
                let packages = listing
                    .lines()
                    .find_map(|line| line.strip_prefix(suite)?.strip_prefix(' '))
                    .ok_or(AptError::NoIndex(suite))?;
                let (prefix, _) = packages
                    .rsplit_once("_main_binary-")
                    .ok_or(AptError::NoIndex(suite))?;
                Ok(SuiteFiles {
                    suite,
                    archive,
                    packages: packages.into(),
                    release: format!("{prefix}_InRelease").into(),
                })
            })
            .collect()
    }
}

fn sources(mirrors: &Mirrors, keyring: &str) -> String {
    let mut text = String::new();
    for (suite, archive) in SUITES {
        let uri = mirrors.base(archive);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "Types: deb\nURIs: {uri}\nSuites: {suite}\nComponents: main\nArchitectures: amd64\nSigned-By: {keyring}\n"
        );
    }
    text
}

fn configuration(root: &Path, network: &str, pinned: bool) -> String {
    let root = root.display();
    let expired = if pinned {
        "Acquire::Check-Valid-Until \"false\";\n"
    } else {
        ""
    };
    format!(
        "{network}{expired}Dir::State \"{root}/var/lib/apt\";
Dir::State::status \"{root}/var/lib/dpkg/status\";
Dir::Cache \"{root}/var/cache/apt\";
Dir::Etc \"{root}/etc/apt\";
Dir::Etc::netrc \"/etc/apt/auth.conf\";
Dir::Etc::netrcparts \"/etc/apt/auth.conf.d\";
APT::Architecture \"amd64\";
APT::Architectures {{ \"amd64\"; }};
APT::Sandbox::User \"root\";
APT::Install-Recommends \"false\";
Acquire::Languages \"none\";
Acquire::GzipIndexes \"false\";
Acquire::AllowInsecureRepositories \"false\";
"
    )
}

/// From `apt-config dump`, the settings that say how to reach a mirror.
fn network_settings(dump: &str) -> String {
    let wanted = [
        "Acquire::http::",
        "Acquire::https::",
        "Acquire::Check-",
        "Acquire::Max-",
        "Acquire::Retries",
        "Acquire::ForceIPv",
    ];
    dump.lines()
        .filter(|line| wanted.iter().any(|prefix| line.starts_with(prefix)))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_network_settings_of_the_machine_are_taken_over() {
        let dump = "APT::Update::Post-Invoke:: \"rm -rf /x\";\nAcquire::http::Proxy \"http://p.example:3128\";\n\
                    Acquire::GzipIndexes \"true\";\nAcquire::Check-Date \"false\";\n";
        assert_eq!(
            network_settings(dump),
            "Acquire::http::Proxy \"http://p.example:3128\";\nAcquire::Check-Date \"false\";\n"
        );
    }

    #[test]
    fn every_suite_is_verified_with_the_keyring() {
        let mirrors = Mirrors {
            debian: "http://m.example/debian".into(),
            security: "http://m.example/debian-security".into(),
        };
        let text = sources(&mirrors, "/keyring.gpg");
        assert_eq!(
            text.matches("Signed-By: /keyring.gpg").count(),
            SUITES.len()
        );
        assert!(text.contains("URIs: http://m.example/debian-security\nSuites: trixie-security\n"));
    }
}
