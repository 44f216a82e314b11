//! Downloads one pinned file: resumed where it was cut, checked as it arrives.
//!
//! The bytes go to `NAME.partial`, which takes its final name only when size and
//! hash are right. A partial file survives a cut connection and a killed run;
//! one with wrong bytes does not.

use std::{
    io::{self, Read},
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use ureq::Agent;

use super::{error::DownloadError, partial::Partial};

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
                    let found = partial.sha256();
                    if found == item.sha256 {
                        partial.finish(&target)?;
                        return Ok(target);
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
                partial.clear(progress)?;
                partial.remove();
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
