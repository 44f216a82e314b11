//! `boxctl release check`.

use std::path::PathBuf;
use std::process::ExitCode;

use onebox_release::channel::{self, Expected, INDEX, SIGNATURES};
use onebox_release::digest;

use super::trouble::{At as _, Trouble};
use super::{files, folder, now, publish};
use crate::error::Error;

/// Look at a channel as a box does: signature, dates, and every file
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The channel's directory
    #[arg(value_name = "CHANNELDIR")]
    channel: PathBuf,
    /// Whom to believe: a box's keyring
    #[arg(long, value_name = "FILE")]
    keyring: PathBuf,
    /// Print JSON: the index
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        let keyring = folder::keyring(&self.keyring)?;
        let index = files::bytes(&self.channel.join(INDEX))?;
        let signatures = files::bytes(&self.channel.join(SIGNATURES))?;
        let expected = Expected {
            channel: None,
            now: now(),
            last_serial: 0,
        };
        let seen = channel::verify(&index, &signatures, &keyring, expected);
        let seen = seen.map_err(|source| Trouble::Index {
            path: self.channel.join(INDEX),
            source,
        })?;
        for entry in &seen.index.releases {
            for piece in [&entry.manifest, &entry.bundle] {
                let path = self.channel.join(&piece.path);
                let (size, sha256) = digest::file(&path, |_| {}).at("read", &path)?;
                if size != piece.size || sha256 != piece.sha256 {
                    let why = format!("{size} bytes with SHA-256 {sha256}");
                    return Err(Trouble::Damaged { path, why }.into());
                }
            }
        }
        publish::print(&seen.index, &self.channel, self.json)
    }
}
