//! `cargo xtask setup`: installs what the machine lacks.
//!
//! Pure planning ([`plan`]) says what to do; [`run`] does it. Nothing is done
//! when nothing is missing.

mod needs;

use std::{
    io::{IsTerminal as _, Write as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
    process::{Command, ExitCode},
};

use needs::Machine;
pub(crate) use needs::Purpose;

use crate::{
    nix_env,
    process::{self, ProcessError},
};

/// `cargo xtask setup`
#[derive(Debug, clap::Args)]
pub(crate) struct SetupArgs {
    /// What the machine is made ready for.
    #[arg(
        long = "for",
        value_enum,
        default_value = "run",
        value_name = "PURPOSE"
    )]
    purpose: Purpose,
    /// Do not ask before installing.
    #[arg(long)]
    yes: bool,
}

impl SetupArgs {
    /// As given on a command line.
    pub(crate) fn new(purpose: Purpose, yes: bool) -> Self {
        Self { purpose, yes }
    }
}

/// Whether a program is on the search path.
pub(crate) fn has_program(name: &str) -> bool {
    Machine::this().has_program(name)
}

/// Why the machine could not be made ready. Each is one line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetupError {
    /// Not a Debian.
    #[error(
        "missing: {0}; this is no Debian system (no apt-get), so install what corresponds to these packages and run this again"
    )]
    NoApt(String),
    /// No way to become root.
    #[error(
        "missing: {0}; this needs root and there is no sudo: run `apt-get install --no-install-recommends {0}` as root"
    )]
    NoRoot(String),
    /// Nobody agreed.
    #[error("missing: {0}; pass --yes to install, or install them yourself")]
    NotAgreed(String),
    /// Installing failed.
    #[error("{source}; install these packages yourself: {packages}")]
    Install {
        /// What was to be installed.
        packages: String,
        /// How it failed.
        #[source]
        source: ProcessError,
    },
    /// The store cannot be written.
    #[error(
        "the Nix store /nix cannot be written by this user and no Nix daemon runs: run this as root, or install the \
         package nix-setup-systemd, or `sudo chown -R $USER /nix` if it is yours alone"
    )]
    Store,
    /// The store could not be made.
    #[error("cannot create /nix for this user: {0}; run `sudo install -d -o $USER /nix`")]
    MakeStore(#[source] ProcessError),
}

/// How to become root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Already,
    Sudo,
}

/// Makes the machine ready.
pub(crate) fn run(args: &SetupArgs) -> Result<ExitCode, SetupError> {
    let machine = Machine::this();
    let missing = needs::missing(&needs::of(args.purpose), &machine);
    if !missing.is_empty() {
        let root = plan(
            &missing,
            machine.has_program("apt-get"),
            nix_env::is_root(),
            machine.has_program("sudo"),
        )?;
        agree(&missing, args.yes)?;
        install(&missing, root)?;
    }
    own_store(&machine)?;
    Ok(ExitCode::SUCCESS)
}

fn plan(missing: &[&str], apt: bool, is_root: bool, sudo: bool) -> Result<Root, SetupError> {
    let list = missing.join(" ");
    match (apt, is_root, sudo) {
        (false, ..) => Err(SetupError::NoApt(list)),
        (true, true, _) => Ok(Root::Already),
        (true, false, true) => Ok(Root::Sudo),
        (true, false, false) => Err(SetupError::NoRoot(list)),
    }
}

fn agree(missing: &[&str], yes: bool) -> Result<(), SetupError> {
    let list = missing.join(" ");
    eprintln!("To install with APT: {list}");
    if yes {
        return Ok(());
    }
    let refused = || SetupError::NotAgreed(list.clone());
    if !std::io::stdin().is_terminal() {
        return Err(refused());
    }
    eprint!("Go on? [Y/n] ");
    // A prompt that does not show is still answered by the terminal.
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(|_| refused())?;
    match answer.trim().to_lowercase().as_str() {
        "" | "y" | "yes" => Ok(()),
        _ => Err(refused()),
    }
}

fn install(missing: &[&str], root: Root) -> Result<(), SetupError> {
    let script = include_str!("install.sh");
    let mut command = as_root(root, "sh");
    command.args(["-c", script, "setup"]).args(missing);
    process::run(&mut command, "install packages").map_err(|source| SetupError::Install {
        packages: missing.join(" "),
        source,
    })
}

/// Without a daemon, a user's Nix writes the store itself.
fn own_store(machine: &Machine) -> Result<(), SetupError> {
    if nix_env::is_root() || nix_env::has_daemon() {
        return Ok(());
    }
    let nix = Path::new("/nix");
    if nix.exists() {
        return match tempfile::tempfile_in(nix) {
            Ok(_) => Ok(()),
            Err(_) => Err(SetupError::Store),
        };
    }
    let me = std::fs::metadata("/proc/self").map_err(|_| SetupError::Store)?;
    if !machine.has_program("sudo") {
        return Err(SetupError::Store);
    }
    let mut command = as_root(Root::Sudo, "install");
    command
        .args(["-d", "-m", "755", "-o"])
        .arg(me.uid().to_string())
        .arg("-g")
        .arg(me.gid().to_string())
        .arg("/nix");
    process::run(&mut command, "create /nix").map_err(SetupError::MakeStore)
}

fn as_root(root: Root, program: &str) -> Command {
    match root {
        Root::Already => Command::new(program),
        Root::Sudo => {
            let mut command = Command::new("sudo");
            // Without a terminal sudo would wait for a password for ever.
            if !std::io::stdin().is_terminal() {
                command.arg("-n");
            }
            command.arg(program);
            command
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_installs_directly_and_others_by_sudo() {
        assert_eq!(
            plan(&["nix-bin"], true, true, false).unwrap(),
            Root::Already
        );
        assert_eq!(plan(&["nix-bin"], true, false, true).unwrap(), Root::Sudo);
    }

    #[test]
    fn what_cannot_be_installed_is_one_line_with_the_packages() {
        let missing = ["nix-bin", "ovmf"];
        let no_sudo = plan(&missing, true, false, false).unwrap_err().to_string();
        let no_apt = plan(&missing, false, true, false).unwrap_err().to_string();
        for line in [no_sudo, no_apt] {
            assert!(
                line.contains("nix-bin ovmf") && !line.contains('\n'),
                "{line}"
            );
        }
    }
}
