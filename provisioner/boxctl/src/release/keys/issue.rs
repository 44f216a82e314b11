//! `boxctl release keys request`, `signing` and `join`: from a key to a
//! certificate, and from one root to the next.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use onebox_release::keys;
use time::Duration;

use super::super::files::{self, Readers};
use super::super::folder::{self, ISSUED, KEYRING, REQUEST, SIGNING, SIGNING_KEY};
use super::super::now;
use super::super::trouble::Trouble;
use super::{days, show};
use crate::error::Error;
use crate::output;

/// What certificates for signing are named by default.
const NAME: &str = "Wizamart Onebox release signing";

/// Make a signing key in KEYDIR, and a request for the root to certify it
#[derive(Debug, clap::Args)]
pub(crate) struct Request {
    /// Where the key goes; it never leaves this machine
    #[arg(value_name = "KEYDIR")]
    dir: PathBuf,
    /// Replace a key that is there already without asking
    #[arg(long)]
    yes: bool,
}

impl Request {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        new_key(&self.dir, self.yes)?;
        output::text_line(&format!(
            "take {} to the root: boxctl release keys signing ROOTDIR DIR, with the request in DIR; \
             then put signing.pem and keyring.pem from there beside the key",
            self.dir.join(REQUEST).display()
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Certify a signing key: that of KEYDIR/request.pem, or a new one made in KEYDIR
#[derive(Debug, clap::Args)]
pub(crate) struct Signing {
    /// The root's directory
    #[arg(value_name = "ROOTDIR")]
    root: PathBuf,
    /// The signing key's directory
    #[arg(value_name = "KEYDIR")]
    dir: PathBuf,
    /// Whose key it is
    #[arg(long, default_value = NAME)]
    name: String,
    /// How long the certificate is valid
    #[arg(long, value_name = "N", default_value_t = 730, value_parser = days())]
    valid_days: i64,
    /// Replace a key that is there already without asking
    #[arg(long)]
    yes: bool,
    /// Print JSON: the certificate
    #[arg(long)]
    json: bool,
}

impl Signing {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        let root = folder::root(&self.root)?;
        let request = self.dir.join(REQUEST);
        if !request.exists() {
            new_key(&self.dir, self.yes)?;
        }
        let asked = files::text(&request)?;
        let valid = Duration::days(self.valid_days);
        let wrong = |source| Trouble::Key {
            path: request.clone(),
            source,
        };
        let certificate = root
            .certify(&asked, &self.name, valid, now())
            .map_err(wrong)?;
        let serial = keys::describe(&certificate).map_err(Trouble::Keys)?.serial;
        // The root remembers what it issued, so that it can take it back.
        let copy = self.root.join(ISSUED).join(format!("{serial}.pem"));
        files::write(&copy, certificate.as_bytes(), Readers::All)?;
        files::write(
            &self.dir.join(SIGNING),
            certificate.as_bytes(),
            Readers::All,
        )?;
        files::copy(&self.root.join(KEYRING), &self.dir.join(KEYRING))?;
        // A request is answered once.
        std::fs::remove_file(&request).map_err(|source| Trouble::File {
            doing: "remove",
            path: request.clone(),
            source,
        })?;
        show::print(&[self.dir], self.json)
    }
}

/// A key and the request of it.
fn new_key(dir: &Path, yes: bool) -> Result<(), Error> {
    let path = dir.join(SIGNING_KEY);
    if path.exists() {
        let question = format!(
            "Replace the signing key in {}? The old one is gone then; what it signed stays good.",
            dir.display()
        );
        output::confirm(&question, yes)?;
    }
    files::directory(dir, Readers::Owner)?;
    let key = keys::new_key().map_err(Trouble::Keys)?;
    let request = keys::request(&key, NAME).map_err(Trouble::Keys)?;
    files::write(&path, key.as_bytes(), Readers::Owner)?;
    files::write(&dir.join(REQUEST), request.as_bytes(), Readers::All)?;
    Ok(())
}

/// Put several keyrings into one, which believes all their roots
#[derive(Debug, clap::Args)]
pub(crate) struct Join {
    /// The keyring to write
    #[arg(value_name = "OUTPUT")]
    to: PathBuf,
    /// The keyrings to read: `keyring.pem` of each root
    #[arg(value_name = "KEYRING", required = true)]
    from: Vec<PathBuf>,
    /// Replace a file that is there already without asking
    #[arg(long)]
    yes: bool,
}

impl Join {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        let mut joined = None;
        for path in &self.from {
            let next = folder::keyring(path)?;
            match &mut joined {
                None => joined = Some(next),
                Some(joined) => joined.join(&next).map_err(|source| Trouble::Keyring {
                    path: path.clone(),
                    source,
                })?,
            }
        }
        if self.to.exists() {
            output::confirm(&format!("Replace {}?", self.to.display()), self.yes)?;
        }
        let text = joined.map(|joined| joined.to_pem()).unwrap_or_default();
        files::write(&self.to, text.as_bytes(), Readers::All)?;
        output::text_line(&format!("{} believes all of them", self.to.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}
