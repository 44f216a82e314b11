//! `boxctl version`.

use std::path::Path;
use std::process::ExitCode;

use onebox_model::{Release, paths};
use serde::Serialize;

use crate::error::Error;
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Versions {
    boxctl: &'static str,
    /// Absent where this is not a box.
    image: Option<Release>,
}

impl Args {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let image = Release::load(Path::new(paths::RELEASE)).ok();
        let versions = Versions {
            boxctl: env!("CARGO_PKG_VERSION"),
            image,
        };
        if self.json {
            output::json(&versions)?;
        } else {
            output::text_line(&format!("boxctl {}", versions.boxctl))?;
            if let Some(release) = versions.image {
                let (version, revision) = (release.version, release.git_revision);
                output::text_line(&format!("image  {version} ({revision})"))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
