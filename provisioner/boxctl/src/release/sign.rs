//! `boxctl release sign`.

use std::path::PathBuf;
use std::process::ExitCode;

use onebox_release::digest;
use serde::Serialize;

use super::rauc::Rauc;
use super::trouble::At as _;
use super::{folder, now};
use crate::error::Error;
use crate::output;
use crate::vm::Progress;
use crate::words::bytes;

/// Sign a release that was built: makes DIR/onebox-VERSION.raucb
#[derive(Debug, clap::Args)]
pub(crate) struct Sign {
    /// Where `boxctl release build` put it
    dir: PathBuf,
    /// The signing key's directory (`boxctl release keys signing`)
    #[arg(long, value_name = "KEYDIR")]
    keys: PathBuf,
    #[command(flatten)]
    rauc: Rauc,
    /// Print JSON: the bundle
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Signed {
    version: String,
    bundle: PathBuf,
    size: u64,
    sha256: String,
}

impl Sign {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        let signers = folder::signers(std::slice::from_ref(&self.keys), now())?;
        let mut progress = Progress::new();
        progress.now("checking the image");
        let release = folder::release_with_image(&self.dir)?;
        let bundle = self.dir.join(release.bundle_name());
        progress.now("making the bundle");
        self.rauc.bundle(&self.dir, &self.keys, &bundle)?;
        progress.now("checking the bundle");
        if let Err(fault) = self.rauc.check(&bundle, &signers.keyring, &release) {
            // Nobody should find half a bundle.
            let _ = std::fs::remove_file(&bundle);
            return Err(fault.into());
        }
        let (size, sha256) = digest::file(&bundle, |_| {}).at("read", &bundle)?;
        drop(progress);
        let signed = Signed {
            version: release.version.to_string(),
            bundle,
            size,
            sha256,
        };
        if self.json {
            output::json(&signed)?;
        } else {
            let (path, size) = (signed.bundle.display(), bytes(signed.size));
            output::text_line(&format!("{path} ({size}) is signed"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
