//! Downloads one pinned file: resumed where it was cut, checked as it arrives.
//!
//! The bytes go to `NAME.partial`, which takes its final name only when size and
//! hash are right. A partial file survives a cut connection and a killed run;
//! one with wrong bytes does not.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use ureq::Agent;

use crate::{
    files::{self, FileError},
    store::path::hex,
};

/// What to download, and what must come out.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// How messages name it.
    pub(crate) label: String,
    /// Where it is.
    pub(crate) url: String,
    /// Its file name here.
    pub(crate) file_name: String,
    /// Expected size.
    pub(crate) size: u64,
    /// Expected SHA-256 in hex.
    pub(crate) sha256: String,
}

/// How to download.
#[derive(Debug)]
pub(crate) struct Downloader {
    /// The HTTP client.
    pub(crate) agent: Agent,
    /// Where files go.
    pub(crate) dir: PathBuf,
    /// Wait after the first failed attempt; doubles with each.
    pub(crate) pause: Duration,
    /// Set to end all downloads early.
    pub(crate) stop: AtomicBool,
}

/// Attempts before a server that cuts or stalls is given up.
const ATTEMPTS: u32 = 5;

/// A download that failed for good.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DownloadError {
    /// The mirror does not have it.
    #[error(
        "{label}: {url} is gone from the mirror (404): run `cargo xtask lock` to move to what the mirror has, or pass \
         --mirror URL with a snapshot that still has it"
    )]
    Gone {
        /// The package.
        label: String,
        /// Where it should be.
        url: String,
    },
    /// The mirror refuses.
    #[error(
        "{label}: {url}: expected status 200, found {status}: try again later or pass --mirror URL"
    )]
    Status {
        /// The package.
        label: String,
        /// Where it should be.
        url: String,
        /// The answer.
        status: u16,
    },
    /// The connection ends early, time and again.
    #[error(
        "{label}: {url}: expected {expected} bytes, found {found} ({attempts} attempts): the mirror sends it cut short; pass --mirror URL"
    )]
    Short {
        /// The package.
        label: String,
        /// Where it is.
        url: String,
        /// Bytes in the lock.
        expected: u64,
        /// Bytes that came.
        found: u64,
        /// How often it was tried.
        attempts: u32,
    },
    /// The file is longer than it should be.
    #[error(
        "{label}: {url}: expected {expected} bytes, found more: the mirror's file is not the locked one; pass --mirror URL"
    )]
    Long {
        /// The package.
        label: String,
        /// Where it is.
        url: String,
        /// Bytes in the lock.
        expected: u64,
    },
    /// The bytes are not those of the lock.
    #[error(
        "{label}: {url}: expected SHA-256 {expected}, found {found}: the mirror's file is not the locked one; it was \
         deleted. Pass --mirror URL, or run `cargo xtask lock` if the archive replaced it"
    )]
    Hash {
        /// The package.
        label: String,
        /// Where it is.
        url: String,
        /// The lock's hash.
        expected: String,
        /// The file's hash.
        found: String,
    },
    /// No connection, time and again.
    #[error("{label}: cannot download {url} ({attempts} attempts): {problem}")]
    Transport {
        /// The package.
        label: String,
        /// Where it is.
        url: String,
        /// What the last attempt met.
        problem: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// The file could not be written here.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another download failed first.
    #[error("{0}: not downloaded, because another download failed")]
    Stopped(String),
}

/// How one attempt ended without a verdict.
enum Cut {
    /// No usable answer, or a server error.
    Transport(String),
    /// The body ended early.
    Short,
    /// What was resumed from does not fit: begin again.
    Restart,
}

enum Attempt {
    Done,
    Cut(Cut),
}

impl Downloader {
    /// Downloads `item` and returns its path. `progress` hears of each piece
    /// (negative when bytes are thrown away).
    pub(crate) fn download(
        &self,
        item: &Item,
        progress: &dyn Fn(i64),
    ) -> Result<PathBuf, DownloadError> {
        let target = self.dir.join(&item.file_name);
        let mut partial = Partial::open(&target, item.size, progress)?;
        let mut restarts = 0;
        let mut attempt = 1;
        loop {
            let resumed = partial.len > 0;
            match self.attempt(item, &mut partial, progress)? {
                Attempt::Done => {
                    let found = hex(&partial.hasher.clone().finalize());
                    if found == item.sha256 {
                        return partial.finish(&target).map(|()| target);
                    }
                    // What an earlier run left may be at fault: once more from
                    // the start, and then it is the mirror.
                    let again = resumed && restarts == 0;
                    partial.clear(progress)?;
                    if !again {
                        partial.remove();
                        return Err(DownloadError::Hash {
                            label: item.label.clone(),
                            url: item.url.clone(),
                            expected: item.sha256.clone(),
                            found,
                        });
                    }
                    restarts += 1;
                }
                Attempt::Cut(Cut::Restart) if restarts < 2 => {
                    restarts += 1;
                    partial.clear(progress)?;
                }
                Attempt::Cut(cut) if attempt == ATTEMPTS => {
                    return Err(given_up(item, cut, partial.len));
                }
                Attempt::Cut(_) => {
                    thread::sleep(self.pause * 2_u32.pow(attempt - 1));
                    attempt += 1;
                }
            }
        }
    }

    fn attempt(
        &self,
        item: &Item,
        partial: &mut Partial,
        progress: &dyn Fn(i64),
    ) -> Result<Attempt, DownloadError> {
        if partial.len == item.size {
            return Ok(Attempt::Done);
        }
        let mut request = self
            .agent
            .get(&item.url)
            .header("accept-encoding", "identity");
        if partial.len > 0 {
            request = request.header("range", format!("bytes={}-", partial.len));
        }
        let mut response = match request.call() {
            Ok(response) => response,
            Err(error) => return Ok(Attempt::Cut(Cut::Transport(error.to_string()))),
        };
        match response.status().as_u16() {
            200 => partial.clear(progress)?,
            206 => {
                let range = response.headers().get("content-range");
                let begins = format!("bytes {}-", partial.len);
                if !range.is_some_and(|range| range.as_bytes().starts_with(begins.as_bytes())) {
                    return Ok(Attempt::Cut(Cut::Restart));
                }
            }
            404 | 410 => {
                return Err(DownloadError::Gone {
                    label: item.label.clone(),
                    url: item.url.clone(),
                });
            }
            416 => return Ok(Attempt::Cut(Cut::Restart)),
            status @ (408 | 429 | 500..) => {
                let problem = format!("the mirror answered with status {status}");
                return Ok(Attempt::Cut(Cut::Transport(problem)));
            }
            status => {
                return Err(DownloadError::Status {
                    label: item.label.clone(),
                    url: item.url.clone(),
                    status,
                });
            }
        }
        let mut body = response.body_mut().as_reader();
        self.receive(item, &mut body, partial, progress)
    }

    fn receive(
        &self,
        item: &Item,
        body: &mut dyn Read,
        partial: &mut Partial,
        progress: &dyn Fn(i64),
    ) -> Result<Attempt, DownloadError> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(DownloadError::Stopped(item.label.clone()));
            }
            let got = match body.read(&mut buffer) {
                Ok(got) => got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // A cut and a stall alike: what has come stays, the rest is
                // asked for again.
                Err(_) => return Ok(Attempt::Cut(Cut::Short)),
            };
            if got == 0 {
                return Ok(match partial.len == item.size {
                    true => Attempt::Done,
                    false => Attempt::Cut(Cut::Short),
                });
            }
            if partial.len + got as u64 > item.size {
                partial.clear(progress)?;
                partial.remove();
                return Err(DownloadError::Long {
                    label: item.label.clone(),
                    url: item.url.clone(),
                    expected: item.size,
                });
            }
            partial.append(&buffer[..got])?;
            progress(got as i64);
        }
    }
}

fn given_up(item: &Item, cut: Cut, found: u64) -> DownloadError {
    let (label, url) = (item.label.clone(), item.url.clone());
    match cut {
        Cut::Transport(problem) => DownloadError::Transport {
            label,
            url,
            problem,
            attempts: ATTEMPTS,
        },
        Cut::Short | Cut::Restart => DownloadError::Short {
            label,
            url,
            expected: item.size,
            found,
            attempts: ATTEMPTS,
        },
    }
}

/// The bytes so far: on disk, counted and hashed.
struct Partial {
    path: PathBuf,
    file: File,
    len: u64,
    hasher: Sha256,
}

impl Partial {
    /// Takes up what an earlier run left, if it is not too much.
    fn open(target: &Path, size: u64, progress: &dyn Fn(i64)) -> Result<Self, FileError> {
        let mut name = target.as_os_str().to_os_string();
        name.push(".partial");
        let path = PathBuf::from(name);
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(FileError::at("open", &path))?;
        let mut hasher = Sha256::new();
        let len = io::copy(&mut file, &mut hasher).map_err(FileError::at("read", &path))?;
        let mut partial = Self {
            path,
            file,
            len: 0,
            hasher,
        };
        if len > size {
            partial.clear(progress)?;
        } else {
            partial.len = len;
            progress(len as i64);
        }
        Ok(partial)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.file
            .write_all(bytes)
            .map_err(FileError::at("write", &self.path))?;
        self.hasher.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }

    fn clear(&mut self, progress: &dyn Fn(i64)) -> Result<(), FileError> {
        self.file
            .set_len(0)
            .map_err(FileError::at("empty", &self.path))?;
        progress(-(self.len as i64));
        self.len = 0;
        self.hasher = Sha256::new();
        Ok(())
    }

    fn finish(&self, target: &Path) -> Result<(), DownloadError> {
        fs::rename(&self.path, target)
            .map_err(FileError::at("rename", &self.path))
            .map_err(Into::into)
    }

    fn remove(&self) {
        // It is empty by now; if it stays, the next run takes it up.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes sure the directory for downloads exists.
pub(crate) fn prepare(dir: &Path) -> Result<(), FileError> {
    files::create_dir(dir)
}
