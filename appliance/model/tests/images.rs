//! The plain files in `images/` say what the model says.
//!
//! Units, presets and other files that systemd and its kin read as they are
//! repeat names, ports and paths of the model. Here each is held against it.

#![expect(clippy::panic, reason = "helpers of tests end the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use onebox_model::{paths, ports, queues, seal_keys, units};

const UNITS: &str = "usr/lib/systemd/system";

fn image() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../images/rootfs")
}

fn text(relative: &str) -> String {
    let path = image().join(relative);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The values of `key` in a unit, each assignment split at spaces.
fn values(unit: &str, key: &str) -> Vec<String> {
    let text = text(&format!("{UNITS}/{unit}"));
    text.lines()
        .filter_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        .flat_map(|value| value.split_whitespace().map(str::to_owned))
        .collect()
}

fn has(unit: &str, key: &str, value: &str) {
    let values = values(unit, key);
    assert!(
        values.iter().any(|found| found == value),
        "{unit}: {key}={values:?} lacks {value}"
    );
}

/// `wizamart-worker@emails.service` is made of `wizamart-worker@.service`.
fn file_of(unit: &str) -> String {
    match unit.split_once('@') {
        Some((name, _)) => format!("{name}@.service"),
        None => unit.to_owned(),
    }
}

/// `(unit, instances)` of each `enable` line.
fn enabled() -> BTreeSet<String> {
    let presets = text("usr/lib/systemd/system-preset/00-onebox.preset");
    presets
        .lines()
        .filter_map(|line| line.strip_prefix("enable "))
        .flat_map(|line| {
            let mut words = line.split_whitespace();
            let unit = words.next().unwrap_or_default().to_owned();
            let instances: Vec<&str> = words.collect();
            match unit.split_once('@') {
                Some((name, suffix)) if !instances.is_empty() => instances
                    .iter()
                    .map(|instance| format!("{name}@{instance}{suffix}"))
                    .collect(),
                _ => vec![unit],
            }
        })
        .collect()
}

#[test]
fn every_unit_that_a_healthy_boot_needs_is_there_and_enabled() {
    let enabled = enabled();
    for unit in units::required_for_health() {
        assert!(
            enabled.contains(&unit),
            "{unit} is in no enable line of the preset"
        );
        assert!(
            image().join(UNITS).join(file_of(&unit)).is_file(),
            "{unit} has no file"
        );
    }
    assert!(enabled.contains(units::HEALTH));
}

#[test]
fn the_health_gate_starts_after_the_application() {
    let after = values(units::HEALTH, "After");
    let workers = queues::ALL.into_iter().map(units::worker);
    for unit in workers.chain([units::WEB.to_owned(), units::SCHEDULER.to_owned()]) {
        assert!(
            after.contains(&unit),
            "{} is not after {unit}",
            units::HEALTH
        );
    }
}

#[test]
fn sockets_listen_where_the_firewall_lets_in() {
    for (unit, port, name) in [
        (units::HTTP_SOCKET, ports::HTTP, units::HTTP_FD_NAME),
        (units::HTTPS_SOCKET, ports::HTTPS, units::HTTPS_FD_NAME),
    ] {
        assert_eq!(values(unit, "ListenStream"), [port.to_string()]);
        assert_eq!(values(unit, "FileDescriptorName"), [name]);
        assert_eq!(values(unit, "Service"), [units::WEB]);
        assert!(ports::PUBLIC.contains(&port));
    }
    assert!(text("etc/ssh/sshd_config").lines().all(|line| {
        line.strip_prefix("Port ")
            .is_none_or(|port| port == ports::SSH.to_string())
    }));
}

#[test]
fn programs_and_rendered_files_are_where_the_model_says() {
    let starts = |unit: &str, word: &str| has(unit, "ExecStart", word);
    starts(units::CONFIG, paths::BOXD_BINARY);
    starts(units::HEALTH, paths::BOXD_BINARY);
    starts(units::WEB, paths::APP_BINARY);
    starts(units::MIGRATE, paths::APP_BINARY);
    starts(units::REDIS, paths::REDIS_CONF);
    starts(units::NFTABLES, paths::NFTABLES_CONF);
    starts(units::POSTGRESQL, paths::POSTGRES_DATA);
    starts(
        units::POSTGRESQL,
        &format!("config_file={}", paths::POSTGRES_CONF),
    );
    has(
        units::MIGRATE,
        "LoadCredential",
        &format!("initial-admin:{}", paths::INITIAL_ADMIN),
    );
    // Not the scheduler and the migrations: they open nothing.
    for unit in [units::WEB, "wizamart-worker@.service"] {
        has(
            unit,
            "LoadCredential",
            &format!("{}:{}", seal_keys::CREDENTIAL, paths::SEAL_KEYS),
        );
    }
    has(
        units::POSTGRESQL_INIT,
        "ConditionPathExists",
        &format!("!{}/PG_VERSION", paths::POSTGRES_DATA),
    );
}

/// Those that start before systemd-tmpfiles has run have systemd make theirs
/// (systemd.exec(5), StateDirectory=); the rest is in tmpfiles.d(5).
#[test]
fn directories_are_made_before_they_are_used() {
    let tmpfiles = text("usr/lib/tmpfiles.d/onebox.conf");
    assert!(
        tmpfiles
            .lines()
            .any(|line| line.split_whitespace().nth(1) == Some(paths::STATE_DIR)),
        "{} is in no line of tmpfiles.d/onebox.conf",
        paths::STATE_DIR
    );
    let makes = |unit: &str, key: &str, path: &str, base: &str| {
        let name = path.strip_prefix(base).unwrap_or(path);
        has(unit, key, name);
    };
    let run = Path::new(paths::REDIS_SOCKET).parent().unwrap();
    for (unit, state, runtime) in [
        (
            units::POSTGRESQL,
            paths::POSTGRES_HOME,
            paths::POSTGRES_SOCKET_DIR,
        ),
        (units::REDIS, paths::REDIS_DATA, run.to_str().unwrap()),
        (units::WEB, paths::APP_STATE_DIR, paths::APP_RUN_DIR),
    ] {
        makes(unit, "StateDirectory", state, "/var/lib/");
        makes(unit, "RuntimeDirectory", runtime, "/run/");
    }
    for unit in [units::MIGRATE, "wizamart-worker@.service"] {
        makes(unit, "StateDirectory", paths::APP_STATE_DIR, "/var/lib/");
    }
    let data = Path::new(paths::POSTGRES_DATA).parent().unwrap();
    for state in [paths::POSTGRES_HOME, data.to_str().unwrap()] {
        makes(units::POSTGRESQL_INIT, "StateDirectory", state, "/var/lib/");
    }
}

#[test]
fn sshd_reads_the_keys_that_boxd_writes() {
    let config = text("etc/ssh/sshd_config");
    for path in [paths::SSH_HOST_KEY, paths::SSH_RUN_AUTHORIZED_KEYS] {
        assert!(config.contains(path), "sshd_config does not name {path}");
    }
}
