//! The data as they were before a release on trial first touched them.
//!
//! Copies share their blocks with what they are of (XFS, FICLONE), so making
//! them takes a second whatever the size. They are made before any server
//! starts, and put back before any server starts: nothing writes meanwhile.

use super::UpgradeError;
use crate::command;
use crate::disk::{Access, Disk};
use onebox_model::paths::{POSTGRES_HOME, REDIS_DATA, STATE_DIR, UPGRADES_DIR, UPGRADES_SNAPSHOT};
use rustix::fs::FallocateFlags;
use std::path::Path;

/// What is copied, with the name of its copy. Uploaded files are not among
/// them: who uploads or removes is held back during a trial.
const PARTS: [(&str, &str); 3] = [
    ("postgresql", POSTGRES_HOME),
    ("redis", REDIS_DATA),
    ("onebox", STATE_DIR),
];

/// Says in a finished copy which trial it is of.
const MARK: &str = "of";
/// Where one is being made.
const HALF: &str = "/var/lib/onebox-upgrades/snapshot.half";
/// Room that a release on trial cannot take: going back, and writing down why, works
/// on a disk that it has filled.
const RESERVE: &str = "/var/lib/onebox-upgrades/reserve";
const RESERVED: u64 = 16 * 1024 * 1024;

/// Makes the copies, unless those of this trial are complete: what a second
/// start of the trial finds may be half migrated.
///
/// # Errors
/// When the system refuses; then there is no copy, and nothing must be changed.
pub(super) fn make(disk: &Disk, id: &str) -> Result<bool, UpgradeError> {
    if is_of(disk, id)? {
        return Ok(false);
    }
    disk.directory(UPGRADES_DIR, Access::root(0o700))?;
    disk.remove_tree(UPGRADES_SNAPSHOT)?;
    disk.remove_tree(HALF)?;
    disk.directory(HALF, Access::root(0o700))?;
    for (name, place) in PARTS {
        if disk.path(place).exists() {
            copy(&disk.path(place), &disk.path(&format!("{HALF}/{name}")))?;
        }
    }
    let mark = format!("{HALF}/{MARK}");
    disk.write(&mark, id.as_bytes(), Access::root(0o600))?;
    // Whole or not at all, and on the disk before anything else is written.
    sync(&disk.path(HALF))?;
    rename(&disk.path(HALF), &disk.path(UPGRADES_SNAPSHOT))?;
    reserve(&disk.path(RESERVE))?;
    Ok(true)
}

fn reserve(path: &Path) -> Result<(), UpgradeError> {
    let what = || format!("reserve room in {}", path.display());
    let file = std::fs::File::create(path).map_err(UpgradeError::io(what()))?;
    let allocated = rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, RESERVED);
    allocated.map_err(|error| UpgradeError::io(what())(error.into()))?;
    file.sync_all().map_err(UpgradeError::io(what()))
}

/// Gives the room back that was kept for going back.
pub(super) fn make_room(disk: &Disk) -> Result<(), UpgradeError> {
    Ok(disk.remove(RESERVE)?)
}

/// Puts the data back, when there is a copy of this trial. May be cut off
/// anywhere and called again: a part is back when its copy is gone.
///
/// # Errors
/// When the system refuses.
pub(super) fn restore(disk: &Disk, id: &str) -> Result<bool, UpgradeError> {
    if !is_of(disk, id)? {
        return Ok(false);
    }
    make_room(disk)?;
    for (name, place) in PARTS {
        let (copy, place) = (
            disk.path(&format!("{UPGRADES_SNAPSHOT}/{name}")),
            disk.path(place),
        );
        if !copy.exists() {
            continue;
        }
        // Removed and not moved aside: it may have filled the disk, and everything
        // that comes next is written, a directory's entry too.
        remove(&place)?;
        rename(&copy, &place)?;
    }
    Ok(true)
}

/// Drops copies.
///
/// # Errors
/// When the system refuses.
pub(super) fn discard(disk: &Disk) -> Result<(), UpgradeError> {
    // The mark first: half a copy must not be taken for one.
    disk.remove(&format!("{UPGRADES_SNAPSHOT}/{MARK}"))?;
    make_room(disk)?;
    for path in [UPGRADES_SNAPSHOT, HALF] {
        disk.remove_tree(path)?;
    }
    Ok(())
}

fn is_of(disk: &Disk, id: &str) -> Result<bool, UpgradeError> {
    let mark = disk.read(&format!("{UPGRADES_SNAPSHOT}/{MARK}"))?;
    Ok(mark.as_deref() == Some(id.as_bytes()))
}

fn copy(from: &Path, to: &Path) -> Result<(), UpgradeError> {
    let (from, to) = (from.display().to_string(), to.display().to_string());
    // A file system that shares no blocks gets a full copy.
    let arguments = ["-a", "--reflink=auto", "-T", "--", &from, &to];
    command::succeed(Path::new("cp"), &arguments)
        .map(drop)
        .map_err(|error| UpgradeError::Program(error.to_string()))
}

fn remove(path: &Path) -> Result<(), UpgradeError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(UpgradeError::io(
            format!("remove {}", path.display()),
        )(error)),
        _ => Ok(()),
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), UpgradeError> {
    std::fs::rename(from, to).map_err(UpgradeError::io(format!(
        "move {} to {}",
        from.display(),
        to.display()
    )))?;
    for path in [from, to] {
        if let Some(parent) = path.parent() {
            let synced = std::fs::File::open(parent).and_then(|parent| parent.sync_all());
            synced.map_err(UpgradeError::io(format!("sync {}", parent.display())))?;
        }
    }
    Ok(())
}

/// Brings everything of a file system to its disk (syncfs(2)).
fn sync(path: &Path) -> Result<(), UpgradeError> {
    let what = || format!("sync the file system of {}", path.display());
    let file = std::fs::File::open(path).map_err(UpgradeError::io(what()))?;
    rustix::fs::syncfs(&file).map_err(|error| UpgradeError::io(what())(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Ownership;
    use std::fs;

    fn world() -> (tempfile::TempDir, Disk) {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::new(dir.path(), Ownership::Skip);
        for (name, place) in PARTS {
            let place = disk.path(place);
            fs::create_dir_all(place.join("inner")).unwrap();
            fs::write(place.join("inner/file"), format!("{name} before")).unwrap();
            std::os::unix::fs::symlink("/elsewhere", place.join("link")).unwrap();
        }
        (dir, disk)
    }

    fn spoil(disk: &Disk) {
        for (_, place) in PARTS {
            fs::write(disk.path(place).join("inner/file"), "after").unwrap();
            fs::write(disk.path(place).join("more"), "after").unwrap();
        }
    }

    fn is_as_before(disk: &Disk) {
        for (name, place) in PARTS {
            let place = disk.path(place);
            let text = fs::read_to_string(place.join("inner/file")).unwrap();
            assert_eq!(text, format!("{name} before"));
            assert!(!place.join("more").exists());
            assert!(place.join("link").is_symlink());
        }
    }

    #[test]
    fn what_a_trial_changed_is_put_back() {
        let (_dir, disk) = world();
        // Where there is nothing there is nothing to drop.
        discard(&disk).unwrap();
        assert!(make(&disk, "1").unwrap());
        spoil(&disk);
        // A second start keeps the first copy.
        assert!(!make(&disk, "1").unwrap());
        assert!(!restore(&disk, "another").unwrap());
        assert!(disk.path(RESERVE).exists());
        assert!(restore(&disk, "1").unwrap());
        is_as_before(&disk);
        assert!(!disk.path(RESERVE).exists());
        discard(&disk).unwrap();
        assert!(!restore(&disk, "1").unwrap());
        is_as_before(&disk);
        assert_eq!(disk.names(UPGRADES_DIR).unwrap(), [""; 0]);
    }

    #[test]
    fn half_a_copy_is_none() {
        let (_dir, disk) = world();
        fs::create_dir_all(disk.path(HALF).join("redis")).unwrap();
        assert!(!restore(&disk, "1").unwrap());
        assert!(make(&disk, "1").unwrap());
        spoil(&disk);
        assert!(restore(&disk, "1").unwrap());
        is_as_before(&disk);
    }

    #[test]
    fn a_restore_that_is_cut_off_anywhere_goes_on() {
        // After each of its steps: two for each part.
        for cut in 0..=PARTS.len() * 2 {
            let (_dir, disk) = world();
            make(&disk, "1").unwrap();
            spoil(&disk);
            for (number, (name, place)) in PARTS.into_iter().enumerate() {
                let snapshot = disk.path(&format!("{UPGRADES_SNAPSHOT}/{name}"));
                if cut > number * 2 {
                    fs::remove_dir_all(disk.path(place)).unwrap();
                }
                if cut > number * 2 + 1 {
                    fs::rename(snapshot, disk.path(place)).unwrap();
                }
            }
            // Half a part is left to remove.
            if let Some((_, place)) = PARTS.get(cut / 2) {
                let _ = fs::remove_file(disk.path(place).join("inner/file"));
            }
            assert!(restore(&disk, "1").unwrap(), "cut {cut}");
            is_as_before(&disk);
        }
    }
}
