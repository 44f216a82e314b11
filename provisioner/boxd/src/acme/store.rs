//! Pairs on disk: written whole, put into use in one step, the older ones kept
//! for a while.
//!
//! A pair has a directory of its own below [`ACME_PAIRS`]; `live` is a link to
//! the one in use, and the application's files are links through it. Renaming
//! that one link is what changes the certificate, so that no moment has the key
//! of one pair and the chain of another.

use super::error::OrderError;
use crate::disk::{Access, Disk, DiskError};
use onebox_model::paths::{ACME_DIR, ACME_LIVE, ACME_PAIRS, TLS_CHAIN, TLS_DIR, TLS_KEY};
use onebox_model::render::Account;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

const KEY: Access = Access {
    mode: 0o640,
    owner: Account::Root,
    group: Account::Wizamart,
};
const CHAIN: Access = Access::root(0o644);
/// Pairs that are kept besides those in use.
const KEPT: usize = 3;
/// As much as a chain with its key needs.
const PROBE: usize = 64 * 1024;
/// Names of links to pairs that are served by name. Of two pairs for a name the
/// application takes the one whose directory comes last.
const BEFORE: &str = "acme-before";
const CURRENT: &str = "acme-current";

/// A pair as PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) chain: String,
    pub(crate) key: String,
}

/// Whether a pair could be written now: an authority counts a certificate that
/// we then lose.
pub(crate) fn try_writing(disk: &Disk) -> Result<(), OrderError> {
    let own =
        |error: DiskError| OrderError::Own(format!("a certificate could not be kept: {error}"));
    directories(disk).map_err(own)?;
    let path = format!("{ACME_PAIRS}/.probe");
    let written = disk.write(&path, &[b'x'; PROBE], Access::root(0o600));
    let removed = fs::remove_file(disk.path(&path));
    written.map_err(own)?;
    removed.map_err(|source| {
        own(DiskError::Io {
            what: "remove",
            path: disk.path(&path),
            source,
        })
    })
}

fn directories(disk: &Disk) -> Result<(), DiskError> {
    disk.directory(ACME_DIR, Access::root(0o755))?;
    disk.directory(ACME_PAIRS, Access::root(0o755))?;
    Ok(())
}

/// Writes a pair without using it.
pub(crate) fn write(disk: &Disk, id: &str, pair: &Stored) -> Result<(), DiskError> {
    directories(disk)?;
    let directory = format!("{ACME_PAIRS}/{id}");
    disk.directory(&directory, Access::root(0o755))?;
    sync(&disk.path(ACME_PAIRS))?;
    disk.write(
        &format!("{directory}/privkey.pem"),
        pair.key.as_bytes(),
        KEY,
    )?;
    disk.write(
        &format!("{directory}/fullchain.pem"),
        pair.chain.as_bytes(),
        CHAIN,
    )?;
    Ok(())
}

/// A pair that was written; `None` when it is not there or not whole.
pub(crate) fn read(disk: &Disk, id: &str) -> Result<Option<Stored>, DiskError> {
    let part = |name: &str| disk.read(&format!("{ACME_PAIRS}/{id}/{name}"));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let (chain, key) = (part("fullchain.pem")?, part("privkey.pem")?);
    Ok(chain.zip(key).map(|(chain, key)| Stored {
        chain: text(chain),
        key: text(key),
    }))
}

/// Whether the application's files are links to this pair.
pub(crate) fn is_in_use(disk: &Disk, id: &str) -> bool {
    let points =
        |path: &str, target: &Path| fs::read_link(disk.path(path)).is_ok_and(|is| is == target);
    points(ACME_LIVE, &pair_link(id))
        && points(TLS_CHAIN, Path::new("../acme/live/fullchain.pem"))
        && points(TLS_KEY, Path::new("../acme/live/privkey.pem"))
}

/// Puts a pair into use. A pair that lay there from elsewhere is moved aside
/// first; the box's own is not worth keeping.
pub(crate) fn put_into_use(disk: &Disk, id: &str, keep_old: bool) -> Result<(), DiskError> {
    link(disk, &pair_link(id), ACME_LIVE)?;
    for (path, target) in [
        (TLS_KEY, "../acme/live/privkey.pem"),
        (TLS_CHAIN, "../acme/live/fullchain.pem"),
    ] {
        let target = Path::new(target);
        if fs::read_link(disk.path(path)).is_ok_and(|is| is == target) {
            continue;
        }
        let is_file = fs::symlink_metadata(disk.path(path)).is_ok_and(|meta| meta.is_file());
        if keep_old && is_file {
            let aside = disk.path(&format!("{path}.replaced"));
            fs::copy(disk.path(path), &aside).map_err(io_error("copy", &aside))?;
        }
        link(disk, target, path)?;
    }
    Ok(())
}

/// Serves an older pair to clients that ask for one of its names which the
/// newer has not, or stops doing so.
pub(crate) fn keep_serving(disk: &Disk, older: Option<&str>) -> Result<(), DiskError> {
    let at = |name: &str| format!("{TLS_DIR}/{name}");
    match older {
        Some(id) => {
            // The newer one first: alone, the older would be given for all.
            link(disk, Path::new("../acme/live"), &at(CURRENT))?;
            let target = Path::new("../acme").join(pair_link(id));
            link(disk, &target, &at(BEFORE))
        }
        None => {
            for name in [BEFORE, CURRENT] {
                let path = disk.path(&at(name));
                match fs::remove_file(&path) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(io_error("remove", &path)(error)),
                }
            }
            Ok(())
        }
    }
}

/// The older pair that is still served, by its directory's name.
pub(crate) fn still_served(disk: &Disk) -> Option<String> {
    let target = fs::read_link(disk.path(&format!("{TLS_DIR}/{BEFORE}"))).ok()?;
    Some(target.file_name()?.to_string_lossy().into_owned())
}

/// Removes pairs that are neither in use nor among the newest.
pub(crate) fn prune(disk: &Disk, in_use: &[&str]) -> io::Result<()> {
    let mut ids: Vec<String> = fs::read_dir(disk.path(ACME_PAIRS))?
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|id| !in_use.contains(&id.as_str()))
        .collect();
    // Names begin with the time.
    ids.sort_unstable();
    let surplus = ids.len().saturating_sub(KEPT);
    for id in ids.iter().take(surplus) {
        fs::remove_dir_all(disk.path(ACME_PAIRS).join(id))?;
    }
    Ok(())
}

fn pair_link(id: &str) -> PathBuf {
    Path::new("pairs").join(id)
}

/// Makes a link with one rename, whatever was there.
fn link(disk: &Disk, target: &Path, path: &str) -> Result<(), DiskError> {
    let path = disk.path(path);
    if fs::read_link(&path).is_ok_and(|is| is == target) {
        return Ok(());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = path.with_file_name(format!(".{name}.new"));
    match fs::remove_file(&new) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io_error("remove", &new)(error)),
    }
    symlink(target, &new).map_err(io_error("create", &new))?;
    fs::rename(&new, &path).map_err(io_error("rename", &path))?;
    sync(path.parent().unwrap_or(Path::new("/")))
}

fn sync(directory: &Path) -> Result<(), DiskError> {
    File::open(directory)
        .and_then(|open| open.sync_all())
        .map_err(io_error("sync", directory))
}

fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError {
    let path = path.to_owned();
    move |source| DiskError::Io { what, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Ownership;

    fn disk(root: &Path) -> Disk {
        let disk = Disk::new(root, Ownership::Skip);
        disk.directory(TLS_DIR, Access::root(0o755)).unwrap();
        disk
    }

    fn pair(text: &str) -> Stored {
        Stored {
            chain: format!("{text} chain"),
            key: format!("{text} key"),
        }
    }

    #[test]
    fn key_and_chain_change_together_and_what_lay_there_is_kept() {
        let root = tempfile::tempdir().unwrap();
        let disk = disk(root.path());
        disk.write(TLS_CHAIN, b"theirs", CHAIN).unwrap();
        disk.write(TLS_KEY, b"their key", KEY).unwrap();
        for id in ["1", "2"] {
            write(&disk, id, &pair(id)).unwrap();
            put_into_use(&disk, id, true).unwrap();
            assert!(is_in_use(&disk, id));
            let read = |path| String::from_utf8(disk.read(path).unwrap().unwrap()).unwrap();
            assert_eq!(read(TLS_CHAIN), format!("{id} chain"));
            assert_eq!(read(TLS_KEY), format!("{id} key"));
        }
        assert!(!is_in_use(&disk, "1"));
        let aside = disk.read(&format!("{TLS_KEY}.replaced")).unwrap().unwrap();
        assert_eq!(aside, b"their key");
        assert_eq!(read(&disk, "1").unwrap(), Some(pair("1")));
        assert_eq!(read(&disk, "3").unwrap(), None);
    }

    #[test]
    fn an_older_pair_is_served_beside_the_newer_and_no_longer() {
        let root = tempfile::tempdir().unwrap();
        let disk = disk(root.path());
        for id in ["1", "2"] {
            write(&disk, id, &pair(id)).unwrap();
        }
        put_into_use(&disk, "2", false).unwrap();
        keep_serving(&disk, Some("1")).unwrap();
        let read = |path: &str| disk.read(&format!("{TLS_DIR}/{path}")).unwrap();
        assert_eq!(read("acme-before/privkey.pem").unwrap(), b"1 key");
        assert_eq!(read("acme-current/privkey.pem").unwrap(), b"2 key");
        assert_eq!(still_served(&disk).as_deref(), Some("1"));
        keep_serving(&disk, None).unwrap();
        assert_eq!(read("acme-before/privkey.pem"), None);
        assert_eq!(still_served(&disk), None);
    }

    #[test]
    fn old_pairs_go_and_those_in_use_stay() {
        let root = tempfile::tempdir().unwrap();
        let disk = disk(root.path());
        for id in ["1", "2", "3", "4", "5", "6"] {
            write(&disk, id, &pair(id)).unwrap();
        }
        prune(&disk, &["1", "6"]).unwrap();
        let left = |id| read(&disk, id).unwrap().is_some();
        assert_eq!(
            ["1", "2", "3", "4", "5", "6"].map(left),
            [true, false, true, true, true, true]
        );
    }

    #[test]
    fn a_disk_that_takes_nothing_is_known_before_an_authority_is_asked() {
        let root = tempfile::tempdir().unwrap();
        let disk = disk(root.path());
        try_writing(&disk).unwrap();
        fs::remove_dir_all(disk.path(ACME_PAIRS)).unwrap();
        fs::write(disk.path(ACME_PAIRS), "in the way").unwrap();
        let error = try_writing(&disk).unwrap_err();
        assert!(error.to_string().contains("could not be kept"), "{error}");
    }
}
