//! Backups and restores beside what a shop did without them (`pg_dump | gzip`)
//! and beside the disk, by the programs of the image. What is measured is in
//! `provisioner/boxd/tests/backups/speed.rs`.

use super::BenchError;
use crate::{build, cargo, process, workspace::Workspace};

/// Measures and prints.
pub(super) fn measure(workspace: &Workspace, megabytes: u32) -> Result<(), BenchError> {
    let tree = build::attribute_path(workspace, "imageTree", false)?;
    println!("\nBackups of a database of {megabytes} MB:");
    let mut command = cargo::command(workspace);
    command
        .args([
            "test",
            "--quiet",
            "--release",
            "--locked",
            "--package",
            "boxd",
        ])
        .args([
            "--test",
            "backups",
            "--",
            "--ignored",
            "--nocapture",
            "speed",
        ])
        .env("ONEBOX_TREE", tree)
        .env("ONEBOX_BENCH_MB", megabytes.to_string());
    process::run(&mut command, "measure backups")?;
    Ok(())
}
