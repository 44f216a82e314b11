//! `boxctl support-bundle`.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

use base64::Engine as _;
use onebox_api::support::{Ask, BUNDLE, Bundle};

use crate::error::{Error, IoContext};
use crate::keeper::Keeper;
use crate::output;
use crate::words::bytes;

/// Pack what somebody who helps needs to see: doctor, status, settings and logs, without secrets
#[derive(Debug, clap::Args)]
pub(crate) struct SupportBundle {
    /// The file to write; must not exist [default: onebox-support-TIME.tar.gz here]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Hours of logs
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=720))]
    hours: u32,
    /// Print what is in it as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeper: Keeper,
}

/// What was written, for programs.
#[derive(serde::Serialize)]
struct Written<'a> {
    file: &'a PathBuf,
    bytes: usize,
    #[serde(flatten)]
    bundle: &'a Bundle,
}

impl SupportBundle {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let client = self.keeper.client();
        let ask = Ask { hours: self.hours };
        let mut bundle: Bundle = client.follow(BUNDLE, &ask, |step| eprintln!("{step}"))?;
        let content = base64::engine::general_purpose::STANDARD
            .decode(std::mem::take(&mut bundle.content))
            .map_err(io::Error::other)
            .doing("read the bundle that boxd sent")?;
        let file = self.file.unwrap_or_else(|| PathBuf::from(&bundle.name));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)
            .and_then(|mut open| open.write_all(&content));
        written.map_err(|source| Error::Write {
            path: file.clone(),
            source,
        })?;
        if self.json {
            let bytes = content.len();
            output::json(&Written {
                file: &file,
                bytes,
                bundle: &bundle,
            })?;
            return Ok(ExitCode::SUCCESS);
        }
        for line in &bundle.missing {
            eprintln!("not in it: {line}");
        }
        let size = bytes(content.len() as u64);
        output::text_line(&format!(
            "{} ({size}, {} files, {} places blacked out)\nLook through it before you give it away: `tar -tzf {0}`",
            file.display(),
            bundle.files.len(),
            bundle.redactions
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}
