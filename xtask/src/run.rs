//! `cargo xtask run`: from a checkout to a box that answers.
//!
//! Each step says in one line what it did and how long it took. The last one is
//! not waited for: `boxctl` takes this process over, so that Ctrl-C reaches it
//! and nothing stands between it and the terminal.

use std::{
    ffi::OsString,
    fmt,
    io::IsTerminal as _,
    os::unix::process::CommandExt as _,
    process::{Command, ExitCode},
    time::Instant,
};

use crate::{
    build::{self, BuildError},
    cargo::{self, CargoError},
    fetch::{self, FetchArgs, FetchError},
    files::FileError,
    preflight,
    process::ProcessError,
    setup::{self, Purpose, SetupArgs, SetupError},
    workspace::Workspace,
};

/// `cargo xtask run`
#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Erase the box's data first.
    #[arg(long)]
    fresh: bool,
    /// What starts the box.
    #[arg(long, value_enum)]
    firmware: Option<Firmware>,
    /// Do not ask before installing.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    fetch: FetchArgs,
    /// More arguments for `boxctl vm up`.
    #[arg(last = true, value_name = "ARGS")]
    more: Vec<OsString>,
}

/// What starts the box.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Firmware {
    /// A classic PC.
    Bios,
    /// UEFI without secure boot.
    Uefi,
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bios => "bios",
            Self::Uefi => "uefi",
        })
    }
}

/// Why no box came up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// The machine lacks something.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The machine could not be measured.
    #[error(transparent)]
    Measure(#[from] FileError),
    /// The machine is too small.
    #[error("this machine cannot build the image: see the lines that say FAIL")]
    Preflight,
    /// An input is missing.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The image was not built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// `boxctl` was not built.
    #[error(transparent)]
    Cargo(#[from] CargoError),
    /// `boxctl` did not start.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// Brings the box up; returns only if that fails.
pub(crate) fn run(workspace: &Workspace, args: &RunArgs) -> Result<ExitCode, RunError> {
    // Nobody can answer a question where there is no terminal.
    let yes = args.yes || !std::io::stdin().is_terminal();
    prepare(workspace, Purpose::Run, yes, &args.fetch)?;
    let image = timed("image built", || {
        build::attribute_path(workspace, "image", false)
    })?;
    let boxctl = timed("boxctl built", || cargo::program(workspace, "boxctl"))?;
    let mut command = Command::new(&boxctl);
    command
        .args(["vm", "up", "--image"])
        .arg(image.join("onebox.raw"))
        .args(boxctl_arguments(args));
    let source = command.exec();
    Err(ProcessError::Start {
        program: boxctl.display().to_string(),
        purpose: "start the virtual machine".into(),
        source,
    }
    .into())
}

/// Installs what is missing, checks the machine and fetches the inputs.
pub(crate) fn prepare(
    workspace: &Workspace,
    purpose: Purpose,
    yes: bool,
    fetch: &FetchArgs,
) -> Result<(), RunError> {
    set_up(purpose, yes)?;
    timed("machine checked", || match preflight::run(workspace) {
        Ok(ExitCode::SUCCESS) => Ok(()),
        Ok(_) => Err(RunError::Preflight),
        Err(error) => Err(error.into()),
    })?;
    timed("inputs fetched", || fetch::run(workspace, fetch))?;
    Ok(())
}

/// Installs what is missing.
pub(crate) fn set_up(purpose: Purpose, yes: bool) -> Result<(), RunError> {
    timed("machine set up", || {
        setup::run(&SetupArgs::new(purpose, yes))
    })?;
    Ok(())
}

fn timed<T, E>(what: &str, step: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let begun = Instant::now();
    let result = step()?;
    eprintln!("{what:<16} {:>7.1} s", begun.elapsed().as_secs_f64());
    Ok(result)
}

fn boxctl_arguments(args: &RunArgs) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    if args.fresh {
        // Whoever asks to start over was asked enough.
        words.extend(["--fresh".into(), "--yes".into()]);
    }
    if let Some(firmware) = args.firmware {
        words.extend(["--firmware".into(), firmware.to_string().into()]);
    }
    words.extend(args.more.iter().cloned());
    words
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Task};

    fn words(line: &[&str]) -> Vec<OsString> {
        match Cli::try_parse_from(line).unwrap().task {
            Task::Run(args) => boxctl_arguments(&args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn options_and_what_follows_two_dashes_reach_boxctl() {
        assert_eq!(words(&["xtask", "run"]), [""; 0]);
        assert_eq!(
            words(&[
                "xtask",
                "run",
                "--fresh",
                "--firmware",
                "uefi",
                "--",
                "--memory",
                "2048"
            ]),
            ["--fresh", "--yes", "--firmware", "uefi", "--memory", "2048"]
        );
    }
}
