//! The command line as people and units use it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use onebox_model::paths;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn boxd(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_boxd"))
        .args(arguments)
        .env_remove("CREDENTIALS_DIRECTORY")
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A root whose accounts are all this very one, so that any account may run
/// the test.
fn root_with_accounts(dir: &Path) {
    fs::create_dir(dir.join("etc")).unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let id = |name: &str| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    };
    let (uid, gid) = (id("Uid:"), id("Gid:"));
    let names = ["root", "postgres", "redis", "wizamart"];
    let passwd: String = names
        .map(|name| format!("{name}:x:{uid}:{gid}:::\n"))
        .concat();
    let group: String = names.map(|name| format!("{name}:x:{gid}:\n")).concat();
    fs::write(dir.join("etc/passwd"), passwd).unwrap();
    fs::write(dir.join("etc/group"), group).unwrap();
}

#[test]
fn every_command_explains_itself() {
    for arguments in [
        &["--help"][..],
        &["prepare", "--help"],
        &["generator", "--help"],
        &["health-gate", "--help"],
    ] {
        let output = boxd(arguments);
        assert!(output.status.success(), "{arguments:?}");
        assert!(stdout(&output).contains("Usage:"), "{arguments:?}");
    }
    let version = boxd(&["--version"]);
    assert_eq!(
        stdout(&version),
        format!("boxd {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn prepare_says_what_it_did_line_by_line() {
    let dir = tempfile::tempdir().unwrap();
    root_with_accounts(dir.path());
    let root = dir.path().to_str().unwrap();
    let first = boxd(&["prepare", "--root", root]);
    let said = String::from_utf8_lossy(&first.stderr);
    assert!(first.status.success(), "{said}");
    assert!(stdout(&first).contains(&format!("created {}\n", paths::TLS_CHAIN)));
    let second = boxd(&["prepare", "--root", root]);
    let said = stdout(&second);
    assert!(
        said.contains(&format!("kept {}\n", paths::TLS_CHAIN)),
        "{said}"
    );
    assert!(
        !said.contains("created") && !said.contains("updated"),
        "{said}"
    );
    // The one secret on the way must not end in the journal.
    let admin = fs::read_to_string(paths::under(dir.path(), paths::INITIAL_ADMIN)).unwrap();
    let admin: serde_json::Value = serde_json::from_str(&admin).unwrap();
    let password = admin["password"].as_str().unwrap();
    assert!(!stdout(&first).contains(password));
}

#[test]
fn prepare_with_a_broken_file_succeeds_and_complains() {
    let dir = tempfile::tempdir().unwrap();
    root_with_accounts(dir.path());
    let config = paths::under(dir.path(), paths::CONFIG);
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    fs::write(config, "[log]\nlevel = \"loud\"\n").unwrap();
    let output = boxd(&["prepare", "--root", dir.path().to_str().unwrap()]);
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("log.level") && said.contains("DEFAULTS"),
        "{said}"
    );
}

#[test]
fn the_gate_fails_after_its_time_and_writes_it_down() {
    let dir = tempfile::tempdir().unwrap();
    root_with_accounts(dir.path());
    let root = dir.path().to_str().unwrap();
    let output = boxd(&[
        "health-gate",
        "--timeout",
        "0",
        "--address",
        "127.0.0.1:1",
        "--root",
        root,
    ]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("this boot is not confirmed"), "{said}");
    let health = fs::read_to_string(paths::under(dir.path(), paths::STATUS_HEALTH)).unwrap();
    assert!(health.contains("\"unhealthy\""));
}

#[test]
fn an_unknown_command_is_refused() {
    assert_eq!(boxd(&["prepair"]).status.code(), Some(2));
    assert_eq!(boxd(&[]).status.code(), Some(2));
}
