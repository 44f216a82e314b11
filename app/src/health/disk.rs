//! Is there room for what the application writes?

use super::Finding;
use std::path::Path;

/// Less than this fails, however small the disk.
const LEAST_BYTES: u64 = 256 * 1024 * 1024;
/// Less than this fails, however large the disk.
const LEAST_PERCENT: u64 = 5;

pub(super) async fn check(dir: &Path) -> Finding {
    let found = rustix::fs::statvfs(dir)
        .map_err(|error| format!("cannot look at {}: {error}", dir.display()))?;
    judge(
        found.f_bavail * found.f_frsize,
        found.f_blocks * found.f_frsize,
    )
}

fn judge(free: u64, total: u64) -> Finding {
    let percent = (free * 100).checked_div(total).unwrap_or(0);
    let text = format!("{} MiB free ({percent} %)", free / (1024 * 1024));
    if free < LEAST_BYTES || percent < LEAST_PERCENT {
        Err(text)
    } else {
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn both_bounds_count() {
        assert!(judge(GIB, 10 * GIB).is_ok());
        assert!(
            judge(GIB, 100 * GIB).is_err(),
            "one percent of a large disk"
        );
        assert!(judge(GIB / 8, GIB).is_err(), "an eighth of a small one");
        assert!(judge(0, 0).is_err(), "no disk at all");
    }

    #[tokio::test]
    async fn a_missing_directory_fails_by_name() {
        let error = check(Path::new("/nonexistent/wizamart")).await.unwrap_err();
        assert!(error.contains("/nonexistent/wizamart"));
    }
}
