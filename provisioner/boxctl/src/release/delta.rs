//! `boxctl release delta`.

use std::path::PathBuf;
use std::process::ExitCode;

use onebox_release::delta::{self, BLOCK};

use super::trouble::Trouble;
use crate::error::Error;
use crate::output;
use crate::words::bytes;

/// Show how much of the image NEW a box with the image OLD would download
#[derive(Debug, clap::Args)]
pub(crate) struct Delta {
    /// The image a box has
    old: PathBuf,
    /// The image it is to get
    new: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Delta {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        let delta = delta::between(&self.old, &self.new).map_err(|source| Trouble::File {
            doing: "compare with the other image",
            path: if self.old.is_file() {
                self.new
            } else {
                self.old
            },
            source,
        })?;
        if self.json {
            output::json(&delta)?;
            return Ok(ExitCode::SUCCESS);
        }
        let share = delta.permille();
        output::text_line(&format!(
            "{} of {} blocks are new: {} to download, {}.{} % of the image; the first {} are the same",
            delta.missing,
            delta.blocks,
            bytes(delta.bytes()),
            share / 10,
            share % 10,
            bytes(delta.front * BLOCK as u64),
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}
