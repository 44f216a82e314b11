//! Asking the programs that will read rendered files whether they can, before
//! anything is switched.
//!
//! Each is run in a unit of its own, by the account that will read the file:
//! the keeper itself needs no more rights for that, and `journalctl -u
//! onebox-check-…` has what they said.

use crate::disk::{Access, Disk, DiskError};
use crate::rendered::Tree;
use crate::systemd::{SystemdError, Transient, Units};
use futures_util::future::{BoxFuture, FutureExt};
use onebox_model::paths::{self, GENERATOR_DIR};
use onebox_model::render::RenderedFile;
use std::collections::BTreeSet;
use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

/// Long enough for an emulated machine.
const LIMIT: Duration = Duration::from_secs(60);

/// Rendered files are not good.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// A program refused a file.
    #[error("{program} refuses {file}: {said}")]
    Refused {
        /// Which program.
        program: String,
        /// Which file, by its fixed name.
        file: String,
        /// What it said.
        said: String,
    },
    /// It could not be asked.
    #[error(transparent)]
    Systemd(#[from] SystemdError),
    /// What it is asked about could not be written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Judges a tree that is written and not in force.
pub trait Validate: Debug + Send + Sync {
    /// Whether every file can be read by the program it is for.
    fn check<'a>(&'a self, tree: &'a Tree) -> BoxFuture<'a, Result<(), Invalid>>;
}

/// The programs themselves, and systemd for the limits and secrets of units.
///
/// Redis has no way to ask; its file is checked by the health of the box after
/// the switch, as is everything else.
#[derive(Clone)]
pub struct Validators {
    /// Where they are run.
    pub systemd: Arc<dyn Units>,
    /// Where drop-ins are put to be looked at.
    pub disk: Arc<Disk>,
}

impl Debug for Validators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Validators")
    }
}

/// Drop-ins that are not in force yet.
const VERIFY_DIR: &str = "/run/onebox/verify";

/// A program that is asked about a file.
struct Question {
    name: &'static str,
    file: &'static str,
    user: &'static str,
    command: fn(&str) -> Vec<String>,
}

const QUESTIONS: [Question; 3] = [
    Question {
        name: "nftables",
        file: paths::NFTABLES_CONF,
        user: "root",
        command: |file| words(&["/usr/sbin/nft", "--check", "--file", file]),
    },
    // Prints one setting, for which it reads all of them. Memory is not taken,
    // so a server may run meanwhile.
    Question {
        name: "postgresql",
        file: paths::POSTGRES_CONF,
        user: "postgres",
        command: |file| {
            words(&[
                "/usr/lib/postgresql/17/bin/postgres",
                "-C",
                "max_connections",
                "-c",
                &format!("config_file={file}"),
            ])
        },
    },
    // An empty file has no fingerprint; it is a box that nobody logs in to.
    Question {
        name: "ssh",
        file: paths::SSH_RUN_AUTHORIZED_KEYS,
        user: "root",
        command: |file| {
            words(&[
                "/bin/sh",
                "-c",
                "test ! -s \"$0\" || exec ssh-keygen -lf \"$0\"",
                file,
            ])
        },
    },
];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

impl Validate for Validators {
    fn check<'a>(&'a self, tree: &'a Tree) -> BoxFuture<'a, Result<(), Invalid>> {
        async move {
            for question in QUESTIONS {
                let command = (question.command)(&tree.place(question.file));
                self.ask(question.name, question.file, question.user, command)
                    .await?;
            }
            self.units(tree).await
        }
        .boxed()
    }
}

impl Validators {
    /// Runs a program on `file` in a unit of its own.
    async fn ask(
        &self,
        name: &str,
        file: &str,
        user: &str,
        command: Vec<String>,
    ) -> Result<(), Invalid> {
        let program = command.first().cloned().unwrap_or_default();
        let unit = Transient {
            unit: format!("onebox-check-{name}.service"),
            description: format!("Check of {file}"),
            command,
            user: user.to_owned(),
            limit: LIMIT,
            ..Transient::default()
        };
        if self.systemd.run(&unit).await?.is_success() {
            return Ok(());
        }
        Err(Invalid::Refused {
            program,
            file: file.to_owned(),
            said: said(&unit.unit).await,
        })
    }

    /// Has systemd read the units with the drop-ins that will change.
    async fn units(&self, tree: &Tree) -> Result<(), Invalid> {
        let mut changed = Vec::new();
        for file in &tree.dropins {
            let there = self.disk.read(&file.path)?;
            if there.as_deref() != Some(file.content.as_bytes()) {
                changed.push(file);
            }
        }
        if changed.is_empty() {
            return Ok(());
        }
        self.disk.remove_tree(VERIFY_DIR)?;
        for file in &changed {
            let place = file.path.replacen(GENERATOR_DIR, VERIFY_DIR, 1);
            if let Some((parent, _)) = place.rsplit_once('/') {
                self.disk.directory(VERIFY_DIR, Access::root(0o755))?;
                self.disk.directory(parent, Access::root(0o755))?;
            }
            self.disk
                .write(&place, file.content.as_bytes(), Access::root(file.mode))?;
        }
        let units: BTreeSet<String> = changed.iter().filter_map(|file| unit_of(file)).collect();
        let asked = self.ask("units", VERIFY_DIR, "root", verify(&units)).await;
        self.disk.remove_tree(VERIFY_DIR)?;
        asked
    }
}

/// The unit a drop-in is for: `…/redis.service.d/50-onebox.conf`.
fn unit_of(file: &RenderedFile) -> Option<String> {
    let (directory, _) = file.path.rsplit_once('/')?;
    let (_, name) = directory.rsplit_once('/')?;
    name.strip_suffix(".d").map(str::to_owned)
}

/// systemd-analyze(1) on units with the drop-ins of [`VERIFY_DIR`] before all
/// others. The colon at the end stands for where units usually are.
fn verify(units: &BTreeSet<String>) -> Vec<String> {
    let mut command = words(&[
        "/usr/bin/env",
        &format!("SYSTEMD_UNIT_PATH={VERIFY_DIR}:"),
        "systemd-analyze",
        "verify",
        "--man=no",
        "--recursive-errors=no",
    ]);
    command.extend(units.iter().cloned());
    command
}

/// The last words of a unit, from the journal.
async fn said(unit: &str) -> String {
    let output = tokio::process::Command::new("journalctl")
        .args(["--output=cat", "--lines=8", "--no-pager", "--quiet"])
        .args([&format!("_SYSTEMD_UNIT={unit}")])
        .output()
        .await;
    let words = output
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default();
    if words.is_empty() {
        format!("see `journalctl -u {unit}`")
    } else {
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Ownership;
    use crate::systemd::fake::Fake;
    use onebox_model::{Config, Machine};
    use std::collections::BTreeMap;

    #[tokio::test]
    async fn every_program_is_asked_and_systemd_only_about_what_changes() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Arc::new(Disk::new(dir.path(), Ownership::Skip));
        for path in ["/run", "/run/onebox", "/run/systemd", GENERATOR_DIR] {
            disk.directory(path, Access::root(0o755)).unwrap();
        }
        let systemd = Arc::new(Fake::default());
        let validators = Validators {
            systemd: systemd.clone(),
            disk: Arc::clone(&disk),
        };
        let tree = |text: &str| {
            let config = Config::parse(text, "t".as_ref()).unwrap();
            Tree::of(&config, text, &Machine::of(1024, 2), &[], &BTreeMap::new())
        };
        let tree = tree("");
        validators.check(&tree).await.unwrap();
        let calls = systemd.calls();
        assert_eq!(calls.len(), 4, "{calls:#?}");
        assert!(calls[3].contains("systemd-analyze verify"), "{calls:#?}");
        assert!(calls[3].contains(" redis.service"), "{calls:#?}");
        assert!(!dir.path().join("run/onebox/verify").exists());
        // As the generator leaves them.
        for file in &tree.dropins {
            let (parent, _) = file.path.rsplit_once('/').unwrap();
            disk.directory(parent, Access::root(0o755)).unwrap();
            disk.write(&file.path, file.content.as_bytes(), Access::root(0o644))
                .unwrap();
        }
        validators.check(&tree).await.unwrap();
        assert_eq!(systemd.calls().len(), 7);
    }
}
