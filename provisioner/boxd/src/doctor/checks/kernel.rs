//! Errors of the kernel.

use super::journal::lines;
use super::{Doctor, Found, or_ok};

/// Lines that mean a disk or a file system that is about to lose data.
const DISK: [&str; 6] = [
    "I/O error",
    "EXT4-fs error",
    "XFS (",
    "BTRFS error",
    "critical medium error",
    "Buffer I/O",
];
/// Lines that mean broken hardware.
const HARDWARE: [&str; 3] = ["Hardware Error", "Machine check", "mce:"];
/// Told by the check of memory.
const MEMORY: [&str; 2] = ["Out of memory", "out of memory"];

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    let arguments = [
        "--dmesg",
        "--boot",
        "--priority=err",
        "--output=short-iso",
        "--lines=200",
        "--no-pager",
        "--quiet",
    ];
    match doctor.programs.run("journalctl", &arguments).await {
        Ok(text) => or_ok(judge(&lines(&text)), "no errors since boot"),
        Err(why) => vec![Found::unknown(why)],
    }
}

fn judge(lines: &[String]) -> Vec<Found> {
    let with = |marks: &[&str]| -> Vec<String> {
        let of = lines
            .iter()
            .filter(|line| marks.iter().any(|mark| line.contains(mark)));
        of.cloned().collect()
    };
    let (disk, hardware, memory) = (with(&DISK), with(&HARDWARE), with(&MEMORY));
    let rest: Vec<String> = lines
        .iter()
        .filter(|line| {
            ![&disk, &hardware, &memory]
                .iter()
                .any(|of| of.contains(line))
        })
        .cloned()
        .collect();
    let last = |lines: Vec<String>| {
        let from = lines.len().saturating_sub(6);
        lines.into_iter().skip(from)
    };
    let mut found = Vec::new();
    if !disk.is_empty() {
        found.push(
            Found::critical(
                "disk-errors",
                format!("the kernel reports {} errors of disks or file systems", disk.len()),
            )
            .evidence(last(disk))
            .consequence("data on it may be lost at any time")
            .fix(
                "see that there is a copy of the data elsewhere, then have the provider look at the disk",
                &["journalctl -k -b -p err"],
            ),
        );
    }
    if !hardware.is_empty() {
        found.push(
            Found::critical(
                "hardware-errors",
                format!(
                    "the kernel reports {} errors of the hardware",
                    hardware.len()
                ),
            )
            .evidence(last(hardware))
            .consequence("the machine may stop or compute wrongly")
            .fix(
                "have the provider move the machine",
                &["journalctl -k -b -p err"],
            ),
        );
    }
    if !rest.is_empty() {
        found.push(
            Found::notice(
                "kernel-errors",
                format!("the kernel logged {} errors since boot", rest.len()),
            )
            .evidence(last(rest))
            .fix(
                "most of these are harmless; look when something else is wrong",
                &["journalctl -k -b -p err"],
            ),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_by_what_they_mean() {
        assert!(judge(&[]).is_empty());
        let lines = [
            "kernel: blk_update_request: I/O error, dev vda, sector 8",
            "kernel: mce: [Hardware Error]: CPU 0",
            "kernel: Out of memory: Killed process 3",
            "kernel: something harmless",
        ]
        .map(str::to_owned);
        let names: Vec<_> = judge(&lines)
            .into_iter()
            .filter_map(|one| one.finding.problem)
            .collect();
        assert_eq!(names, ["disk-errors", "hardware-errors", "kernel-errors"]);
    }
}
