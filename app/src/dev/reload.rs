//! Noticing that the program was built anew. Templates are compiled into it,
//! so a build is what a change of one comes to.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How often the program's file is looked at.
const PULSE: Duration = Duration::from_millis(500);

/// The program's file, as it was when this process began.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    made: Option<SystemTime>,
}

impl Program {
    /// The running program.
    ///
    /// # Errors
    /// When the system does not say which it is.
    pub fn running() -> std::io::Result<Self> {
        let path = std::env::current_exe()?;
        let made = made(&path);
        Ok(Self { path, made })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until another program stands there, and is written in whole: it
    /// is not taken while it still changes.
    pub async fn replaced(&self) {
        let mut last = self.made;
        loop {
            tokio::time::sleep(PULSE).await;
            let now = made(&self.path);
            if now.is_some() && now == last && now != self.made {
                return;
            }
            last = now;
        }
    }
}

fn made(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path)
        .and_then(|file| file.modified())
        .ok()
}
