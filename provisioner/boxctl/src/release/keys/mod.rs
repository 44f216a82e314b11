//! `boxctl release keys`: the ceremony of an offline root and what it issues.

mod issue;
mod revoke;
mod show;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use onebox_release::keys::{Revocations, Root};
use time::Duration;

use super::files::{self, Readers};
use super::folder::{ISSUED, KEYRING, REVOCATIONS, ROOT, ROOT_KEY};
use super::now;
use super::trouble::Trouble;
use crate::error::Error;
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(Init),
    Request(issue::Request),
    Signing(issue::Signing),
    Revoke(revoke::Revoke),
    Join(issue::Join),
    Show(show::Show),
}

impl Command {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::Init(init) => init.run(),
            Self::Request(request) => request.run(),
            Self::Signing(signing) => signing.run(),
            Self::Revoke(revoke) => revoke.run(),
            Self::Join(join) => join.run(),
            Self::Show(show) => show.run(),
        }
    }
}

/// Make a root in ROOTDIR, on a machine without a network
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// Where the root goes
    #[arg(value_name = "ROOTDIR")]
    dir: PathBuf,
    /// Its name; a random part is added
    #[arg(long, default_value = "Wizamart Onebox releases")]
    name: String,
    /// How long it is valid
    #[arg(long, value_name = "N", default_value_t = 7300, value_parser = days())]
    valid_days: i64,
    /// How long its list of revoked certificates is good
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = days())]
    list_days: i64,
    /// Replace a root that is there already without asking
    #[arg(long)]
    yes: bool,
    /// Print JSON: the root
    #[arg(long)]
    json: bool,
}

/// Days that a date can take.
fn days() -> clap::builder::RangedI64ValueParser<i64> {
    clap::value_parser!(i64).range(1..=36_500)
}

impl Init {
    fn run(self) -> Result<ExitCode, Error> {
        let now = now();
        if self.dir.join(ROOT_KEY).exists() {
            let question = format!(
                "Replace the root in {}? What boxes believe cannot be signed with the new one.",
                self.dir.display()
            );
            output::confirm(&question, self.yes)?;
        }
        files::directory(&self.dir, Readers::Owner)?;
        files::directory(&self.dir.join(ISSUED), Readers::Owner)?;
        let root = Root::new(&self.name, Duration::days(self.valid_days), now);
        let root = root.map_err(Trouble::Keys)?;
        // The key last: a directory without it is no root, and is made again.
        let certificate = root.certificate();
        files::write(&self.dir.join(ROOT), certificate.as_bytes(), Readers::All)?;
        let list = Revocations {
            number: 1,
            next_update: now + Duration::days(self.list_days),
            revoked: Vec::new(),
        };
        write_list(&self.dir, &root, &list)?;
        files::write(
            &self.dir.join(ROOT_KEY),
            root.key().as_bytes(),
            Readers::Owner,
        )?;
        show::print(&[self.dir], self.json)
    }
}

/// Signs a list of revoked certificates and writes it, also into the keyring.
fn write_list(dir: &Path, root: &Root, list: &Revocations) -> Result<(), Trouble> {
    let list = root.revocations(list, now())?;
    let keyring = root.certificate().to_owned() + &list;
    files::write(&dir.join(REVOCATIONS), list.as_bytes(), Readers::All)?;
    files::write(&dir.join(KEYRING), keyring.as_bytes(), Readers::All)
}
