//! Rendered files by their promises, and by the real servers where installed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test helpers"
)]

use super::*;
use crate::machine::Machine;
use crate::{ports, queues, units};
use std::collections::HashSet;

mod servers;

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUZjYvdyPVu1JmIHUkPEE4aYpTNL1vYqFdzmqnWhlK5 me@laptop";

fn sizing() -> Sizing {
    Sizing::for_machine(&Machine::of(1024, 2), &Config::default())
}

fn files(config: &Config) -> Vec<RenderedFile> {
    all(config, "# text\n", &sizing(), &[])
}

fn content(path: &str) -> String {
    files(&Config::default())
        .into_iter()
        .find(|file| file.path == path)
        .unwrap()
        .content
}

fn has_line(text: &str, line: &str) -> bool {
    text.lines().any(|other| other == line)
}

#[test]
fn every_file_is_below_the_run_directory_and_closed_to_the_world() {
    let mut seen = HashSet::new();
    for file in files(&Config::default()) {
        assert!(file.path.starts_with("/run/onebox/"), "{}", file.path);
        assert_eq!(file.mode & 0o037, 0, "{}", file.path);
        assert!(file.content.ends_with('\n') || file.content.is_empty());
        assert!(seen.insert(file.path), "rendered twice");
    }
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    assert_eq!(files(&Config::default()), files(&Config::default()));
}

#[test]
fn only_the_effective_configuration_may_hold_a_password() {
    let mut config = Config::default();
    config.redis.url = Some("redis://:hunter2@cache/0".into());
    config.database.url = Some("postgres://u:hunter2@db/d".into());
    for file in files(&config) {
        assert!(!file.content.contains("hunter2"), "{}", file.path);
    }
    let effective = all(&config, "url = hunter2", &sizing(), &[])
        .into_iter()
        .filter(|file| file.content.contains("hunter2"))
        .collect::<Vec<_>>();
    let [file] = effective.as_slice() else {
        panic!("{effective:?}")
    };
    assert_eq!((file.mode, file.group), (0o640, Account::Wizamart));
}

#[test]
fn postgresql_is_reached_through_its_socket_only_and_asks_the_kernel_who_it_is() {
    let server = content(paths::POSTGRES_CONF);
    assert!(has_line(&server, "listen_addresses = ''"));
    assert!(has_line(
        &server,
        "unix_socket_directories = '/run/postgresql'"
    ));
    assert!(has_line(&server, "shared_buffers = 131072kB"));
    assert!(has_line(
        &server,
        "data_directory = '/var/lib/postgresql/17/main'"
    ));
    let access = content(paths::POSTGRES_HBA);
    let rules: Vec<&str> = access.lines().filter(|l| !l.starts_with('#')).collect();
    assert!(
        rules
            .iter()
            .all(|rule| rule.starts_with("local ") && rule.contains(" peer "))
    );
    let identities = content(paths::POSTGRES_IDENT);
    assert!(!identities.contains("wizamart postgres"));
}

#[test]
fn no_setting_of_postgresql_stands_twice() {
    let mut seen = HashSet::new();
    for line in content(paths::POSTGRES_CONF)
        .lines()
        .filter(|l| !l.starts_with('#'))
    {
        let name = line.split(" = ").next().unwrap().to_owned();
        assert!(seen.insert(name), "{line}");
    }
}

#[test]
fn redis_is_reached_through_its_socket_only_and_keeps_what_it_confirmed() {
    let server = content(paths::REDIS_CONF);
    for line in [
        "port 0",
        "unixsocket /run/redis/redis.sock",
        "unixsocketperm 770",
        "appendonly yes",
        "appendfsync everysec",
        "maxmemory-policy volatile-ttl",
        "enable-debug-command no",
        "supervised systemd",
        "daemonize no",
    ] {
        assert!(has_line(&server, line), "{line}");
    }
}

#[test]
fn ssh_is_open_to_the_networks_that_are_named_and_to_no_others() {
    let firewall = crate::config::Firewall {
        ssh_from: vec!["203.0.113.0/24".to_owned(), "2001:db8::7".to_owned()],
    };
    let rules = nftables::ruleset(&firewall);
    for rule in [
        "tcp dport { 80, 443 } accept",
        "ip saddr 203.0.113.0/24 tcp dport 22 accept",
        "ip6 saddr 2001:db8::7 tcp dport 22 accept",
    ] {
        assert!(rules.contains(rule), "{rule} is missing in\n{rules}");
    }
}

#[test]
fn the_firewall_opens_the_public_ports_and_drops_the_rest() {
    let rules = content(paths::NFTABLES_CONF);
    assert!(rules.starts_with("flush ruleset\n"));
    assert!(rules.contains("tcp dport { 22, 80, 443 } accept"));
    assert!(rules.contains("hook input priority filter; policy drop;"));
    assert!(rules.contains("hook forward priority filter; policy drop;"));
    assert_eq!(
        rules.matches("dport").count(),
        2,
        "one for TCP, one for DHCPv6"
    );
    assert!(
        ports::PUBLIC.contains(&ports::SSH),
        "the operator keeps a way in"
    );
    assert!(!rules.contains('@'));
}

#[test]
fn keys_of_file_and_boot_are_joined_without_doubles() {
    let mut config = Config::default();
    config.ssh.authorized_keys = vec![KEY.to_owned()];
    let other = KEY.replace("me@laptop", "boot").parse().unwrap();
    let same = KEY.parse().unwrap();
    let files = all(&config, "", &sizing(), &[same, other]);
    let keys = files
        .iter()
        .find(|file| file.path == paths::SSH_RUN_AUTHORIZED_KEYS)
        .unwrap();
    assert_eq!(keys.mode, 0o600);
    assert_eq!(keys.content.lines().count(), 2);
}

#[test]
fn every_service_has_its_dropin() {
    let dropins = dropins(&sizing(), "/run/systemd/generator/");
    let mut wanted = vec![
        units::POSTGRESQL.to_owned(),
        units::REDIS.to_owned(),
        units::WEB.to_owned(),
        units::SCHEDULER.to_owned(),
    ];
    wanted.extend(queues::ALL.into_iter().map(units::worker));
    for unit in wanted {
        let path = format!("/run/systemd/generator/{unit}.d/50-onebox.conf");
        let file = dropins.iter().find(|file| file.path == path).unwrap();
        assert!(file.content.contains("[Service]\nMemoryHigh="));
        assert!(file.content.contains("\nMemoryMax=") && file.content.contains("\nTasksMax="));
    }
}
