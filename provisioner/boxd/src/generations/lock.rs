//! One apply at a time, of the daemon's and of people's.

use super::StoreError;
use crate::disk::Disk;
use onebox_model::paths::GENERATION_LOCK;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;
use time::OffsetDateTime;

/// Between two looks whether the lock is free.
const PAUSE: Duration = Duration::from_millis(200);

/// Who holds the lock.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    by: String,
    #[serde(with = "time::serde::rfc3339")]
    since: OffsetDateTime,
}

/// Held while an apply is under way. The kernel lets go of it when the process
/// ends, however it ends.
#[derive(Debug)]
#[must_use]
pub struct GenerationLock(#[expect(dead_code, reason = "the open file is the lock")] File);

/// Somebody else applies.
#[derive(Debug, thiserror::Error)]
#[error(
    "another apply is under way: {0}; wait for it (without --no-wait) or see `boxctl logs boxd`"
)]
pub struct Busy(String);

impl GenerationLock {
    /// Takes the lock if nobody has it. It is asked for a second: a program
    /// that is just being started holds what its parent held for a moment.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn try_take(disk: &Disk) -> Result<Option<Self>, StoreError> {
        let file = open(disk)?;
        for _ in 0..5 {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Some(Self(file))),
                Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(PAUSE),
                Err(error) => return Err(refused(disk)(error.into())),
            }
        }
        Ok(None)
    }

    /// Takes the lock, waiting for whoever has it; `waiting` is told once who
    /// that is. The outer error is of the system, the inner one is that
    /// somebody has it and `wait` is false.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn take(
        disk: &Disk,
        by: &str,
        wait: bool,
        waiting: impl Fn(&str),
    ) -> Result<Result<Self, Busy>, StoreError> {
        let failed = refused(disk);
        let mut file = open(disk)?;
        let mut told = false;
        while let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(failed(error.into()));
            }
            let holder = holder(&mut file);
            if !wait {
                return Ok(Err(Busy(holder)));
            }
            if !told {
                waiting(&holder);
                told = true;
            }
            tokio::time::sleep(PAUSE).await;
        }
        let holder = Holder {
            pid: std::process::id(),
            by: by.to_owned(),
            since: OffsetDateTime::now_utc(),
        };
        // Only for people to read: the lock is held whether or not it is written.
        let text = serde_json::to_string(&holder).unwrap_or_default();
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()));
        Ok(Ok(Self(file)))
    }
}

fn refused(disk: &Disk) -> impl Fn(std::io::Error) -> StoreError {
    let path = disk.path(GENERATION_LOCK);
    move |source| {
        StoreError::Disk(crate::disk::DiskError::Io {
            what: "lock",
            path: path.clone(),
            source,
        })
    }
}

fn open(disk: &Disk) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(disk.path(GENERATION_LOCK))
        .map_err(refused(disk))
}

/// In words.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    match read
        .ok()
        .and_then(|_| serde_json::from_str::<Holder>(&text).ok())
    {
        Some(holder) => format!(
            "process {}, begun by {} at {}",
            holder.pid, holder.by, holder.since
        ),
        None => "by an unknown process".to_owned(),
    }
}
