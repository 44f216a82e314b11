//! `cargo xtask preflight`: can this machine build the image at all?
//!
//! Each check is one line with what was measured and, if it fails, what to do.
//! Judging ([`judge`]) is apart from measuring, so that every verdict is tested.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use crate::{
    cache,
    files::{self, FileError},
    process,
    workspace::Workspace,
};

const GIB: u64 = 1 << 30;

/// Room a first build takes in the Nix store.
const STORE_FIRST: u64 = 8 * GIB;
/// Room a first build takes in the cache: Cargo's target and the VM's disk.
const CACHE_FIRST: u64 = 4 * GIB;
/// Room a later build takes in each.
const LATER: u64 = GIB;
/// Memory of the machine. A "3 GB" machine has a little less to offer.
const MEMORY: u64 = 3 * GIB - 300 * (1 << 20);

/// What was measured.
#[derive(Debug, Clone)]
struct Measured {
    architecture: &'static str,
    memory: u64,
    namespaces: Result<(), String>,
    /// Places on one file system, what they need together and what is free.
    disks: Vec<Disk>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Disk {
    places: Vec<PathBuf>,
    needed: u64,
    free: u64,
}

/// One check's line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Verdict {
    what: String,
    /// What to do, if it fails.
    problem: Option<String>,
}

/// Runs all checks and prints them.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode, FileError> {
    let verdicts = judge(&measure(workspace)?);
    for verdict in &verdicts {
        match &verdict.problem {
            None => println!("ok    {}", verdict.what),
            Some(problem) => println!("FAIL  {}: {problem}", verdict.what),
        }
    }
    let failed = verdicts.iter().any(|verdict| verdict.problem.is_some());
    Ok(ExitCode::from(u8::from(failed)))
}

fn judge(measured: &Measured) -> Vec<Verdict> {
    let verdict = |what: String, fine: bool, problem: String| Verdict {
        what,
        problem: (!fine).then_some(problem),
    };
    let mut verdicts = vec![
        verdict(
            format!("architecture {}", measured.architecture),
            measured.architecture == "x86_64",
            "the image is built on and for x86_64: use such a machine".into(),
        ),
        verdict(
            format!("memory {}", gib(measured.memory)),
            measured.memory >= MEMORY,
            "a build needs 3 GiB: use a larger machine".into(),
        ),
        verdict(
            "user namespaces".into(),
            measured.namespaces.is_ok(),
            format!(
                "builds need them, and `unshare -r -m true` says: {}. Allow them (sysctl -w \
                 kernel.unprivileged_userns_clone=1, or kernel.apparmor_restrict_unprivileged_userns=0 where that \
                 exists), or run the container privileged",
                measured
                    .namespaces
                    .as_ref()
                    .err()
                    .map_or("", String::as_str)
            ),
        ),
    ];
    for disk in &measured.disks {
        let places: Vec<String> = disk
            .places
            .iter()
            .map(|place| place.display().to_string())
            .collect();
        verdicts.push(verdict(
            format!("disk {} free for {}", gib(disk.free), places.join(" and ")),
            disk.free >= disk.needed,
            format!(
                "a build needs {}: free some space or use a larger disk",
                gib(disk.needed)
            ),
        ));
    }
    verdicts
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / GIB as f64)
}

fn measure(workspace: &Workspace) -> Result<Measured, FileError> {
    let built = workspace.path("target/nix/image").exists();
    let (store, cache) = if built {
        (LATER, LATER)
    } else {
        (STORE_FIRST, CACHE_FIRST)
    };
    let meminfo = files::read(Path::new("/proc/meminfo"))?;
    let namespaces = process::output(
        Command::new("unshare").args(["-r", "-m", "true"]),
        "try user namespaces",
    );
    Ok(Measured {
        architecture: std::env::consts::ARCH,
        memory: memory(&meminfo).unwrap_or(0),
        namespaces: namespaces
            .map(|_| ())
            .map_err(|error| error.to_string().replace('\n', " ")),
        disks: disks(&[("/nix/store".into(), store), (cache::dir(""), cache)])?,
    })
}

/// `MemTotal` of `/proc/meminfo`, in bytes.
fn memory(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Needs that fall on one file system are added up.
fn disks(needs: &[(PathBuf, u64)]) -> Result<Vec<Disk>, FileError> {
    let mut disks: Vec<(u64, Disk)> = Vec::new();
    for (place, needed) in needs {
        let existing = place
            .ancestors()
            .find(|path| path.exists())
            .unwrap_or(Path::new("/"));
        let device = fs::metadata(existing)
            .map_err(FileError::at("look at", existing))?
            .dev();
        let stat = rustix::fs::statvfs(existing)
            .map_err(std::io::Error::from)
            .map_err(FileError::at("measure", existing))?;
        let free = stat.f_bavail * stat.f_frsize;
        match disks.iter_mut().find(|(known, _)| *known == device) {
            Some((_, disk)) => {
                disk.needed += needed;
                disk.places.push(place.clone());
            }
            None => disks.push((
                device,
                Disk {
                    places: vec![place.clone()],
                    needed: *needed,
                    free,
                },
            )),
        }
    }
    Ok(disks.into_iter().map(|(_, disk)| disk).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Measured {
        Measured {
            architecture: "x86_64",
            memory: 4 * GIB,
            namespaces: Ok(()),
            disks: vec![Disk {
                places: vec!["/nix/store".into()],
                needed: 12 * GIB,
                free: 13 * GIB,
            }],
        }
    }

    fn problems(measured: &Measured) -> Vec<String> {
        let lines = judge(measured).into_iter();
        lines
            .filter_map(|verdict| Some(format!("{}: {}", verdict.what, verdict.problem?)))
            .collect()
    }

    #[test]
    fn a_good_machine_has_no_problem() {
        assert_eq!(problems(&good()), [""; 0]);
    }

    #[test]
    fn each_lack_is_one_line_with_the_measured_value_and_the_need() {
        let bad = Measured {
            architecture: "aarch64",
            memory: 2 * GIB,
            namespaces: Err("Operation not permitted".into()),
            disks: vec![Disk {
                places: vec!["/nix/store".into(), "/home/x".into()],
                needed: 12 * GIB,
                free: 5 * GIB,
            }],
        };
        let problems = problems(&bad);
        assert_eq!(problems.len(), 4);
        assert!(
            problems.iter().all(|line| !line.contains('\n')),
            "{problems:?}"
        );
        assert!(problems[0].contains("aarch64"));
        assert!(problems[1].contains("2.0 GiB") && problems[1].contains("3 GiB"));
        assert!(problems[2].contains("Operation not permitted"));
        assert!(problems[3].contains("5.0 GiB") && problems[3].contains("12.0 GiB"));
    }

    #[test]
    fn needs_on_one_file_system_add_up() {
        let dir = tempfile::tempdir().unwrap();
        let disks = disks(&[(dir.path().into(), 1), (dir.path().join("absent/below"), 2)]).unwrap();
        assert_eq!(disks.len(), 1);
        assert_eq!(disks[0].needed, 3);
        assert!(disks[0].free > 0);
    }

    #[test]
    fn total_memory_is_read() {
        assert_eq!(
            memory("MemTotal:        2048 kB\nMemFree: 1 kB\n"),
            Some(2 << 20)
        );
        assert_eq!(memory("nonsense"), None);
    }
}
