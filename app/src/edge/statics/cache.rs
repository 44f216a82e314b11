//! The files in memory, and when to look at the disk again.

use super::pack::{Lasting, Pack};
use super::{kind, path};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::Response;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Instant, SystemTime};

/// Where the directory is.
pub(super) const PREFIX: &str = "/static/";
/// Larger files are streamed.
pub(super) const LARGEST: u64 = 512 * 1024;
/// Memory for all of them with their compressed forms, in bytes.
const ROOM: usize = 24 * 1024 * 1024;
/// How often a file is looked at, in milliseconds.
const LOOK: u64 = 1000;

/// The static files of the process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Statics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    dir: Option<PathBuf>,
    start: Instant,
    kept: RwLock<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    files: HashMap<Box<str>, Arc<Entry>>,
    size: usize,
}

#[derive(Debug)]
struct Entry {
    file: PathBuf,
    stamp: Stamp,
    looked: AtomicU64,
    pack: Pack,
}

/// Tells whether a file has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    written: SystemTime,
    length: u64,
}

/// What a path below the prefix is.
pub(super) enum Found {
    /// It is in memory now.
    Kept(Response),
    /// It is too large for that.
    Large(PathBuf, Lasting),
    /// There is no such file.
    Nothing,
}

impl Stamp {
    fn of(file: &Path) -> io::Result<Option<Self>> {
        let meta = std::fs::metadata(file)?;
        let written = meta.modified()?;
        let length = meta.len();
        Ok(meta.is_file().then_some(Self { written, length }))
    }
}

impl Statics {
    /// The files of a directory, or none.
    #[must_use]
    pub fn new(dir: Option<PathBuf>) -> Self {
        Self(Arc::new(Inner {
            dir,
            start: Instant::now(),
            kept: RwLock::default(),
        }))
    }

    /// The answer to a request for a file that is in memory and was looked at
    /// just now. Everything else is for the application's routes.
    #[must_use]
    pub fn quick(&self, head: &Parts) -> Option<Response> {
        if !matches!(head.method, Method::GET | Method::HEAD) {
            return None;
        }
        let name = head.uri.path().strip_prefix(PREFIX)?;
        let entry = self.entry(name)?;
        self.is_fresh(&entry)
            .then(|| entry.pack.answer(&head.headers))
    }

    /// Finds a file, on the disk if need be. It blocks.
    pub(super) fn find(&self, name: &str, headers: &axum::http::HeaderMap) -> io::Result<Found> {
        if let Some(entry) = self.entry(name)
            && self.is_fresh(&entry)
        {
            return Ok(Found::Kept(entry.pack.answer(headers)));
        }
        let Some(file) = self.0.dir.as_ref().and_then(|dir| path::below(dir, name)) else {
            return Ok(Found::Nothing);
        };
        let stamp = match Stamp::of(&file) {
            Ok(Some(stamp)) => stamp,
            Ok(None) => return Ok(Found::Nothing),
            Err(error) if is_absence(&error) => {
                self.forget(name);
                return Ok(Found::Nothing);
            }
            Err(error) => return Err(error),
        };
        let lasting = match has_digest(name) {
            true => Lasting::Immutable,
            false => Lasting::Hour,
        };
        if stamp.length > LARGEST {
            self.forget(name);
            return Ok(Found::Large(file, lasting));
        }
        let (content_type, compressible) = kind::of(name);
        let content = std::fs::read(&file)?;
        let pack = Pack::new(content.into(), content_type, compressible, lasting)?;
        let response = pack.answer(headers);
        self.keep(
            name,
            Entry {
                file,
                stamp,
                looked: AtomicU64::new(self.now()),
                pack,
            },
        );
        Ok(Found::Kept(response))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn entry(&self, name: &str) -> Option<Arc<Entry>> {
        let kept = self.0.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.files.get(name).cloned()
    }

    /// Whether the file is what was read; looks once in a while.
    fn is_fresh(&self, entry: &Entry) -> bool {
        let now = self.now();
        if now.saturating_sub(entry.looked.load(Ordering::Relaxed)) < LOOK {
            return true;
        }
        // One call to the system, about a microsecond: not worth a thread.
        let same = Stamp::of(&entry.file).is_ok_and(|stamp| stamp == Some(entry.stamp));
        if same {
            entry.looked.store(now, Ordering::Relaxed);
        }
        same
    }

    fn forget(&self, name: &str) {
        let mut kept = self.0.kept.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(gone) = kept.files.remove(name) {
            kept.size -= gone.pack.size();
        }
    }

    fn keep(&self, name: &str, entry: Entry) {
        self.forget(name);
        let mut kept = self.0.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.size + entry.pack.size() > ROOM {
            // What is in use comes back by itself.
            kept.files.clear();
            kept.size = 0;
        }
        kept.size += entry.pack.size();
        if let Some(other) = kept.files.insert(name.into(), Arc::new(entry)) {
            // Another request was quicker.
            kept.size -= other.pack.size();
        }
    }
}

fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, NotADirectory, NotFound, PermissionDenied};
    matches!(
        error.kind(),
        NotFound | NotADirectory | PermissionDenied | InvalidInput
    )
}

/// Whether a name holds a digest of its content, as bundlers write them:
/// `app-3f9a1c0b.css`, `app.3f9a1c0b.css`.
fn has_digest(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.rsplit(['-', '.']).next().is_some_and(|part| {
        part.len() >= 8
            && part.len() < stem.len()
            && part.bytes().all(|b| b.is_ascii_hexdigit())
            && part.bytes().any(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_in_a_name_is_seen() {
        for name in ["app-3f9a1c0b.css", "x/app.3f9a1c0b12.js"] {
            assert!(has_digest(name), "{name}");
        }
        for name in [
            "app.css",
            "deadbeef.css",
            "a-feedface.css",
            "3f9a1c0b.css",
            "a-12.css",
        ] {
            assert!(!has_digest(name), "{name}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let statics = Statics::new(Some(dir.path().to_owned()));
        let none = axum::http::HeaderMap::new();
        for number in 0..60 {
            let name = format!("{number}.bin");
            std::fs::write(dir.path().join(&name), vec![0; 500 * 1024]).unwrap();
            let found = statics.find(&name, &none).unwrap();
            assert!(matches!(found, Found::Kept(_)));
        }
        let kept = statics.0.kept.read().unwrap();
        assert!(kept.size <= ROOM);
        assert_eq!(kept.size, kept.files.len() * 500 * 1024);
    }
}
