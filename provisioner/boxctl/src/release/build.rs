//! `boxctl release build`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use super::files::{self, Readers};
use super::folder::{self, IMAGE, MANIFEST, RELEASE, SBOM};
use super::trouble::{At as _, Trouble};
use crate::error::Error;
use crate::output;
use crate::vm::Progress;

/// Build a release's image and manifests into DIR; nothing is signed yet
#[derive(Debug, clap::Args)]
pub(crate) struct Build {
    /// Where the release goes
    dir: PathBuf,
    /// What `nix build .#bundle` made, instead of building it now
    #[arg(long, value_name = "RESULT")]
    from: Option<PathBuf>,
    /// Replace a release that is there already without asking
    #[arg(long)]
    yes: bool,
    /// Print JSON: the release
    #[arg(long)]
    json: bool,
}

impl Build {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        let manifest = self.dir.join(RELEASE);
        if manifest.exists() {
            let question = format!("Replace the release in {}?", self.dir.display());
            output::confirm(&question, self.yes)?;
        }
        let mut progress = Progress::new();
        let from = match self.from {
            Some(from) => from,
            None => {
                progress.now("building with Nix");
                nix_build()?
            }
        };
        progress.now("copying the release");
        files::directory(&self.dir, Readers::All)?;
        for name in [IMAGE, MANIFEST, SBOM, RELEASE] {
            files::copy(&from.join(name), &self.dir.join(name))?;
        }
        progress.now("checking the image");
        let release = folder::release_with_image(&self.dir)?;
        drop(progress);
        if self.json {
            output::json(&release)?;
        } else {
            output::text_line(&format!(
                "release {} ({}) is in {}; sign it: boxctl release sign {} --keys KEYDIR",
                release.version,
                release.revision,
                self.dir.display(),
                self.dir.display()
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Builds in the source tree and says where the result is.
fn nix_build() -> Result<PathBuf, Trouble> {
    let here = env::current_dir().at("find", Path::new("."))?;
    if !here.join("flake.nix").is_file() {
        return Err(Trouble::NoSources(here));
    }
    // Its own account of the build goes to the terminal.
    let output = Command::new("nix")
        .args(["--extra-experimental-features", "nix-command flakes"])
        .args(["build", ".#bundle", "--no-link", "--print-out-paths"])
        .stderr(Stdio::inherit())
        .output();
    let output = output.map_err(|source| Trouble::Program {
        program: "nix".to_owned(),
        source,
        package: "nix-bin",
    })?;
    let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() && !path.is_empty() {
        return Ok(path.into());
    }
    Err(Trouble::Failed {
        program: "nix build .#bundle".to_owned(),
        why: format!(
            "{}, see above; `cargo xtask fetch` puts into the store what it needs",
            output.status
        ),
    })
}
