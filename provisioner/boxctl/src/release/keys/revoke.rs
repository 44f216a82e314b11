//! `boxctl release keys revoke`.

use std::path::PathBuf;
use std::process::ExitCode;

use onebox_release::keys::{self, Revoked};
use time::Duration;

use super::super::trouble::Trouble;
use super::super::{files, folder, now};
use super::{days, show, write_list};
use crate::error::Error;
use crate::output;

/// Revoke certificates; without any, only make a list with a later date
#[derive(Debug, clap::Args)]
pub(crate) struct Revoke {
    /// The root's directory
    #[arg(value_name = "ROOTDIR")]
    root: PathBuf,
    /// Certificates to revoke: `signing.pem` of a key, or a file of ROOTDIR/issued
    #[arg(value_name = "CERTIFICATE")]
    certificates: Vec<PathBuf>,
    /// How long the list is good: the next one must be published before
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = days())]
    list_days: i64,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print JSON: the root
    #[arg(long)]
    json: bool,
}

impl Revoke {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        let root = folder::root(&self.root)?;
        let mut list = folder::revocations(&self.root)?;
        let now = now();
        let mut names = Vec::new();
        for path in &self.certificates {
            let certificate = files::text(path)?;
            let wrong = |source| Trouble::Key {
                path: path.clone(),
                source,
            };
            if !root.issued(&certificate).map_err(wrong)? {
                return Err(Trouble::Foreign {
                    certificate: path.clone(),
                    root: self.root,
                }
                .into());
            }
            let described = keys::describe(&certificate).map_err(wrong)?;
            if !list.contains(&described.serial) {
                let serial = keys::serial_of(&certificate).map_err(wrong)?;
                list.revoked.push(Revoked { serial, at: now });
                names.push(format!("{} ({})", described.subject, described.serial));
            }
        }
        if !names.is_empty() {
            let question = format!(
                "Revoke {} for good? Boxes will refuse every release that it signed.",
                names.join(" and ")
            );
            output::confirm(&question, self.yes)?;
        }
        list.number += 1;
        list.next_update = now + Duration::days(self.list_days);
        write_list(&self.root, &root, &list)?;
        if !self.json {
            eprintln!(
                "put keyring.pem of {} beside every signing key and into the image, and refresh the channels",
                self.root.display()
            );
        }
        show::print(&[self.root], self.json)
    }
}
