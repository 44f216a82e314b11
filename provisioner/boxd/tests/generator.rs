//! The generator as systemd calls it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use boxd::generator::generate;
use onebox_model::{Machine, paths};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

fn drop_in(dir: &Path, unit: &str) -> String {
    fs::read_to_string(dir.join(format!("{unit}.d/50-onebox.conf"))).unwrap()
}

#[test]
fn every_service_gets_its_limits() {
    let (root, output) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    generate(output.path(), root.path(), &Machine::of(1024, 2)).unwrap();
    for unit in [
        "postgresql.service",
        "redis.service",
        "wizamart-worker@emails.service",
    ] {
        let text = drop_in(output.path(), unit);
        for setting in ["MemoryHigh=", "MemoryMax=", "TasksMax="] {
            assert!(text.contains(setting), "{unit}: {text}");
        }
    }
}

#[test]
fn a_broken_configuration_still_gives_limits() {
    let (root, output) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let config = paths::under(root.path(), paths::CONFIG);
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    fs::write(config, "[[[").unwrap();
    generate(output.path(), root.path(), &Machine::of(1024, 2)).unwrap();
    assert!(drop_in(output.path(), "wizamart-web.service").contains("MemoryMax="));
}

#[test]
fn a_database_elsewhere_has_no_limits_here() {
    let (root, output) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let config = paths::under(root.path(), paths::CONFIG);
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    fs::write(config, "[database]\nurl = \"postgres://db/shop\"\n").unwrap();
    generate(output.path(), root.path(), &Machine::of(1024, 2)).unwrap();
    assert!(!output.path().join("postgresql.service.d").exists());
}

fn as_generator(arguments: &[&Path]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("onebox-generator");
    symlink(env!("CARGO_BIN_EXE_boxd"), &program).unwrap();
    Command::new(program).args(arguments).output().unwrap()
}

#[test]
fn called_by_its_own_name_it_writes_into_the_first_directory() {
    let output = tempfile::tempdir().unwrap();
    let [normal, early, late] = ["normal", "early", "late"].map(|name| output.path().join(name));
    for dir in [&normal, &early, &late] {
        fs::create_dir(dir).unwrap();
    }
    let run = as_generator(&[&normal, &early, &late]);
    assert!(run.status.success());
    assert!(drop_in(&normal, "redis.service").contains("MemoryMax="));
    assert_eq!(fs::read_dir(&early).unwrap().count(), 0);
    assert_eq!(fs::read_dir(&late).unwrap().count(), 0);
}

#[test]
fn it_never_fails_a_boot() {
    let none = as_generator(&[]);
    assert!(none.status.success());
    assert!(String::from_utf8_lossy(&none.stderr).contains("directory"));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let unwritable = as_generator(&[&file]);
    assert!(unwritable.status.success());
    assert!(String::from_utf8_lossy(&unwritable.stderr).contains("units get no limits"));
}
