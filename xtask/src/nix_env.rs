//! The environment every Nix command runs in.
//!
//! The machine's own Nix configuration may have flakes off, name a build group
//! that does not exist (Debian's default), or ask substituters that are out of
//! reach; `NIX_CONFIG` settles these for our commands alone.

use std::{ffi::OsStr, path::Path, process::Command};

const DAEMON_SOCKET: &str = "/nix/var/nix/daemon-socket/socket";

/// A Nix program in our environment.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    let inherited = std::env::var("NIX_CONFIG").unwrap_or_default();
    command.env("NIX_CONFIG", config(&inherited, whoami()));
    command
}

/// How this process reaches the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Root writes the store itself.
    Root,
    /// A daemon does, with its own settings of what is restricted.
    Daemon,
    /// A user who owns the store.
    User,
}

fn whoami() -> Access {
    if has_daemon() {
        Access::Daemon
    } else if is_root() {
        Access::Root
    } else {
        Access::User
    }
}

/// Whether a Nix daemon serves this machine.
pub(crate) fn has_daemon() -> bool {
    Path::new(DAEMON_SOCKET).exists()
}

/// Whether this process is root, by the owner of its entry in `/proc`.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

/// Settings of the caller stand last and so win.
fn config(inherited: &str, access: Access) -> String {
    let own = match access {
        // The daemon refuses restricted settings of users it does not trust.
        Access::Daemon => "",
        Access::Root => "sandbox = true\nbuild-users-group =\n",
        Access::User => "sandbox = true\n",
    };
    format!("experimental-features = nix-command flakes\nsubstituters =\n{own}{inherited}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_needs_no_build_group_and_a_daemon_keeps_its_sandbox() {
        let root = config("", Access::Root);
        assert!(root.contains("build-users-group =\n") && root.contains("sandbox = true\n"));
        assert!(!config("", Access::Daemon).contains("sandbox"));
        assert!(!config("", Access::User).contains("build-users-group"));
    }

    #[test]
    fn the_callers_settings_win() {
        assert!(config("max-jobs = 1", Access::Root).ends_with("max-jobs = 1"));
    }
}
