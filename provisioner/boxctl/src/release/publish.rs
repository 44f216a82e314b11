//! `boxctl release publish`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use onebox_release::Release;
use onebox_release::channel::{Entry, Index, Piece};
use onebox_release::digest;

use super::channel::{Channel, Dates};
use super::files::{self, Readers};
use super::folder::{self, RELEASE, SBOM};
use super::now;
use super::rauc::Rauc;
use super::trouble::{At as _, Trouble};
use crate::error::Error;
use crate::output;
use crate::vm::Progress;

/// Add a signed release to a channel: a directory for any web server or bucket
#[derive(Debug, clap::Args)]
pub(crate) struct Publish {
    /// The release's directory
    dir: PathBuf,
    /// The channel's directory; it is made when it is not there
    #[arg(long, value_name = "CHANNELDIR")]
    channel: PathBuf,
    /// The signing key's directory; twice while a root is replaced
    #[arg(long, value_name = "KEYDIR", required = true)]
    keys: Vec<PathBuf>,
    /// A new channel's name, which boxes follow [default: the directory's name]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    dates: Dates,
    #[command(flatten)]
    rauc: Rauc,
    /// Print JSON: the index
    #[arg(long)]
    json: bool,
}

impl Publish {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        let now = now();
        let signers = folder::signers(&self.keys, now)?;
        let release = folder::release(&self.dir.join(RELEASE))?;
        let bundle = self.dir.join(release.bundle_name());
        let mut progress = Progress::new();
        progress.now("checking the bundle");
        if !bundle.exists() {
            let missing = std::io::ErrorKind::NotFound.into();
            return Err(Error::from(Trouble::File {
                doing: "publish what is not signed (`boxctl release sign`):",
                path: bundle,
                source: missing,
            }));
        }
        self.rauc.check(&bundle, &signers.keyring, &release)?;
        let channel = Channel::open(&self.channel, &signers.keyring)?;
        let name = self.name(channel.index.as_ref())?;
        progress.now("copying the release");
        let entry = self.copy(&release, &channel.dir)?;
        let mut releases = channel
            .index
            .as_ref()
            .map(|index| index.releases.clone())
            .unwrap_or_default();
        releases.retain(|other| other.version != entry.version);
        releases.push(entry);
        progress.now("signing the index");
        let index = channel.write(&name, releases, self.dates, &signers, now)?;
        drop(progress);
        print(&index, &self.channel, self.json)
    }

    fn name(&self, index: Option<&Index>) -> Result<String, Trouble> {
        match (index, &self.name) {
            (Some(index), Some(wanted)) if index.channel != *wanted => Err(Trouble::OtherName {
                path: self.channel.clone(),
                found: index.channel.clone(),
                wanted: wanted.clone(),
            }),
            (Some(index), _) => Ok(index.channel.clone()),
            (None, Some(wanted)) => Ok(wanted.clone()),
            (None, None) => {
                let path = self.channel.canonicalize().at("find", &self.channel)?;
                let name = path.file_name().unwrap_or_default();
                Ok(name.to_string_lossy().into_owned())
            }
        }
    }

    /// Puts the files of a release into the channel; until the index names them,
    /// no box looks for them.
    fn copy(&self, release: &Release, channel: &Path) -> Result<Entry, Trouble> {
        let version = release.version.to_string();
        files::directory(&channel.join(&version), Readers::All)?;
        let put = |name: &str| -> Result<Piece, Trouble> {
            let (from, to) = (self.dir.join(name), channel.join(&version).join(name));
            let (size, sha256) = digest::file(&from, |_| {}).at("read", &from)?;
            if to.exists() {
                let there = digest::file(&to, |_| {}).at("read", &to)?;
                if there != (size, sha256.clone()) {
                    return Err(Trouble::Published {
                        version: version.clone(),
                        path: to,
                    });
                }
            } else {
                files::copy(&from, &to)?;
            }
            Ok(Piece {
                path: format!("{version}/{name}"),
                size,
                sha256,
            })
        };
        put(SBOM)?;
        Ok(Entry {
            version: release.version.clone(),
            manifest: put(RELEASE)?,
            bundle: put(&release.bundle_name())?,
        })
    }
}

/// Prints what a channel has now.
pub(super) fn print(index: &Index, dir: &Path, json: bool) -> Result<ExitCode, Error> {
    if json {
        output::json(index)?;
        return Ok(ExitCode::SUCCESS);
    }
    let versions: Vec<String> = index.releases.iter().map(ToString::to_string).collect();
    output::text_line(&format!(
        "channel {:?} in {} has {}; refresh it before {}",
        index.channel,
        dir.display(),
        if versions.is_empty() {
            "no release".to_owned()
        } else {
            versions.join(", ")
        },
        index.expires_at.date(),
    ))?;
    Ok(ExitCode::SUCCESS)
}
