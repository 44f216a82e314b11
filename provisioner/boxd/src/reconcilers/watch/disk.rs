//! Room on the file systems with state.

use super::super::{Failure, Reconciler, Report};
use crate::status::machine;
use futures_util::future::{BoxFuture, FutureExt};
use onebox_api::status::DiskUse;
use onebox_model::thresholds::{DISK_FREE_PERCENT, INODES_FREE_PERCENT};
use std::path::PathBuf;
use std::time::Duration;

/// Watches that disks do not fill up.
#[derive(Clone, Debug)]
pub struct Disks {
    /// Directories on the file systems to watch.
    pub paths: Vec<PathBuf>,
}

/// What is scarce on a file system, in words; nothing when all is well.
#[must_use]
pub fn scarce(disk: &DiskUse) -> Option<String> {
    let percent = |free: u64, total: u64| (total > 0).then(|| free * 100 / total);
    let room = percent(disk.free_bytes, disk.total_bytes)
        .filter(|free| *free < DISK_FREE_PERCENT)
        .map(|free| format!("{} has {free} % of its room left", disk.path));
    let inodes = percent(disk.free_inodes, disk.total_inodes)
        .filter(|free| *free < INODES_FREE_PERCENT)
        .map(|free| format!("{} has {free} % of its inodes left", disk.path));
    room.or(inodes)
}

impl Reconciler for Disks {
    fn name(&self) -> &'static str {
        "disks"
    }

    fn description(&self) -> &'static str {
        "Watches room and inodes of the file systems with state."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn activate(&self) -> BoxFuture<'_, Result<Report, Failure>> {
        async {
            let mut uses = Vec::new();
            for path in &self.paths {
                uses.push(machine::disk_use(path)?);
            }
            let details = serde_json::to_value(&uses)?;
            let scarce: Vec<String> = uses.iter().filter_map(scarce).collect();
            Ok(if scarce.is_empty() {
                Report::ok("enough room", details)
            } else {
                Report::attention(scarce.join("; "), details)
            })
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(free_bytes: u64, free_inodes: u64) -> DiskUse {
        DiskUse {
            path: "/var".to_owned(),
            total_bytes: 1000,
            free_bytes,
            total_inodes: 1000,
            free_inodes,
        }
    }

    #[test]
    fn little_room_and_few_inodes_are_told() {
        assert_eq!(scarce(&disk(100, 100)), None);
        let room = scarce(&disk(99, 500)).unwrap();
        assert_eq!(room, "/var has 9 % of its room left");
        assert!(scarce(&disk(500, 99)).unwrap().contains("inodes"));
    }

    #[test]
    fn without_a_limit_of_inodes_there_is_nothing_to_tell() {
        let unlimited = DiskUse {
            total_inodes: 0,
            ..disk(500, 0)
        };
        assert_eq!(scarce(&unlimited), None);
    }
}
