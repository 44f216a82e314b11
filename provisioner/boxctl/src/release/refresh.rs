//! `boxctl release refresh`.

use std::path::PathBuf;
use std::process::ExitCode;

use onebox_release::channel::{INDEX, IndexError};

use super::channel::{Channel, Dates};
use super::trouble::{At as _, Trouble};
use super::{folder, now, publish};
use crate::error::Error;

/// Sign a channel's index again with a fresh date; do it on a timer
#[derive(Debug, clap::Args)]
pub(crate) struct Refresh {
    /// The channel's directory
    #[arg(value_name = "CHANNELDIR")]
    channel: PathBuf,
    /// The signing key's directory; twice while a root is replaced
    #[arg(long, value_name = "KEYDIR", required = true)]
    keys: Vec<PathBuf>,
    #[command(flatten)]
    dates: Dates,
    /// Print JSON: the index
    #[arg(long)]
    json: bool,
}

impl Refresh {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        let now = now();
        let signers = folder::signers(&self.keys, now)?;
        // Opening would make the directory.
        self.channel
            .metadata()
            .at("find the channel in", &self.channel)?;
        let channel = Channel::open(&self.channel, &signers.keyring)?;
        let Some(index) = &channel.index else {
            return Err(Error::from(Trouble::Index {
                path: self.channel.join(INDEX),
                source: IndexError::Damaged("there is none".to_owned()),
            }));
        };
        for entry in &index.releases {
            for piece in [&entry.manifest, &entry.bundle] {
                let path = self.channel.join(&piece.path);
                let size = path.metadata().at("find", &path)?.len();
                if size != piece.size {
                    let why = format!("{size} bytes instead of {}", piece.size);
                    return Err(Trouble::Damaged { path, why }.into());
                }
            }
        }
        let releases = index.releases.clone();
        let index = channel.write(&index.channel, releases, self.dates, &signers, now)?;
        publish::print(&index, &self.channel, self.json)
    }
}
