//! Files in a directory of the box. A file appears under its name only when
//! it is whole and on the disk: it is written under another name, synced, and
//! renamed. Names that begin with a dot are ours, no [`Key`] has one.

use super::FileError;
use super::key::Key;
use super::store::{Bytestream, FileStore, Grant, Listed, Part, StoreKind};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use std::io::{self, ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

/// Read at a time.
const PIECE: usize = 64 * 1024;

/// Where files are until they are whole.
const UNFINISHED: &str = ".unfinished";

/// A directory of files.
#[derive(Debug)]
pub struct Local {
    root: PathBuf,
}

/// A file that is being written; it goes away with whoever writes it, also
/// when the sender hangs up.
struct Unfinished(Option<PathBuf>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // Nothing can be done about a failure, and nothing depends on it.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Local {
    /// The directory is made when the first file comes.
    #[must_use]
    pub const fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    async fn write(&self, key: &Key, mut body: Bytestream<'_>) -> Result<(), FileError> {
        let disk = |action| disk(action, key.as_str());
        let folder = self.root.join(UNFINISHED);
        tokio::fs::create_dir_all(&folder)
            .await
            .map_err(disk("make a directory for"))?;
        let path = folder.join(Uuid::now_v7().to_string());
        let mut file = File::create_new(&path).await.map_err(disk("create"))?;
        let mut unfinished = Unfinished(Some(path.clone()));
        while let Some(piece) = body.try_next().await? {
            file.write_all(&piece).await.map_err(disk("write"))?;
        }
        file.flush().await.map_err(disk("write"))?;
        file.sync_all().await.map_err(disk("write to the disk"))?;
        drop(file);
        let (root, target) = (self.root.clone(), self.path(key));
        tokio::task::spawn_blocking(move || publish(&root, &path, &target))
            .await
            .map_err(io::Error::other)
            .flatten()
            .map_err(disk("name"))?;
        unfinished.0 = None;
        Ok(())
    }

    async fn read(&self, key: &Key, part: Option<Part>) -> Result<Bytestream<'static>, FileError> {
        let name = key.to_string();
        let mut file = match File::open(self.path(key)).await {
            Ok(file) => file,
            Err(error) if absent(&error) => return Err(FileError::NotFound { key: name }),
            Err(error) => return Err(disk("open", &name)(error)),
        };
        let length = match part {
            Some(part) => {
                let start = SeekFrom::Start(part.start);
                file.seek(start).await.map_err(disk("read", &name))?;
                part.length
            }
            None => u64::MAX,
        };
        let pieces = ReaderStream::with_capacity(file.take(length), PIECE);
        Ok(pieces
            .map_err(move |error| disk("read", &name)(error))
            .boxed())
    }
}

impl FileStore for Local {
    fn kind(&self) -> StoreKind {
        StoreKind::Local
    }

    fn put<'a>(
        &'a self,
        key: &'a Key,
        _content_type: &'a str,
        body: Bytestream<'a>,
    ) -> BoxFuture<'a, Result<(), FileError>> {
        self.write(key, body).boxed()
    }

    fn open<'a>(
        &'a self,
        key: &'a Key,
        part: Option<Part>,
    ) -> BoxFuture<'a, Result<Bytestream<'static>, FileError>> {
        self.read(key, part).boxed()
    }

    fn size<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<u64>, FileError>> {
        async move {
            match tokio::fs::metadata(self.path(key)).await {
                Ok(found) => Ok(found.is_file().then_some(found.len())),
                Err(error) if absent(&error) => Ok(None),
                Err(error) => Err(disk("look at", key.as_str())(error)),
            }
        }
        .boxed()
    }

    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), FileError>> {
        async move {
            match tokio::fs::remove_file(self.path(key)).await {
                Ok(()) => Ok(()),
                Err(error) if absent(&error) => Ok(()),
                Err(error) => Err(disk("delete", key.as_str())(error)),
            }
        }
        .boxed()
    }

    fn list(&self) -> BoxStream<'_, Result<Listed, FileError>> {
        let start = vec![self.root.clone()];
        stream::try_unfold(start, |mut folders| async {
            let Some(folder) = folders.pop() else {
                return Ok::<_, FileError>(None);
            };
            let root = self.root.clone();
            let name = folder.display().to_string();
            let read = tokio::task::spawn_blocking(move || read_folder(&root, &folder));
            let read = read.await.map_err(io::Error::other).flatten();
            let (files, mut deeper) = read.map_err(disk("list", &name))?;
            folders.append(&mut deeper);
            Ok(Some((stream::iter(files.into_iter().map(Ok)), folders)))
        })
        .try_flatten()
        .boxed()
    }

    fn signed_url<'a>(
        &'a self,
        _key: &'a Key,
        _grant: &'a Grant<'a>,
    ) -> BoxFuture<'a, Result<Option<String>, FileError>> {
        std::future::ready(Ok(None)).boxed()
    }
}

/// A name whose middle is a file is as absent as one that was never there.
fn absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Gives a whole file its name. The directories are synced too: without that a
/// power cut could take back a name that a row in the database counts on.
fn publish(root: &Path, from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().unwrap_or(root);
    std::fs::create_dir_all(folder)?;
    std::fs::rename(from, to)?;
    for folder in folder
        .ancestors()
        .take_while(|folder| folder.starts_with(root))
    {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn read_folder(root: &Path, folder: &Path) -> io::Result<(Vec<Listed>, Vec<PathBuf>)> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        // Nothing was ever stored.
        Err(error) if folder == root && error.kind() == ErrorKind::NotFound => {
            return Ok((files, folders));
        }
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() && entry.file_name() != UNFINISHED {
            folders.push(path);
        } else if kind.is_file() {
            let name = path.strip_prefix(root).unwrap_or(&path);
            files.push(Listed {
                name: name.to_string_lossy().into_owned(),
                size: entry.metadata()?.len(),
            });
        }
    }
    Ok((files, folders))
}

fn disk(action: &'static str, key: &str) -> impl FnOnce(io::Error) -> FileError {
    let key = key.to_owned();
    move |source| FileError::Disk {
        action,
        key,
        source,
    }
}
