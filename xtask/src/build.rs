//! `cargo xtask build` and `cargo xtask nix`: Nix with its inputs at hand.

use std::{
    ffi::OsString,
    fs,
    path::PathBuf,
    process::{Command, ExitCode},
};

use crate::{
    fetch::{self, FetchArgs, FetchError},
    files::{self, FileError},
    nix_env,
    process::{self, ProcessError},
    workspace::Workspace,
};

/// `cargo xtask build`
#[derive(Debug, clap::Args)]
pub(crate) struct BuildArgs {
    /// Attributes of the flake, e.g. `image`.
    #[arg(required = true, value_name = "ATTR")]
    attributes: Vec<String>,
    /// Build again what is there and fail if a byte differs.
    #[arg(long)]
    rebuild: bool,
    #[command(flatten)]
    fetch: FetchArgs,
}

/// `cargo xtask nix`
#[derive(Debug, clap::Args)]
pub(crate) struct NixArgs {
    /// Arguments for nix.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    arguments: Vec<OsString>,
}

/// Why nothing was built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    /// An input is missing.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Nix failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The links to the results.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Lines of a failed build's log that Nix shows.
const LOG_LINES: &str = "200";

/// Builds the attributes one after the other and prints their store paths.
pub(crate) fn run(workspace: &Workspace, args: &BuildArgs) -> Result<ExitCode, BuildError> {
    fetch::run(workspace, &args.fetch)?;
    for attribute in &args.attributes {
        let path = attribute_path(workspace, attribute, args.rebuild)?;
        println!("{}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds one attribute and returns its store path; `target/nix/ATTR` links to it.
pub(crate) fn attribute_path(
    workspace: &Workspace,
    attribute: &str,
    rebuild: bool,
) -> Result<PathBuf, BuildError> {
    let mut command = command(workspace, attribute)?;
    if rebuild {
        command.arg("--rebuild");
    }
    process::run(&mut command, &format!("build {attribute}"))?;
    let link = link(workspace, attribute);
    Ok(fs::read_link(&link).map_err(FileError::at("read link", &link))?)
}

/// The command that builds one attribute, with [`link`] to the result.
pub(crate) fn command(workspace: &Workspace, attribute: &str) -> Result<Command, FileError> {
    files::create_dir(&workspace.path("target/nix"))?;
    let mut command = nix_env::command("nix");
    command
        .current_dir(workspace.path(""))
        .arg("build")
        .arg(format!(".#{attribute}"))
        .arg("--out-link")
        .arg(link(workspace, attribute))
        .args(["--option", "log-lines", LOG_LINES]);
    Ok(command)
}

/// `target/nix/ATTR`
fn link(workspace: &Workspace, attribute: &str) -> PathBuf {
    workspace.path("target/nix").join(attribute)
}

/// Runs nix as it is asked to.
pub(crate) fn nix(workspace: &Workspace, args: &NixArgs) -> Result<ExitCode, BuildError> {
    let mut command = nix_env::command("nix");
    command
        .current_dir(workspace.path(""))
        .args(&args.arguments);
    process::run(&mut command, "do what it was asked to")?;
    Ok(ExitCode::SUCCESS)
}
