//! `boxctl config`: the operator's file.

mod check;
mod edit;
mod show;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use onebox_model::config::{reference, schema};
use onebox_model::{Config, paths};

use crate::error::Error;
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say whether the file is sound, and of every mistake where it stands and
    /// what to write instead
    Check {
        #[command(flatten)]
        file: File,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print every key with its value and where that is from, without secrets
    Show {
        #[command(flatten)]
        file: File,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Change the file in your editor ($VISUAL, $EDITOR, or vi); it is saved
    /// only when it is sound
    Edit {
        #[command(flatten)]
        file: File,
    },
    /// Print the JSON Schema of the file, for editors and other programs
    Schema,
    /// Print the reference of all keys in Markdown
    Docs,
}

/// Which file.
#[derive(Debug, clap::Args)]
pub(crate) struct File {
    /// Another file than the box's own
    #[arg(long = "file", value_name = "FILE", default_value = paths::CONFIG)]
    path: PathBuf,
}

impl Command {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::Check { file, json } => check::run(&file.path, json),
            Self::Show { file, json } => show::run(&file.path, json),
            Self::Edit { file } => edit::run(&file.path),
            Self::Schema => {
                output::json(&schema())?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Docs => {
                output::text_line(reference().trim_end())?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// Reads a file that must be there. Units on a box set no variables, so those
/// of the operator's shell do not count.
fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::File {
        path: path.into(),
        source,
        fix: "--file names another one; on a box it is made on first boot",
    })
}

/// What is wrong with a text that stands in `path`.
fn parse(text: &str, path: &Path) -> Result<Config, Error> {
    Config::parse(text, path).map_err(Error::Config)
}
