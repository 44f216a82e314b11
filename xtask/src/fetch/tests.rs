//! Downloads against a server that misbehaves in every way a mirror can.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod server;

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, atomic::AtomicBool},
    time::Duration,
};

use server::{Reply, Server};
use sha2::{Digest as _, Sha256};

use super::{
    FetchError, debs,
    download::{Downloader, Item},
    error::DownloadError,
    progress::Progress,
};
use crate::{
    http,
    lock::{format::Lock, testing},
    mirror::Mirrors,
    store::path::hex,
};

fn content() -> Vec<u8> {
    (0..300_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn item(server: &Server, name: &str) -> Item {
    Item {
        label: "bash 5.2-1".into(),
        url: server.url(name),
        file_name: name.into(),
        size: content().len() as u64,
        sha256: hex(&Sha256::digest(content())),
    }
}

/// Patient enough for a machine under load.
fn downloader(dir: &Path) -> Downloader {
    impatient(dir, Duration::from_secs(30))
}

fn impatient(dir: &Path, silence: Duration) -> Downloader {
    Downloader {
        agent: http::agent(8, silence),
        dir: dir.into(),
        pause: Duration::from_millis(1),
        stop: AtomicBool::new(false),
    }
}

fn download(server: &Server, dir: &Path) -> Result<PathBuf, DownloadError> {
    downloader(dir).download(&item(server, "bash.deb"), &|_| ())
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn assert_complete(result: Result<PathBuf, DownloadError>, dir: &Path) {
    assert_eq!(fs::read(result.unwrap()).unwrap(), content());
    assert_eq!(names(dir), ["bash.deb"]);
}

#[test]
fn a_whole_file_arrives_under_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Reply::ok(&content()));
    assert_complete(download(&server, dir.path()), dir.path());
}

#[test]
fn a_package_gone_from_the_mirror_is_named_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Reply::status(404));
    let error = download(&server, dir.path()).unwrap_err().to_string();
    for part in ["bash 5.2-1", "404", "cargo xtask lock", "--mirror"] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(server.requests().len(), 1);
    assert_eq!(names(dir.path()), [""; 0]);
}

#[test]
fn a_cut_connection_is_resumed_where_it_was_cut() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|request| match request.count {
        0 => Reply::ok(&content()).cut_after(500_000),
        _ => Reply::from(&content(), request.range),
    });
    assert_complete(download(&server, dir.path()), dir.path());
    let second = server.requests()[1].range;
    assert!(
        second.is_some_and(|from| from > 0 && from <= 500_000),
        "{second:?}"
    );
}

#[test]
fn half_a_file_time_and_again_ends_with_both_sizes() {
    let dir = tempfile::tempdir().unwrap();
    let half = content()[..600_000].to_vec();
    let server = Server::start(move |request| Reply::from(&half, request.range));
    let error = download(&server, dir.path()).unwrap_err().to_string();
    for part in ["bash 5.2-1", "expected 1200000 bytes", "found 600000"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(!dir.path().join("bash.deb").exists());
}

#[test]
fn wrong_bytes_are_refused_and_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let mut wrong = content();
    wrong[1000] ^= 1;
    let found = hex(&Sha256::digest(&wrong));
    let server = Server::start(move |_| Reply::ok(&wrong));
    let error = download(&server, dir.path()).unwrap_err().to_string();
    let expected = hex(&Sha256::digest(content()));
    for part in ["bash 5.2-1", expected.as_str(), found.as_str()] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(names(dir.path()), [""; 0]);
}

#[test]
fn a_longer_file_is_refused_and_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let longer = [content(), vec![0; 10]].concat();
    let server = Server::start(move |_| Reply::ok(&longer));
    let error = download(&server, dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("expected 1200000 bytes, found more"),
        "{error}"
    );
    assert_eq!(names(dir.path()), [""; 0]);
}

#[test]
fn what_a_killed_run_left_is_taken_up() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("bash.deb.partial"), &content()[..700_000]).unwrap();
    let server = Server::start(|request| Reply::from(&content(), request.range));
    assert_complete(download(&server, dir.path()), dir.path());
    assert_eq!(server.requests()[0].range, Some(700_000));
}

#[test]
fn a_damaged_leftover_costs_a_second_download_and_not_the_run() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("bash.deb.partial"), vec![7; 700_000]).unwrap();
    let server = Server::start(|request| Reply::from(&content(), request.range));
    assert_complete(download(&server, dir.path()), dir.path());
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_server_without_ranges_sends_the_whole_file_again() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("bash.deb.partial"), vec![7; 700_000]).unwrap();
    let server = Server::start(|_| Reply::ok(&content()));
    assert_complete(download(&server, dir.path()), dir.path());
}

#[test]
fn a_silent_server_is_left_and_asked_again() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|request| match request.range {
        None => Reply::ok(&content()).stall_after(400_000, Duration::from_secs(60)),
        from => Reply::from(&content(), from),
    });
    let result =
        impatient(dir.path(), Duration::from_secs(1)).download(&item(&server, "bash.deb"), &|_| ());
    assert_complete(result, dir.path());
    assert!(server.requests().len() > 1);
}

#[test]
fn a_busy_server_is_asked_again() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|request| match request.count {
        0 | 1 => Reply::status(503),
        _ => Reply::ok(&content()),
    });
    assert_complete(download(&server, dir.path()), dir.path());
}

#[test]
fn no_server_at_all_is_said_so() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Reply::drop());
    let error = download(&server, dir.path()).unwrap_err().to_string();
    assert!(error.contains("bash 5.2-1: cannot download"), "{error}");
}

#[test]
fn a_lock_with_a_wrong_hash_names_the_package() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Reply::ok(b"1234567"));
    let lock: Lock = testing::lock(&[("image", &[testing::package("bash", "5.2-1")])]);
    let mirrors = Mirrors {
        debian: server.url("debian"),
        security: server.url("security"),
    };
    let package = lock.packages.values().next().unwrap();
    let error = downloader(dir.path())
        .download(&debs::item(package, &mirrors), &|_| ())
        .unwrap_err()
        .to_string();
    for part in ["bash 5.2-1", package.sha256.as_str(), "found 8bb0cf6e"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn one_failure_among_many_ends_the_run_and_keeps_what_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|request| match request.path.as_str() {
        "/bad.deb" => Reply::status(404),
        _ => Reply::ok(&content()),
    });
    let mut items: VecDeque<Item> = (0..20)
        .map(|n| item(&server, &format!("good{n}.deb")))
        .collect();
    items.push_back(item(&server, "bad.deb"));
    let added = Mutex::new(Vec::new());
    let progress = Progress::new(21, 1);
    let result = debs::run(items, &downloader(dir.path()), &progress, |files| {
        added.lock().unwrap().extend(files.to_vec());
        Ok(())
    });
    assert!(matches!(
        result,
        Err(FetchError::Download(DownloadError::Gone { .. }))
    ));
    let added = added.into_inner().unwrap();
    assert!(added.len() >= 12, "{}", added.len());
    for file in &added {
        assert_eq!(fs::read(file).unwrap(), content());
    }
}
