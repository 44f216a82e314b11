//! Roots of boxes in a system's store, and what is told when there is no box.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn boxctl(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_boxctl"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have refused before it read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn pem() -> String {
    let body = "QUJD".repeat(40);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

fn trust(root: &Path, more: &[&str], input: &str) -> Output {
    let root = root.to_str().unwrap();
    let mut args = vec!["cert", "trust", "--root", root, "--from", "-"];
    args.extend(more);
    boxctl(&args, input)
}

#[test]
fn a_root_goes_into_the_systems_store_and_out_again_when_that_is_wanted() {
    let root = tempfile::tempdir().unwrap();
    let store = root.path().join("usr/local/share/ca-certificates");
    fs::create_dir_all(&store).unwrap();
    let refused = trust(root.path(), &[], &pem());
    assert!(!refused.status.success(), "nobody said yes");
    assert_eq!(fs::read_dir(&store).unwrap().count(), 0);

    let done = trust(root.path(), &["--yes"], &pem());
    assert!(done.status.success(), "{done:?}");
    let file = store.join("onebox-box.crt");
    assert_eq!(fs::read_to_string(&file).unwrap(), pem().trim());
    let done = trust(root.path(), &["--yes", "--remove"], &pem());
    assert!(done.status.success() && !file.exists());
}

#[test]
fn a_key_or_two_certificates_are_not_put_into_a_store() {
    let root = tempfile::tempdir().unwrap();
    let store = root.path().join("usr/local/share/ca-certificates");
    fs::create_dir_all(&store).unwrap();
    let key = pem().replace("CERTIFICATE", "PRIVATE KEY");
    for bad in [key, pem() + &pem(), "hello".to_owned()] {
        let refused = trust(root.path(), &["--yes"], &bad);
        assert!(!refused.status.success());
        let error = String::from_utf8(refused.stderr).unwrap();
        assert!(error.contains("not one PEM certificate"), "{error}");
    }
    assert_eq!(fs::read_dir(&store).unwrap().count(), 0);
}

#[test]
fn without_a_keeper_the_command_says_so() {
    for command in ["list", "issue", "renew", "test"] {
        let output = boxctl(&["cert", command, "--socket", "/nonexistent/boxd.sock"], "");
        assert!(!output.status.success());
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("boxd is not running"), "{command}: {error}");
    }
    let output = boxctl(&["cert", "revoke", "--socket", "/nonexistent"], "");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("--yes"), "{error}");
}
