//! Images in every format, whole and damaged.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use onebox_vm::gpt::{GptError, SECTOR};
use onebox_vm::image::{Format, Image};
use onebox_vm::testing;

struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        testing::write_image(&bench.raw(), 7).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn raw(&self) -> PathBuf {
        self.path("onebox.raw")
    }

    /// Unpacks `image`; on failure checks that nothing is left behind.
    fn unpack(&self, image: &Path) -> Result<Vec<u8>, String> {
        let target = self.path("disk.raw.new");
        match Image::open(image).and_then(|image| image.unpack(&target)) {
            Ok(_) => Ok(fs::read(&target).unwrap()),
            Err(error) => {
                assert!(
                    !target.exists(),
                    "{} was left after: {error}",
                    target.display()
                );
                Err(error.to_string())
            }
        }
    }
}

fn tool(program: &str, args: &[&str], file: &Path) {
    let status = Command::new(program).args(args).arg(file).status().unwrap();
    assert!(status.success(), "{program} {args:?} {}", file.display());
}

#[test]
fn every_format_gives_the_same_disk() {
    let bench = Bench::new();
    let expected = fs::read(bench.raw()).unwrap();
    tool("zstd", &["-q", "-k"], &bench.raw());
    tool("xz", &["-k"], &bench.raw());
    let qcow2 = bench.path("onebox.qcow2");
    let raw = bench.raw();
    let convert = ["convert", "-f", "raw", "-O", "qcow2", raw.to_str().unwrap()];
    tool("qemu-img", &convert, &qcow2);
    for (name, format) in [
        ("onebox.raw", Format::Raw),
        ("onebox.raw.zst", Format::Zstd),
        ("onebox.raw.xz", Format::Xz),
        ("onebox.qcow2", Format::Qcow2),
    ] {
        let image = bench.path(name);
        assert_eq!(Image::open(&image).unwrap().format(), format, "{name}");
        assert!(
            bench.unpack(&image).unwrap() == expected,
            "{name} gives another disk"
        );
    }
}

#[test]
fn the_name_of_a_file_does_not_matter() {
    let bench = Bench::new();
    let odd = bench.path("holiday.jpg");
    fs::rename(bench.raw(), &odd).unwrap();
    assert_eq!(Image::open(&odd).unwrap().format(), Format::Raw);
}

#[test]
fn the_disk_is_sparse() {
    let bench = Bench::new();
    let file = OpenOptions::new().write(true).open(bench.raw()).unwrap();
    // The space after the last partition is a hole of the image.
    let data_end = testing::PARTITIONS.map(|(first, count)| first + count)[4] * SECTOR;
    file.set_len(64 << 20).unwrap();
    bench.unpack(&bench.raw()).unwrap();
    let allocated = fs::metadata(bench.path("disk.raw.new")).unwrap().blocks() * 512;
    assert!(
        allocated <= data_end + (512 << 10),
        "{allocated} bytes for {data_end} of content"
    );
}

#[test]
fn a_cut_image_is_refused_in_every_format() {
    let bench = Bench::new();
    let raw = bench.raw();
    tool("zstd", &["-q", "-k"], &raw);
    tool("xz", &["-k"], &raw);
    let qcow2 = bench.path("onebox.qcow2");
    tool(
        "qemu-img",
        &["convert", "-f", "raw", "-O", "qcow2", raw.to_str().unwrap()],
        &qcow2,
    );
    for name in [
        "onebox.raw",
        "onebox.raw.zst",
        "onebox.raw.xz",
        "onebox.qcow2",
    ] {
        let path = bench.path(name);
        let length = fs::metadata(&path).unwrap().len();
        OpenOptions::new()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(length * 2 / 3)
            .unwrap();
        let error = bench.unpack(&path).map(drop).unwrap_err();
        assert!(
            error.contains("is damaged") && error.contains(name),
            "{name}: {error}"
        );
        assert_eq!(error.lines().count(), 1, "{name}: {error}");
    }
}

#[test]
fn an_altered_partition_table_is_refused() {
    let bench = Bench::new();
    for (at, what) in [
        (SECTOR + 72, "header checksum"),
        (2 * SECTOR + 40, "entries checksum"),
    ] {
        testing::write_image(&bench.raw(), 7).unwrap();
        let file = OpenOptions::new().write(true).open(bench.raw()).unwrap();
        file.write_all_at(&[0xee], at).unwrap();
        let error = bench.unpack(&bench.raw()).map(drop).unwrap_err();
        assert!(error.contains(what), "{what}: {error}");
    }
}

#[test]
fn what_is_no_image_is_refused() {
    let bench = Bench::new();
    for (content, expected) in [
        (Vec::new(), "neither a disk"),
        (b"<html>404</html>".to_vec(), "neither a disk"),
        (vec![0; 4096], "neither a disk"),
    ] {
        let path = bench.path("download");
        fs::write(&path, content).unwrap();
        let error = bench.unpack(&path).map(drop).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let error = bench.unpack(&bench.path("missing")).map(drop).unwrap_err();
    assert!(error.contains("there is no image"), "{error}");
}

#[test]
fn a_disk_of_something_else_is_refused() {
    let bench = Bench::new();
    let file = OpenOptions::new().read(true).open(bench.raw()).unwrap();
    let gpt = onebox_vm::gpt::Gpt::read(&file).unwrap();
    assert_eq!(gpt.partitions[2].label, "slot-a");
    let error = GptError::Labels(vec!["EFI".into(), "root".into()]).to_string();
    assert!(
        error.contains("not a Onebox image") && error.contains("root"),
        "{error}"
    );
}

#[test]
fn an_image_that_reads_other_files_is_refused() {
    let bench = Bench::new();
    let path = bench.path("trap.qcow2");
    let backing = bench.raw();
    let create = [
        "create",
        "-q",
        "-f",
        "qcow2",
        "-F",
        "raw",
        "-b",
        backing.to_str().unwrap(),
    ];
    tool("qemu-img", &create, &path);
    let error = bench.unpack(&path).map(drop).unwrap_err();
    assert!(error.contains("refers to"), "{error}");
}
