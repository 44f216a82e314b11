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
/// The firewall.
pub const NFTABLES: &str = "nftables.service";
/// The operator's shell.
pub const SSH: &str = "ssh.service";
/// The gate that confirms a boot.
pub const HEALTH: &str = "onebox-health.service";

/// `FileDescriptorName=` of [`HTTP_SOCKET`].
pub const HTTP_FD_NAME: &str = "http";
/// `FileDescriptorName=` of [`HTTPS_SOCKET`].
pub const HTTPS_FD_NAME: &str = "https";

/// The worker unit of a queue.
#[must_use]
pub fn worker(queue: QueueName) -> String {
    format!("wizamart-worker@{queue}.service")
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
    fn health_asks_for_every_queue() {
        let units = required_for_health();
        for queue in queues::ALL {
            assert!(units.contains(&worker(queue)), "{queue} is missing");
        }
    }
}
