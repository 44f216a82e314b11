//! What has to be told when rendered files or choices change: which unit, and
//! whether a reload is enough.

use crate::config::Config;
use crate::render::{BACKUPS_NAME, CREDENTIALS_NAME};
use crate::{paths, queues, units};
use std::collections::BTreeMap;

/// How a unit takes notice. The stronger one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Notice {
    /// It reads its files again.
    Reload,
    /// It is stopped and started.
    Restart,
}

/// Units to tell, with how, in the order to do it.
pub type Notices = Vec<(String, Notice)>;

/// Settings of PostgreSQL that are read when the server starts and not later
/// (`pg_settings.context = 'postmaster'`), of those that are rendered.
pub const POSTMASTER_SETTINGS: &[&str] = &[
    "archive_mode",
    "autovacuum_max_workers",
    "cluster_name",
    "data_directory",
    "hba_file",
    "huge_pages",
    "ident_file",
    "listen_addresses",
    "logging_collector",
    "max_connections",
    "max_wal_senders",
    "max_worker_processes",
    "shared_buffers",
    "superuser_reserved_connections",
    "unix_socket_directories",
    "wal_level",
];

/// Who has to be told that a rendered file changed from one text to another.
/// Unit limits are taken in by systemd itself when it reads its files again.
#[must_use]
pub fn of_file(path: &str, before: &str, after: &str) -> Option<(String, Notice)> {
    for name in [CREDENTIALS_NAME, BACKUPS_NAME] {
        let directory = path.strip_suffix(&format!(".d/{name}"));
        if let Some((_, unit)) = directory.and_then(|directory| directory.rsplit_once('/')) {
            // One that runs only when it is called for is not to run because of it.
            if [units::FILES_CHECK, units::SELF_TEST].contains(&unit) {
                return None;
            }
            // Credentials and networks are given when a unit starts.
            return Some((unit.to_owned(), Notice::Restart));
        }
    }
    let (unit, notice) = of_rendered(path, before, after)?;
    Some((unit.to_owned(), notice))
}

fn of_rendered(path: &str, before: &str, after: &str) -> Option<(&'static str, Notice)> {
    match path {
        paths::NFTABLES_CONF => Some((units::NFTABLES, Notice::Reload)),
        paths::POSTGRES_HBA | paths::POSTGRES_IDENT => Some((units::POSTGRESQL, Notice::Reload)),
        paths::POSTGRES_CONF => Some((units::POSTGRESQL, postgresql(before, after))),
        paths::REDIS_CONF => Some((units::REDIS, Notice::Restart)),
        // sshd reads keys at each login; the application's copy is judged by
        // what it says (`of_config`).
        _ => None,
    }
}

fn postgresql(before: &str, after: &str) -> Notice {
    let (before, after) = (settings(before), settings(after));
    let names = before.keys().chain(after.keys());
    let needs_restart = names
        .filter(|name| before.get(*name) != after.get(*name))
        .any(|name| POSTMASTER_SETTINGS.contains(name));
    if needs_restart {
        Notice::Restart
    } else {
        Notice::Reload
    }
}

fn settings(text: &str) -> BTreeMap<&str, &str> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect()
}

/// The application's units that have to be told that choices changed. It reads
/// its configuration when it starts; the site's sockets stay open meanwhile.
#[must_use]
pub fn of_config(before: &Config, after: &Config) -> Notices {
    // Sections that are not the application's.
    let apps = |config: &Config| Config {
        ssh: Config::default().ssh,
        firewall: Config::default().firewall,
        acme: Config::default().acme,
        alerts: Config::default().alerts,
        backups: Config::default().backups,
        updates: Config::default().updates,
        workers: Config::default().workers,
        ..config.clone()
    };
    let all = apps(before) != apps(after);
    let workers = queues::ALL.into_iter().map(units::worker);
    let mut told: Vec<String> = Vec::new();
    if all {
        told.push(units::WEB.to_owned());
        told.push(units::SCHEDULER.to_owned());
    }
    if all || before.workers != after.workers {
        told.extend(workers);
    }
    told.into_iter()
        .map(|unit| (unit, Notice::Restart))
        .collect()
}

/// Of several notices to one unit the strongest, servers before who uses them.
#[must_use]
pub fn in_order(notices: impl IntoIterator<Item = (String, Notice)>) -> Notices {
    let mut strongest: BTreeMap<String, Notice> = BTreeMap::new();
    for (unit, notice) in notices {
        let kept = strongest.entry(unit).or_insert(notice);
        *kept = (*kept).max(notice);
    }
    let rank = |unit: &str| match unit {
        units::NFTABLES => 0,
        units::POSTGRESQL => 1,
        units::REDIS => 2,
        units::WEB => 4,
        _ => 3,
    };
    let mut ordered: Notices = strongest.into_iter().collect();
    ordered.sort_by_key(|(unit, _)| rank(unit));
    ordered
}

/// Whether a change of this file could lock the operator out.
#[must_use]
pub fn could_lock_out(path: &str) -> bool {
    matches!(path, paths::NFTABLES_CONF | paths::SSH_RUN_AUTHORIZED_KEYS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn config(text: &str) -> Config {
        Config::parse(text, Path::new("onebox.toml")).unwrap()
    }

    #[test]
    fn settings_that_are_read_at_the_start_need_one() {
        let before = "# c\nshared_buffers = 1kB\nwork_mem = 1kB\n";
        let memory = before.replace("work_mem = 1", "work_mem = 2");
        let buffers = before.replace("shared_buffers = 1", "shared_buffers = 2");
        let of = |after: &str| of_rendered(paths::POSTGRES_CONF, before, after);
        assert_eq!(of(&memory), Some((units::POSTGRESQL, Notice::Reload)));
        assert_eq!(of(&buffers), Some((units::POSTGRESQL, Notice::Restart)));
        assert_eq!(of(""), Some((units::POSTGRESQL, Notice::Restart)));
    }

    #[test]
    fn a_secret_restarts_who_runs_with_it_and_starts_nobody() {
        let of = |unit: &str| of_file(&format!("/g/{unit}.d/{CREDENTIALS_NAME}"), "a", "b");
        let web = (units::WEB.to_owned(), Notice::Restart);
        assert_eq!(of(units::WEB), Some(web));
        assert_eq!(of(units::FILES_CHECK), None);
        assert_eq!(of(units::SELF_TEST), None);
    }

    #[test]
    fn the_application_is_told_of_its_own_sections_only() {
        let none = config("");
        let key =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUZjYvdyPVu1JmIHUkPEE4aYpTNL1vYqFdzmqnWhlK5";
        let keys = config(&format!("[ssh]\nauthorized_keys = [\"{key}\"]\n"));
        assert_eq!(of_config(&none, &keys), []);
        let workers = of_config(&none, &config("[workers.emails]\nconcurrency = 3\n"));
        assert_eq!(workers.len(), queues::ALL.len());
        assert!(workers.iter().all(|(unit, _)| unit.contains("worker")));
        let zone = of_config(&none, &config("[time]\nzone = \"Europe/Luxembourg\"\n"));
        assert_eq!(zone.len(), queues::ALL.len() + 2);
    }

    #[test]
    fn the_stronger_notice_wins_and_servers_come_first() {
        let told = [
            (units::WEB, Notice::Restart),
            (units::POSTGRESQL, Notice::Reload),
            (units::POSTGRESQL, Notice::Restart),
            (units::NFTABLES, Notice::Reload),
        ]
        .map(|(unit, notice)| (unit.to_owned(), notice));
        let units: Vec<String> = in_order(told).into_iter().map(|(unit, _)| unit).collect();
        assert_eq!(units, [units::NFTABLES, units::POSTGRESQL, units::WEB]);
    }
}
