//! Sizes of what comes out of the build.

use std::{fmt, fs, path::Path};

use serde::Serialize;

use crate::files::FileError;

const MB: f64 = 1e6;

/// What the root file system may take.
const TARGET_MB: f64 = 150.0;

/// Sizes in bytes.
#[derive(Debug, Serialize)]
pub(crate) struct Sizes {
    /// The root file system as it lies in a slot.
    squashfs: u64,
    /// The disk to be unpacked with zstd.
    raw_zst: u64,
    /// The disk for a virtual machine.
    qcow2: u64,
}

impl Sizes {
    /// Looks at the files.
    pub(crate) fn measure(rootfs: &Path, image: &Path) -> Result<Self, FileError> {
        let size = |path: &Path| {
            let metadata = fs::metadata(path).map_err(FileError::at("look at", path))?;
            Ok::<_, FileError>(metadata.len())
        };
        Ok(Self {
            squashfs: size(&rootfs.join("rootfs.squashfs"))?,
            raw_zst: size(&image.join("onebox.raw.zst"))?,
            qcow2: size(&image.join("onebox.qcow2"))?,
        })
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let squashfs = self.squashfs as f64 / MB;
        let verdict = if squashfs <= TARGET_MB {
            "met"
        } else {
            "MISSED"
        };
        writeln!(f, "Image, MB")?;
        writeln!(
            f,
            "  {:<28} {squashfs:>8.1}  {verdict}, target {TARGET_MB:.0}",
            "root file system (squashfs)"
        )?;
        writeln!(
            f,
            "  {:<28} {:>8.1}",
            "disk, raw.zst",
            self.raw_zst as f64 / MB
        )?;
        writeln!(f, "  {:<28} {:>8.1}", "disk, qcow2", self.qcow2 as f64 / MB)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_target_is_told() {
        let mut sizes = Sizes {
            squashfs: 150_000_000,
            raw_zst: 1,
            qcow2: 1,
        };
        assert!(sizes.to_string().contains("150.0  met"));
        sizes.squashfs += 1_000_000;
        assert!(sizes.to_string().contains("151.0  MISSED"));
    }
}
