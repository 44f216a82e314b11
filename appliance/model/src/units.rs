//! Names of the systemd units of a box.

use crate::queues::{self, QueueName};

/// Prepares state and renders configuration before everything else.
pub const CONFIG: &str = "onebox-config.service";
/// Creates the database cluster on first boot.
pub const POSTGRESQL_INIT: &str = "postgresql-init.service";
/// The database.
pub const POSTGRESQL: &str = "postgresql.service";
/// Cache, sessions and limits.
pub const REDIS: &str = "redis.service";
/// Brings the schema up to the application's version.
pub const MIGRATE: &str = "wizamart-migrate.service";
/// Binds port 80.
pub const HTTP_SOCKET: &str = "onebox-http.socket";
/// Binds port 443.
pub const HTTPS_SOCKET: &str = "onebox-https.socket";
/// The application's web process.
pub const WEB: &str = "wizamart-web.service";
/// Periodic jobs.
pub const SCHEDULER: &str = "wizamart-scheduler.service";
/// Reads some of the uploaded files, and compares them with their rows.
pub const FILES_CHECK: &str = "wizamart-files-check.service";
/// Walks through the whole once, as a customer would.
pub const SELF_TEST: &str = "wizamart-self-test.service";
/// The firewall.
pub const NFTABLES: &str = "nftables.service";
/// The operator's shell.
pub const SSH: &str = "ssh.service";
/// Mounts the slot that does not run as the root of a soft reboot.
pub const NEXT_ROOT: &str = "onebox-next-root.service";
/// The gate that confirms a boot.
pub const HEALTH: &str = "onebox-health.service";

/// The keeper.
pub const BOXD: &str = "boxd.service";
/// Where the keeper listens.
pub const BOXD_SOCKET: &str = "boxd.socket";
/// The system's bus, which the keeper speaks to systemd through.
pub const DBUS: &str = "dbus-broker.service";

/// `FileDescriptorName=` of [`HTTP_SOCKET`].
pub const HTTP_FD_NAME: &str = "http";
/// `FileDescriptorName=` of [`HTTPS_SOCKET`].
pub const HTTPS_FD_NAME: &str = "https";

/// The worker unit of a queue.
#[must_use]
pub fn worker(queue: QueueName) -> String {
    format!("wizamart-worker@{queue}.service")
}

/// The unit that takes the database's schema back to a migration.
#[must_use]
pub fn revert(version: i64) -> String {
    format!("wizamart-revert@{version}.service")
}

/// Units that must be active before a boot counts as healthy.
///
/// [`WEB`] stands here besides its sockets: a socket stays active while the
/// service behind it fails over and over.
#[must_use]
pub fn required_for_health() -> Vec<String> {
    let mut units: Vec<String> = [
        CONFIG,
        POSTGRESQL,
        REDIS,
        MIGRATE,
        HTTP_SOCKET,
        HTTPS_SOCKET,
        WEB,
        SCHEDULER,
        NFTABLES,
        SSH,
    ]
    .map(str::to_owned)
    .to_vec();
    units.extend(queues::ALL.into_iter().map(worker));
    units
}

/// The units that are the box's own, in the order of a boot: what an operator
/// looks at and acts on.
#[must_use]
pub fn own() -> Vec<String> {
    let mut units = required_for_health();
    units.insert(1, POSTGRESQL_INIT.to_owned());
    units.extend([HEALTH, BOXD_SOCKET, BOXD].map(str::to_owned));
    units
}

/// What people call the box's own units, with the unit that is meant. Several
/// may mean one.
#[must_use]
pub fn short_names() -> Vec<(String, String)> {
    let mut names: Vec<(String, String)> = [
        ("config", CONFIG),
        ("postgresql", POSTGRESQL),
        ("postgres", POSTGRESQL),
        ("redis", REDIS),
        ("migrate", MIGRATE),
        ("http", HTTP_SOCKET),
        ("https", HTTPS_SOCKET),
        ("web", WEB),
        ("scheduler", SCHEDULER),
        ("firewall", NFTABLES),
        ("ssh", SSH),
        ("health", HEALTH),
        ("boxd", BOXD),
    ]
    .map(|(name, unit)| (name.to_owned(), unit.to_owned()))
    .to_vec();
    names.extend(
        queues::ALL
            .into_iter()
            .map(|queue| (format!("worker/{queue}"), worker(queue))),
    );
    names
}

/// A name that means no unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no unit {name:?} on a box{}; `boxctl service list` shows them, a whole name such as \"systemd-resolved.service\" is taken as it stands",
    .nearest.as_ref().map(|near| format!(", did you mean {near:?}?")).unwrap_or_default()
)]
pub struct UnknownUnit {
    /// What was asked for.
    pub name: String,
    /// The short name that is most like it.
    pub nearest: Option<String>,
}

/// The unit that somebody means: a short name, one of the box's own without
/// its suffix, or any whole unit name.
///
/// # Errors
/// When it is none of these.
pub fn resolve(name: &str) -> Result<String, UnknownUnit> {
    let short = short_names();
    if let Some((_, unit)) = short.iter().find(|(short, _)| short == name) {
        return Ok(unit.clone());
    }
    let own = own();
    if let Some(unit) = own
        .iter()
        .find(|unit| unit.rsplit_once('.').is_some_and(|(stem, _)| stem == name))
    {
        return Ok(unit.clone());
    }
    if is_unit_name(name) {
        return Ok(name.to_owned());
    }
    let nearest = short
        .into_iter()
        .map(|(short, _)| (strsim::jaro_winkler(&short, name), short))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, short)| short);
    Err(UnknownUnit {
        name: name.to_owned(),
        nearest,
    })
}

/// Whether systemd would take it as a unit's name (systemd.unit(5)).
fn is_unit_name(name: &str) -> bool {
    const KINDS: [&str; 10] = [
        "service",
        "socket",
        "target",
        "timer",
        "mount",
        "automount",
        "path",
        "slice",
        "scope",
        "device",
    ];
    let letters = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    name.len() <= 255
        && name
            .rsplit_once('.')
            .is_some_and(|(stem, kind)| !stem.is_empty() && KINDS.contains(&kind))
        && name.chars().all(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_unit_is_named_after_its_queue() {
        assert_eq!(
            worker(QueueName::Imports),
            "wizamart-worker@imports.service"
        );
    }

    #[test]
    fn names_that_people_use_are_understood() {
        for (name, unit) in [
            ("web", WEB),
            ("wizamart-web", WEB),
            ("wizamart-web.service", WEB),
            ("worker/imports", "wizamart-worker@imports.service"),
            ("systemd-resolved.service", "systemd-resolved.service"),
        ] {
            assert_eq!(resolve(name).as_deref(), Ok(unit), "{name}");
        }
        let unknown = resolve("worker/import").unwrap_err();
        assert_eq!(unknown.nearest.as_deref(), Some("worker/imports"));
        for name in ["", "nginx", "a b.service", "../x.service", ".service"] {
            assert!(resolve(name).is_err(), "{name}");
        }
    }

    #[test]
    fn health_asks_for_every_queue() {
        let units = required_for_health();
        for queue in queues::ALL {
            assert!(units.contains(&worker(queue)), "{queue} is missing");
        }
    }
}
