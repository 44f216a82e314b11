//! schemathesis, in a Python environment in the cache.

use std::{path::PathBuf, process::Command};

use sha2::{Digest as _, Sha256};

use super::{Operations, Run, Site};
use crate::{
    cache,
    files::{self, FileError},
    process::ProcessError,
    venv,
    workspace::Workspace,
};

/// Seconds that a run may take on a busy machine.
const LIMIT: &str = "600";

/// Why there is no schemathesis.
#[derive(Debug, thiserror::Error)]
pub(super) enum ToolError {
    /// The environment was not made.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The program and its settings.
#[derive(Debug)]
pub(super) struct Tool {
    program: PathBuf,
    settings: String,
}

impl Tool {
    /// Installs what the requirements name, unless that is there.
    pub(super) fn install(workspace: &Workspace) -> Result<Self, ToolError> {
        let requirements = workspace.path("tests/api/requirements.txt");
        let settings = files::read(&workspace.path("tests/api/schemathesis.toml"))?;
        let wanted = files::read(&requirements)?;
        let digest = Sha256::digest(wanted.as_bytes());
        let short: String = digest[..8].iter().map(|b| format!("{b:02x}")).collect();
        let tools = cache::dir("tools");
        files::create_dir(&tools)?;
        let environment = tools.join(format!("schemathesis-{short}"));
        // Written last, so that an installation that broke off is made again.
        let stamp = environment.join("installed");
        if files::read(&stamp).ok().as_ref() != Some(&wanted) {
            let path = requirements.to_string_lossy();
            let pip = ["--require-hashes", "--requirement", &path];
            venv::make(&environment, "schemathesis", &pip)?;
            files::replace(&stamp, wanted.as_bytes())?;
        }
        Ok(Self {
            program: environment.join("bin/schemathesis"),
            settings,
        })
    }

    /// A run against a site, with a login or without. The token is in a file
    /// and not among the arguments, which every user of the machine can read.
    pub(super) fn command(
        &self,
        site: &Site,
        run: &Run,
        token: Option<&str>,
        seed: u128,
    ) -> Result<Command, FileError> {
        let mut settings = format!("{}{}", self.settings, run.settings);
        if let Some(token) = token {
            settings += &format!("\n[headers]\nAuthorization = \"Bearer {token}\"\n");
        }
        let file = site.dir().join(format!("{}.toml", run.name));
        files::replace(&file, settings.as_bytes())?;
        let mut command = Command::new("timeout");
        command
            .args(["--kill-after=10", LIMIT])
            .arg(&self.program)
            .arg("--config-file")
            .arg(&file)
            .arg("run")
            .arg(format!("{}/api/v1/openapi.json", site.base))
            .args(["--no-color", "--continue-on-failure"])
            .args(["--max-examples", run.examples])
            .current_dir(site.dir());
        let (flag, names) = match run.operations {
            Operations::All => ("", [].as_slice()),
            Operations::But(names) => ("--exclude-operation-id", names),
            Operations::Only(names) => ("--include-operation-id", names),
        };
        for name in names {
            command.args([flag, name]);
        }
        command.arg("--seed").arg(seed.to_string());
        Ok(command)
    }
}
