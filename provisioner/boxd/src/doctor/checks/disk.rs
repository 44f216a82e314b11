//! Room where the box keeps its state.

use super::{Doctor, Found, Remedy, or_ok};
use crate::status::machine;
use onebox_api::status::DiskUse;
use onebox_model::thresholds::{DISK_FREE_PERCENT, DISK_FULL_PERCENT, INODES_FREE_PERCENT};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What may be large below `/var`, and what it is. Not `/var/tmp`: the keeper has
/// one of its own, and sees that of the others in what is left over only.
const PLACES: [(&str, &str); 5] = [
    ("/var/lib/postgresql", "the database"),
    ("/var/lib/redis", "Redis"),
    ("/var/lib/wizamart", "uploads and reports"),
    ("/var/lib/onebox", "the box's own state"),
    ("/var/log/journal", "the journal"),
];

/// Entries that are counted at most in one place; a look must end.
const MOST_ENTRIES: usize = 500_000;

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    let path = doctor.disk.path("/var");
    let disk = match machine::disk_use(&path) {
        Ok(disk) => disk,
        Err(error) => return vec![Found::unknown(error.to_string())],
    };
    let mut found = judge(&disk);
    if !found.is_empty() {
        let places: Vec<(PathBuf, &str)> = PLACES
            .iter()
            .map(|(path, what)| (doctor.disk.path(path), *what))
            .collect();
        let used = disk.total_bytes.saturating_sub(disk.free_bytes);
        let sizes = tokio::task::spawn_blocking(move || sizes(&places, used)).await;
        let sizes = sizes.unwrap_or_default();
        found = found
            .into_iter()
            .map(|one| one.evidence(sizes.clone()))
            .collect();
    }
    let free = disk.free_bytes * 100 / disk.total_bytes.max(1);
    or_ok(
        found,
        format!("{free} % of {} is free", gib(disk.total_bytes)),
    )
}

fn judge(disk: &DiskUse) -> Vec<Found> {
    let percent = |free: u64, total: u64| (total > 0).then(|| free * 100 / total);
    let room = percent(disk.free_bytes, disk.total_bytes);
    let inodes = percent(disk.free_inodes, disk.total_inodes);
    let mut found = Vec::new();
    if let Some(free) = room.filter(|free| *free < DISK_FREE_PERCENT) {
        let summary = format!(
            "{} has {free} % of {} left ({})",
            disk.path,
            gib(disk.total_bytes),
            gib(disk.free_bytes)
        );
        let one = if free < DISK_FULL_PERCENT {
            Found::critical("disk-full", summary).consequence(
                "PostgreSQL stops when it cannot write, and with it the shop; uploads and mails fail already",
            )
        } else {
            Found::warning("disk-filling", summary)
                .consequence("once it is full PostgreSQL stops, and with it the shop")
        };
        found.push(
            one.fix(
                "give the machine a larger disk (the data partition grows to it at the next boot), or remove what is not needed; old entries of the journal can go at once",
                &["du -xh --max-depth=3 /var | sort -h | tail -20"],
            )
            .remedy(Remedy::ShrinkJournal),
        );
    }
    if let Some(free) = inodes.filter(|free| *free < INODES_FREE_PERCENT) {
        found.push(
            Found::warning(
                "inodes-scarce",
                format!("{} has {free} % of its inodes left", disk.path),
            )
            .evidence([format!(
                "{} of {} inodes are free",
                disk.free_inodes, disk.total_inodes
            )])
            .consequence("no file can be made once there are none, however much room there is")
            .fix(
                "remove small files that are not needed",
                &["du -x --inodes --max-depth=3 /var | sort -n | tail -20"],
            ),
        );
    }
    found
}

/// Sizes of the places and of what is left over, the largest first.
fn sizes(places: &[(PathBuf, &str)], used: u64) -> Vec<String> {
    let mut sizes: Vec<(u64, String)> = places
        .iter()
        .filter(|(path, _)| path.is_dir())
        .map(|(path, what)| (size(path), format!("{} ({what})", path.display())))
        .collect();
    let counted: u64 = sizes.iter().map(|(size, _)| size).sum();
    sizes.push((
        used.saturating_sub(counted),
        "everything else, /var/tmp among it".to_owned(),
    ));
    sizes.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    sizes
        .into_iter()
        .map(|(size, what)| format!("{} in {what}", gib(size)))
        .collect()
}

/// What a directory takes up, in bytes; on its own file system, links not followed.
fn size(top: &Path) -> u64 {
    let (mut open, mut total, mut seen) = (vec![top.to_owned()], 0, 0);
    let device = fs::symlink_metadata(top).map_or(0, |is| is.dev());
    while let Some(directory) = open.pop() {
        let Ok(entries) = fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries.flatten() {
            seen += 1;
            if seen > MOST_ENTRIES {
                return total;
            }
            let Ok(is) = entry.metadata() else { continue };
            total += is.blocks() * 512;
            if is.is_dir() && is.dev() == device {
                open.push(entry.path());
            }
        }
    }
    total
}

/// Bytes as people say them.
fn gib(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    match bytes {
        0..MIB => format!("{} KiB", bytes >> 10),
        MIB..0x4000_0000 => format!("{} MiB", bytes >> 20),
        _ => format!("{}.{} GiB", bytes >> 30, (bytes >> 20) % 1024 * 10 / 1024),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onebox_api::doctor::State;

    fn disk(free_bytes: u64, free_inodes: u64) -> DiskUse {
        DiskUse {
            path: "/var".to_owned(),
            total_bytes: 100 << 30,
            free_bytes: free_bytes << 30,
            total_inodes: 100,
            free_inodes,
        }
    }

    #[test]
    fn room_and_inodes_are_told_apart() {
        assert!(judge(&disk(50, 50)).is_empty());
        let names = |disk: &DiskUse| -> Vec<(String, State)> {
            let found = judge(disk).into_iter().map(|one| one.finding);
            found.map(|one| (one.problem.unwrap(), one.state)).collect()
        };
        let filling = ("disk-filling".to_owned(), State::Warning);
        assert_eq!(names(&disk(9, 50)), [filling]);
        let full = ("disk-full".to_owned(), State::Critical);
        assert_eq!(names(&disk(2, 50)), [full]);
        let inodes = ("inodes-scarce".to_owned(), State::Warning);
        assert_eq!(names(&disk(50, 5)), [inodes]);
    }

    #[test]
    fn what_takes_up_room_is_named_the_largest_first() {
        let dir = tempfile::tempdir().unwrap();
        for (name, length) in [("small", 4 << 10), ("large", 3 << 20)] {
            fs::create_dir(dir.path().join(name)).unwrap();
            fs::write(dir.path().join(name).join("file"), vec![1; length]).unwrap();
        }
        let places = ["small", "large", "absent"].map(|name| (dir.path().join(name), name));
        let lines = sizes(&places, 5 << 20);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[0].ends_with("(large)"), "{lines:?}");
        assert!(lines[1].contains("everything else"), "{lines:?}");
        let lines = sizes(&places, 50 << 20);
        assert!(
            lines[0].starts_with("46 MiB in everything else"),
            "{lines:?}"
        );
        assert_eq!(gib(1536 << 20), "1.5 GiB");
    }
}
