//! `boxctl cert root`: the root of the box's own authority, to be trusted
//! elsewhere.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use onebox_model::paths;

use crate::error::Error;
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Another file than the box's own
    #[arg(long, value_name = "FILE", default_value = paths::LOCAL_CA_ROOT, hide = true)]
    file: PathBuf,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        let text = fs::read_to_string(&self.file).map_err(|source| Error::File {
            path: self.file,
            source,
            fix: "it is made on a box's first boot; run this on the box",
        })?;
        output::text_line(text.trim_end())?;
        Ok(ExitCode::SUCCESS)
    }
}
