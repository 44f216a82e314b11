//! Files and directories as they should be.
//!
//! Every write is atomic and lasting: a new file beside the old one, synced,
//! renamed over it, and the directory synced. Power may go at any point, a
//! reader or the next run finds the old file or the new one, whole. The new
//! file has a fixed name, so an interrupted run leaves nothing that piles up.

use crate::accounts::{AccountError, Ownership};
use onebox_model::render::Account;
use rustix::fs::{FlockOperation, Gid, Uid, fchown, flock};
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

/// Mode and owner of a file or directory.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// Permission bits.
    pub mode: u32,
    /// Who owns it.
    pub owner: Account,
    /// Whose group it has.
    pub group: Account,
}

impl Access {
    /// Owned by root and its group.
    #[must_use]
    pub const fn root(mode: u32) -> Self {
        Self {
            mode,
            owner: Account::Root,
            group: Account::Root,
        }
    }

    /// Owned by one account and its group.
    #[must_use]
    pub const fn of(account: Account, mode: u32) -> Self {
        Self {
            mode,
            owner: account,
            group: account,
        }
    }
}

/// What making something so came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    Created,
    /// It was different.
    Updated,
    /// It was so already.
    Kept,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Kept => "kept",
        })
    }
}

/// A file or directory can't be made so.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The system refused.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The owner does not exist.
    #[error("cannot give {} its owner: {source}", path.display())]
    Account {
        /// The file.
        path: PathBuf,
        /// Which name is missing.
        #[source]
        source: AccountError,
    },
}

/// Called between any two effects; tests end a run there.
pub type Checkpoint = Box<dyn Fn() -> io::Result<()> + Send + Sync>;

/// A system's files below a root directory.
pub struct Disk {
    root: PathBuf,
    ownership: Ownership,
    checkpoint: Checkpoint,
}

/// Held while a run changes files; another run waits for it.
#[must_use]
pub struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Disk {
    /// The system below `root`, with owners as told.
    #[must_use]
    pub fn new(root: &Path, ownership: Ownership) -> Self {
        Self::with_checkpoint(root, ownership, Box::new(|| Ok(())))
    }

    /// The same with something done between any two effects.
    #[must_use]
    pub fn with_checkpoint(root: &Path, ownership: Ownership, checkpoint: Checkpoint) -> Self {
        Self {
            root: root.to_owned(),
            ownership,
            checkpoint,
        }
    }

    /// Where `path` of the system is for this process.
    #[must_use]
    pub fn path(&self, path: &str) -> PathBuf {
        onebox_model::paths::under(&self.root, path)
    }

    /// The bytes of a file; `None` when there is no such file.
    ///
    /// # Errors
    /// When it is there and can't be read.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, DiskError> {
        let path = self.path(path);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error("read", &path)(error)),
        }
    }

    /// Waits until no other run changes the files of `directory`.
    ///
    /// # Errors
    /// When the directory can't be opened or locked.
    pub fn lock(&self, directory: &str) -> Result<Lock, DiskError> {
        let path = self.path(directory);
        let file = File::open(&path).map_err(io_error("open", &path))?;
        flock(&file, FlockOperation::LockExclusive)
            .map_err(|error| io_error("lock", &path)(error.into()))?;
        Ok(Lock(file))
    }

    /// Makes a directory be there with this access, parents included.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn directory(&self, path: &str, access: Access) -> Result<Change, DiskError> {
        let path = self.path(path);
        let mut builder = DirBuilder::new();
        // Closed until it has its owner.
        builder.mode(0o700);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(io_error("create", parent))?;
        }
        self.checkpoint("create", &path)?;
        let created = match builder.create(&path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(io_error("create", &path)(error)),
        };
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc_flags::DIRECTORY_NO_FOLLOW)
            .open(&path)
            .map_err(io_error("open", &path))?;
        let changed = self.grant(&file, &path, access)?;
        Ok(match (created, changed) {
            (true, _) => Change::Created,
            (false, true) => Change::Updated,
            (false, false) => Change::Kept,
        })
    }

    /// Makes a file hold exactly these bytes with this access.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, path: &str, bytes: &[u8], access: Access) -> Result<Change, DiskError> {
        let old = self.read(path)?;
        let path = self.path(path);
        if old.as_deref() == Some(bytes) {
            let file = File::open(&path).map_err(io_error("open", &path))?;
            let changed = self.grant(&file, &path, access)?;
            return Ok(if changed {
                Change::Updated
            } else {
                Change::Kept
            });
        }
        self.replace(&path, bytes, access)?;
        Ok(if old.is_some() {
            Change::Updated
        } else {
            Change::Created
        })
    }

    /// Makes a symbolic link lead to `target`, in one step.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn link(&self, path: &str, target: &str) -> Result<Change, DiskError> {
        let path = self.path(path);
        let old = fs::read_link(&path).ok();
        if old.as_deref() == Some(Path::new(target)) {
            return Ok(Change::Kept);
        }
        let new = new_name(&path);
        remove_if_there(&new)?;
        self.checkpoint("link", &new)?;
        std::os::unix::fs::symlink(target, &new).map_err(io_error("link", &new))?;
        self.checkpoint("rename", &path)?;
        fs::rename(&new, &path).map_err(io_error("rename", &path))?;
        self.sync_parent(&path)?;
        Ok(if old.is_some() {
            Change::Updated
        } else {
            Change::Created
        })
    }

    /// Removes a file; one that is not there is removed.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove(&self, path: &str) -> Result<(), DiskError> {
        let path = self.path(path);
        self.checkpoint("remove", &path)?;
        remove_if_there(&path)?;
        match path.parent() {
            Some(parent) if parent.exists() => self.sync_parent(&path),
            _ => Ok(()),
        }
    }

    /// Removes a directory with all that is in it, as far as it is there.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove_tree(&self, path: &str) -> Result<(), DiskError> {
        let path = self.path(path);
        self.checkpoint("remove", &path)?;
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(io_error("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// The names in a directory, sorted; none when it is not there.
    ///
    /// # Errors
    /// When it is there and can't be read.
    pub fn names(&self, path: &str) -> Result<Vec<String>, DiskError> {
        let path = self.path(path);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io_error("read", &path)(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(io_error("read", &path))?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    /// Moves a file that is no use out of the way, beside itself.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_aside(&self, path: &str) -> Result<PathBuf, DiskError> {
        let path = self.path(path);
        let aside = with_suffix(&path, ".rejected");
        self.checkpoint("rename", &path)?;
        fs::rename(&path, &aside).map_err(io_error("rename", &path))?;
        self.sync_parent(&path)?;
        Ok(aside)
    }

    fn replace(&self, path: &Path, bytes: &[u8], access: Access) -> Result<(), DiskError> {
        let new = new_name(path);
        remove_if_there(&new)?;
        self.checkpoint("create", &new)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)
            .map_err(io_error("create", &new))?;
        self.checkpoint("write", &new)?;
        file.write_all(bytes).map_err(io_error("write", &new))?;
        self.grant(&file, &new, access)?;
        file.sync_all().map_err(io_error("sync", &new))?;
        self.checkpoint("rename", path)?;
        fs::rename(&new, path).map_err(io_error("rename", path))?;
        self.checkpoint("sync", path)?;
        self.sync_parent(path)
    }

    fn sync_parent(&self, path: &Path) -> Result<(), DiskError> {
        let parent = path.parent().unwrap_or(Path::new("/"));
        File::open(parent)
            .and_then(|directory| directory.sync_all())
            .map_err(io_error("sync", parent))
    }

    /// Sets owner, then mode; tells whether anything had to be changed.
    fn grant(&self, file: &File, path: &Path, access: Access) -> Result<bool, DiskError> {
        let is = file.metadata().map_err(io_error("look at", path))?;
        let ids = self
            .ownership
            .ids(access.owner.name(), access.group.name())
            .map_err(|source| DiskError::Account {
                path: path.to_owned(),
                source,
            })?;
        let mut changed = false;
        if let Some((uid, gid)) = ids
            && (is.uid(), is.gid()) != (uid, gid)
        {
            self.checkpoint("change the owner of", path)?;
            fchown(file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))
                .map_err(|error| io_error("change the owner of", path)(error.into()))?;
            changed = true;
        }
        if is.mode() & 0o7777 != access.mode {
            self.checkpoint("change the mode of", path)?;
            file.set_permissions(Permissions::from_mode(access.mode))
                .map_err(io_error("change the mode of", path))?;
            changed = true;
        }
        Ok(changed)
    }

    fn checkpoint(&self, what: &'static str, path: &Path) -> Result<(), DiskError> {
        (self.checkpoint)().map_err(io_error(what, path))
    }
}

fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError {
    let path = path.to_owned();
    move |source| DiskError::Io { what, path, source }
}

fn remove_if_there(path: &Path) -> Result<(), DiskError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// The name of a file that is not yet complete.
fn new_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Flags for opening, as the standard library wants them.
mod libc_flags {
    use rustix::fs::OFlags;

    #[expect(
        clippy::cast_possible_wrap,
        reason = "flags are bits; the interface of the standard library is signed"
    )]
    pub(super) const DIRECTORY_NO_FOLLOW: i32 =
        OFlags::DIRECTORY.union(OFlags::NOFOLLOW).bits() as i32;
}
