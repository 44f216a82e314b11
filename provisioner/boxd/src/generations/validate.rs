//! Asking the programs that will read rendered files whether they can, before
//! anything is switched.
//!
//! Each is run in a unit of its own, by the account that will read the file:
//! the keeper itself needs no more rights for that, and `journalctl -u
//! onebox-check-…` has what they said.

use crate::rendered::Tree;
use crate::systemd::{SystemdError, Transient, Units};
use futures_util::future::{BoxFuture, FutureExt};
use onebox_model::paths;
use std::fmt::Debug;
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
        file: &'static str,
        /// What it said.
        said: String,
    },
    /// It could not be asked.
    #[error(transparent)]
    Systemd(#[from] SystemdError),
}

/// Judges a tree that is written and not in force.
pub trait Validate: Debug + Send + Sync {
    /// Whether every file can be read by the program it is for.
    fn check<'a>(&'a self, tree: &'a Tree) -> BoxFuture<'a, Result<(), Invalid>>;
}

/// The programs themselves.
///
/// Redis has no way to ask; its file is checked by the health of the box after
/// the switch, as is everything else.
#[derive(Clone, Debug)]
pub struct Validators {
    /// Where they are run.
    pub systemd: Arc<dyn Units>,
}

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
                let unit = format!("onebox-check-{}.service", question.name);
                let command = (question.command)(&tree.place(question.file));
                let program = command.first().cloned().unwrap_or_default();
                let ended = self
                    .systemd
                    .run(&Transient {
                        unit: unit.clone(),
                        description: format!("Check of {}", question.file),
                        command,
                        user: question.user.to_owned(),
                        limit: LIMIT,
                        writable: Vec::new(),
                    })
                    .await?;
                if !ended.is_success() {
                    return Err(Invalid::Refused {
                        program,
                        file: question.file,
                        said: said(&unit).await,
                    });
                }
            }
            Ok(())
        }
        .boxed()
    }
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
