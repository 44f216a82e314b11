//! RAUC, which makes and checks bundles. It is the maker's machine's program;
//! boxes have their own.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use onebox_release::{COMPATIBLE, Keyring, Release};
use serde::Deserialize;

use super::files::{self, Readers};
use super::folder::{IMAGE, MANIFEST, RELEASE, SIGNING, SIGNING_KEY};
use super::trouble::{At as _, Trouble};

/// What RAUC says of a bundle (`rauc info --output-format=json-2`).
#[derive(Deserialize)]
struct Info {
    update: Update,
    #[serde(default)]
    meta: Meta,
}

#[derive(Deserialize)]
struct Update {
    compatible: String,
    version: String,
}

#[derive(Default, Deserialize)]
struct Meta {
    onebox: Option<Onebox>,
}

#[derive(Deserialize)]
struct Onebox {
    release: String,
}

/// The program.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Rauc {
    /// The RAUC that makes and checks bundles, 1.9 or later
    #[arg(
        long,
        value_name = "PROGRAM",
        default_value = "rauc",
        env = "ONEBOX_RAUC"
    )]
    rauc: PathBuf,
}

/// A directory that is gone afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new(path: PathBuf) -> Result<Self, Trouble> {
        // A run that was interrupted may have left one.
        if path.exists() {
            fs::remove_dir_all(&path).at("remove", &path)?;
        }
        files::directory(&path, Readers::Owner)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Rauc {
    fn run(&self, doing: &'static str, args: &[&OsStr]) -> Result<Output, Trouble> {
        let program = self.rauc.display().to_string();
        let output = Command::new(&self.rauc).args(args).output();
        let output = output.map_err(|source| Trouble::Program {
            program: program.clone(),
            source,
            package: "rauc",
        })?;
        if output.status.success() {
            return Ok(output);
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if said.contains("Unknown output format") {
            return Err(Trouble::OldRauc(program));
        }
        let last = said.lines().rfind(|line| !line.trim().is_empty());
        Err(Trouble::Failed {
            program: format!("{program} {doing}"),
            why: last.map_or_else(|| output.status.to_string(), str::to_owned),
        })
    }

    /// Makes the signed bundle of a release's directory at `to`.
    pub(super) fn bundle(&self, dir: &Path, keys: &Path, to: &Path) -> Result<(), Trouble> {
        // RAUC packs all that it finds, and writes there.
        let staging = Scratch::new(dir.join(".bundle"))?;
        let content = staging.0.join("content");
        files::directory(&content, Readers::Owner)?;
        let image = content.join(IMAGE);
        if fs::hard_link(dir.join(IMAGE), &image).is_err() {
            files::copy(&dir.join(IMAGE), &image)?;
        }
        files::copy(&dir.join(MANIFEST), &content.join(MANIFEST))?;
        let new = staging.0.join("new.raucb");
        let option = |name: &str, file: &str| {
            let mut option = std::ffi::OsString::from(format!("--{name}="));
            option.push(keys.join(file));
            option
        };
        let args = [
            OsStr::new("bundle"),
            &option("cert", SIGNING),
            &option("key", SIGNING_KEY),
            content.as_os_str(),
            new.as_os_str(),
        ];
        self.run("bundle", &args)?;
        fs::File::open(&new)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&new, to))
            .at("write", to)
    }

    /// Checks a bundle's signature as a box does, and that it is of `release`.
    pub(super) fn check(
        &self,
        bundle: &Path,
        keyring: &Keyring,
        release: &Release,
    ) -> Result<(), Trouble> {
        let dir = bundle.parent().unwrap_or_else(|| Path::new("."));
        let scratch = Scratch::new(dir.join(".check"))?;
        let ring = scratch.0.join("keyring.pem");
        let conf = scratch.0.join("system.conf");
        files::write(&ring, keyring.to_pem().as_bytes(), Readers::All)?;
        let text = format!(
            "[system]\ncompatible={COMPATIBLE}\nbootloader=noop\n\n\
             [keyring]\npath=keyring.pem\ncheck-crl=true\ncheck-purpose=codesign\n"
        );
        files::write(&conf, text.as_bytes(), Readers::All)?;
        let mut option = std::ffi::OsString::from("--conf=");
        option.push(&conf);
        let args = [
            OsStr::new("info"),
            &option,
            OsStr::new("--output-format=json-2"),
            bundle.as_os_str(),
        ];
        let output = self.run("info", &args)?;
        self.compare(bundle, &output.stdout, release)
    }

    fn compare(&self, bundle: &Path, info: &[u8], release: &Release) -> Result<(), Trouble> {
        let mixed = |why: String| Trouble::Mixed {
            file: bundle.to_owned(),
            release: RELEASE.into(),
            why,
        };
        let info: Info = serde_json::from_slice(info).map_err(|error| mixed(error.to_string()))?;
        let Some(onebox) = info.meta.onebox else {
            return Err(Trouble::OldRauc(self.rauc.display().to_string()));
        };
        let inside =
            Release::from_meta(&onebox.release).map_err(|error| mixed(error.to_string()))?;
        let Update {
            compatible,
            version,
        } = info.update;
        if inside != *release || version != release.version.to_string() {
            return Err(mixed(format!(
                "it holds release {version}, or another build of it"
            )));
        }
        if compatible != release.compatible {
            return Err(mixed(format!("it is for {compatible:?}")));
        }
        Ok(())
    }
}
