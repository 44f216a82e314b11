//! Makes a raw disk of an image in any format, with the tool of that format.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::ioctl_ficlone;
use serde_json::Value;

use super::sparse::{self, Target};
use super::{Format, Image};
use crate::error::{Error, IoContext, Result};
use crate::gpt::Gpt;
use crate::process;

/// Writes the disk in `image` to `target`. `needed` is what a full file system
/// is told to have lacked.
pub(super) fn to(image: &Image, target: &Path, needed: u64) -> Result<()> {
    match image.format {
        Format::Raw => raw(image, target, needed),
        Format::Zstd => compressed(image, Command::new("zstd"), "zstd", target, needed),
        Format::Xz => compressed(image, Command::new("xz"), "xz-utils", target, needed),
        Format::Qcow2 => qcow2(image, target),
    }
}

fn raw(image: &Image, target: &Path, needed: u64) -> Result<()> {
    let mut source = File::open(&image.path).at("open", &image.path)?;
    // A damaged image is found before gigabytes are copied.
    Gpt::read_box(&source).map_err(|error| image.damaged(&error))?;
    let disk = File::create(target).at("create", target)?;
    if ioctl_ficlone(&disk, &source).is_ok() {
        return Ok(());
    }
    let length = written(
        sparse::copy(&mut source, &disk, 0, Target::Empty),
        target,
        needed,
    )?;
    disk.set_len(length).at("size", target)
}

fn compressed(
    image: &Image,
    mut tool: Command,
    package: &'static str,
    target: &Path,
    needed: u64,
) -> Result<()> {
    tool.arg("-dcq")
        .arg("--")
        .arg(&image.path)
        .stdin(Stdio::null());
    tool.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = tool
        .spawn()
        .map_err(|error| process::not_started(&tool, package, &error))?;
    let disk = File::create(target).at("create", target)?;
    let copied = match child.stdout.take() {
        Some(mut stdout) => sparse::copy(&mut stdout, &disk, 0, Target::Empty),
        None => Ok(0),
    };
    // The pipe is closed by now, so the tool ends even when the copy failed.
    let output = child.wait_with_output().at("unpack", &image.path)?;
    let length = written(copied, target, needed)?;
    if !output.status.success() {
        let detail = process::failed(&tool, &output).to_string();
        return Err(Error::DamagedImage {
            path: image.path.clone(),
            detail,
        });
    }
    disk.set_len(length).at("size", target)
}

fn qcow2(image: &Image, target: &Path) -> Result<()> {
    let mut info = Command::new("qemu-img");
    info.args(["info", "--output=json", "-f", "qcow2"])
        .arg(&image.path);
    let output = process::run(&mut info, "qemu-utils").map_err(|error| damaged(image, error))?;
    let described: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    // An image that was sent to someone must not read files of that person.
    if let Some(other) = described
        .get("backing-filename")
        .or(described.get("data-file"))
    {
        let detail = format!("it is not whole but refers to {other}");
        return Err(Error::DamagedImage {
            path: image.path.clone(),
            detail,
        });
    }
    check_qcow2(image)?;
    let mut convert = Command::new("qemu-img");
    convert
        .args(["convert", "-f", "qcow2", "-O", "raw"])
        .arg(&image.path)
        .arg(target);
    process::run(&mut convert, "qemu-utils").map_err(|error| damaged(image, error))?;
    Ok(())
}

/// QEMU reads what was cut off the end of a file as zeros, so a download that
/// broke off must be found by the table of what should be there.
fn check_qcow2(image: &Image) -> Result<()> {
    /// Only unused clusters were left allocated: harmless.
    const LEAKS: i32 = 3;
    let mut check = Command::new("qemu-img");
    check.args(["check", "-q", "-f", "qcow2"]).arg(&image.path);
    let output = check
        .output()
        .map_err(|error| process::not_started(&check, "qemu-utils", &error))?;
    if output.status.success() || output.status.code() == Some(LEAKS) {
        return Ok(());
    }
    Err(damaged(image, process::failed(&check, &output)))
}

/// A tool that is there and fails on an image says the image is damaged.
fn damaged(image: &Image, error: Error) -> Error {
    match error {
        Error::Program { detail, .. } => Error::DamagedImage {
            path: image.path.clone(),
            detail,
        },
        other => other,
    }
}

fn written(copied: io::Result<u64>, target: &Path, needed: u64) -> Result<u64> {
    match copied {
        Err(error) if error.kind() == io::ErrorKind::StorageFull => Err(Error::DiskSpace {
            dir: target.into(),
            needed,
            free: 0,
        }),
        other => other.at("write", target),
    }
}
