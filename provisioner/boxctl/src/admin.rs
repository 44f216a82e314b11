//! `boxctl admin`: the login of the first administrator, which the box made
//! for itself on its first boot.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use onebox_model::paths;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the first administrator's email and password
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Read from another file than the box's own
        #[arg(long, value_name = "FILE", default_value = paths::INITIAL_ADMIN, hide = true)]
        file: PathBuf,
    },
}

/// A login.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Credential {
    /// Who.
    pub(crate) email: String,
    /// The secret.
    pub(crate) password: String,
}

impl Credential {
    /// Reads what the box wrote; `origin` says where it came from.
    pub(crate) fn parse(text: &str, origin: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|source| Error::Content {
            origin: origin.into(),
            source,
        })
    }
}

impl Command {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let Self::Show { json, file } = self;
        let credential = read(&file)?;
        if json {
            output::json(&credential)?;
        } else {
            let Credential { email, password } = credential;
            output::text_line(&format!("email     {email}\npassword  {password}"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn read(file: &Path) -> Result<Credential, Error> {
    let text = fs::read_to_string(file).map_err(|source| {
        let fix = match source.kind() {
            io::ErrorKind::PermissionDenied => "only root may read it",
            io::ErrorKind::NotFound => {
                "it is made on a box's first boot; for a virtual machine use `boxctl vm status`"
            }
            _ => "check the disk",
        };
        Error::File {
            path: file.into(),
            source,
            fix,
        }
    })?;
    Credential::parse(&text, &file.display().to_string())
}
