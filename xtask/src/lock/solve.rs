//! Asks APT's solver which packages a closure needs.

use std::process::Command;

use super::{
    apt_root::{AptError, AptRoot},
    closures::Closure,
};
use crate::{files, process};

/// A package the solver chose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Chosen {
    /// Binary package name.
    pub(crate) name: String,
    /// Version, with epoch.
    pub(crate) version: String,
}

/// The packages of `closure` with all their dependencies (no recommendations).
pub(crate) fn solve(
    root: &AptRoot,
    name: &str,
    closure: &Closure,
) -> Result<Vec<Chosen>, AptError> {
    let preferences = root.path(&format!("{name}.pref"));
    files::replace(&preferences, preferences_text(closure).as_bytes())?;
    let mut command: Command = root.command("apt-get");
    command
        .arg("-o")
        .arg(format!("Dir::Etc::preferences={}", preferences.display()))
        .args(["--simulate", "--no-install-recommends", "install"])
        .args(&closure.packages);
    let log = process::text(&mut command, &format!("resolve the closure {name}"))?;
    Ok(parse_simulation(&log))
}

/// Backports have priority 100: named packages are lifted above the release,
/// everything else is taken from there only if nothing else has it.
fn preferences_text(closure: &Closure) -> String {
    if closure.from_backports.is_empty() {
        return String::new();
    }
    format!(
        "Package: {}\nPin: release n=trixie-backports\nPin-Priority: 990\n",
        closure.from_backports.join(" ")
    )
}

/// `Inst libc6 (2.41-12 Debian:13.1/stable [amd64])`
fn parse_simulation(log: &str) -> Vec<Chosen> {
    let mut chosen: Vec<Chosen> = log
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.strip_prefix("Inst ")?.split_once(" (")?;
            let version = rest.split_whitespace().next()?;
            Some(Chosen {
                name: name.split(':').next()?.to_owned(),
                version: version.to_owned(),
            })
        })
        .collect();
    chosen.sort();
    chosen.dedup();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_installations_are_read() {
        let log = "Reading package lists...\nInst gcc-14-base (14.2.0-19 Debian:13.0/stable [amd64])\n\
                   Inst redis-server (5:8.0.2-3 Debian:13.0/stable, Debian-Security:13/stable-security [amd64]) []\n\
                   Conf gcc-14-base (14.2.0-19 Debian:13.0/stable [amd64])\n";
        let chosen = parse_simulation(log);
        assert_eq!(chosen.len(), 2);
        assert_eq!(chosen[1].name, "redis-server");
        assert_eq!(chosen[1].version, "5:8.0.2-3");
    }
}
