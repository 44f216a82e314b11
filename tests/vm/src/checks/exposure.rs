//! What can be reached from outside, and with what.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use onebox_model::ports;
use onebox_vm::Vm;
use onebox_vm::https::{Client, Response};

use crate::Guest;

/// Only the three public ports listen beyond the loopback interface, and
/// PostgreSQL and Redis on no port at all.
///
/// # Panics
/// When another does.
pub fn listeners(guest: &Guest) {
    let sockets = guest.run("ss -H -l -t -n -p");
    let public: BTreeSet<u16> = sockets
        .lines()
        .filter_map(|line| line.split_whitespace().nth(3))
        .filter(|local| !is_loopback(local))
        .map(|local| local.rsplit(':').next().and_then(|port| port.parse().ok()))
        .map(|port| port.unwrap_or_else(|| panic!("a port in\n{sockets}")))
        .collect();
    assert_eq!(public, BTreeSet::from(ports::PUBLIC), "{sockets}");
    for server in ["postgres", "redis"] {
        assert!(
            !sockets.contains(&format!("\"{server}")),
            "{server} has a port:\n{sockets}"
        );
    }
}

fn is_loopback(local: &str) -> bool {
    local.starts_with("127.") || local.starts_with("[::1]")
}

/// What comes in is dropped unless it is meant.
///
/// # Panics
/// When it is not.
pub fn firewall(guest: &Guest) {
    let rules = guest.run("nft list ruleset");
    let input = rules.lines().find(|line| line.contains("hook input"));
    let input = input.unwrap_or_else(|| panic!("no input chain in\n{rules}"));
    assert!(input.contains("policy drop"), "{rules}");
    for port in ports::PUBLIC {
        assert!(
            rules.contains(&port.to_string()),
            "port {port} is not opened:\n{rules}"
        );
    }
}

/// No account has a password, and SSH does not ask for one.
///
/// # Panics
/// When one has, or it does.
pub fn passwords(guest: &Guest, vm: &Vm) {
    let accounts = guest.run("getent shadow || cat /etc/shadow");
    assert!(
        accounts.lines().any(|line| line.starts_with("root:")),
        "{accounts}"
    );
    for line in accounts.lines() {
        let hash = line.split(':').nth(1).unwrap_or_default();
        assert!(
            hash.starts_with(['!', '*']),
            "an account with a password: {line}"
        );
    }
    let output = Command::new("ssh")
        .args([
            "-F",
            "/dev/null",
            "-o",
            "PubkeyAuthentication=no",
            "-o",
            "BatchMode=no",
        ])
        .args([
            "-o",
            "PreferredAuthentications=password,keyboard-interactive",
        ])
        .args([
            "-o",
            "NumberOfPasswordPrompts=0",
            "-o",
            "StrictHostKeyChecking=no",
        ])
        .args([
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "ConnectTimeout=60",
        ])
        .args([
            "-p",
            &vm.settings().ports.ssh.to_string(),
            "root@127.0.0.1",
            "true",
        ])
        .output()
        .expect("run ssh");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && told.contains("Permission denied (publickey)"),
        "{told}"
    );
}

/// Port 80 sends everyone to HTTPS.
///
/// # Panics
/// When it does not.
pub fn plain_http_redirects(vm: &Vm) {
    let limit = Some(Duration::from_secs(60));
    let mut stream = TcpStream::connect(("127.0.0.1", vm.settings().ports.http)).expect("connect");
    stream.set_read_timeout(limit).expect("a time limit");
    let request = "GET /some/page?q=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("ask");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let text = String::from_utf8_lossy(&answer).into_owned();
    let answer = Response::parse(&answer).unwrap_or_else(|| panic!("not HTTP: {text}"));
    assert!(matches!(answer.status, 301 | 308), "{text}");
    let location = answer.header("location").unwrap_or_default();
    assert!(location.starts_with("https://localhost"), "{text}");
    assert!(location.ends_with("/some/page?q=1"), "{text}");
}

/// `/version` says which application and which image this is, as the image
/// says itself; `/health` says healthy.
///
/// # Panics
/// When they do not.
pub fn versions(guest: &Guest, client: &Client) {
    let version = client
        .get("/version", None)
        .expect("ask for /version")
        .json();
    let release = guest.run(&format!("cat {}", onebox_model::paths::RELEASE));
    let release: serde_json::Value = serde_json::from_str(&release).expect("the release is JSON");
    assert!(version["app"].is_string(), "{version}");
    assert_eq!(version["image"], release["version"], "{version}");
    assert_eq!(
        version["git_revision"], release["git_revision"],
        "{version}"
    );
    let health = client.get("/health", None).expect("ask for /health");
    assert_eq!(
        (health.status, &health.json()["status"]),
        (200, &"healthy".into())
    );
}
