//! systemd-creds(1): values go through pipes, never through arguments or files.

use futures_util::future::{BoxFuture, FutureExt};
use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// It did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CredsError {
    /// It cannot be run.
    #[error("cannot run systemd-creds: {0}; it belongs to systemd")]
    Run(#[from] io::Error),
    /// It refused.
    #[error("systemd-creds cannot {what} the secret {name:?}: {said}")]
    Refused {
        /// What was tried.
        what: &'static str,
        /// With which secret.
        name: String,
        /// What it said.
        said: String,
    },
}

/// Encrypts secrets.
pub trait Seal: Debug + Send + Sync {
    /// A value, encrypted under its name: it cannot be passed off as another.
    fn seal<'a>(
        &'a self,
        name: &'a str,
        value: &'a str,
    ) -> BoxFuture<'a, Result<Vec<u8>, CredsError>>;
}

/// The program itself, with the key of this box.
#[derive(Clone, Copy, Debug, Default)]
pub struct Creds;

impl Seal for Creds {
    fn seal<'a>(
        &'a self,
        name: &'a str,
        value: &'a str,
    ) -> BoxFuture<'a, Result<Vec<u8>, CredsError>> {
        async move {
            // The box's key and no TPM: what a unit can read after an update
            // of the firmware must not depend on it.
            let mut child = Command::new("systemd-creds")
                .args(["encrypt", "--with-key=host", "--name", name, "-", "-"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .kill_on_drop(true)
                .spawn()?;
            if let Some(mut input) = child.stdin.take() {
                input.write_all(value.as_bytes()).await?;
            }
            let output = child.wait_with_output().await?;
            done("encrypt", name, output)
        }
        .boxed()
    }
}

/// The value of an encrypted file.
pub(super) fn open(name: &str, file: &Path) -> Result<String, CredsError> {
    let output = std::process::Command::new("systemd-creds")
        .args(["decrypt", "--name", name])
        .arg(file)
        .arg("-")
        .output()?;
    let bytes = done("decrypt", name, output)?;
    String::from_utf8(bytes).map_err(|_| CredsError::Refused {
        what: "decrypt",
        name: name.to_owned(),
        said: "it is not text".to_owned(),
    })
}

fn done(
    what: &'static str,
    name: &str,
    output: std::process::Output,
) -> Result<Vec<u8>, CredsError> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(CredsError::Refused {
        what,
        name: name.to_owned(),
        said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}
