//! `pgbackrest.conf`, and what PostgreSQL's unit needs to archive.

use super::{Account, DROPIN_NAME, RenderedFile};
use crate::config::{Backups, Repository};
use crate::sizing::Sizing;
use crate::{paths, units};
use std::fmt::Write as _;

/// What the database is called in its repositories.
pub const STANZA: &str = "onebox";

/// File name of the drop-in that opens the network.
pub const BACKUPS_NAME: &str = "70-onebox-backups.conf";

/// pgBackRest keeps what it is not told to drop; which backups are dropped is
/// decided by the keeper, which knows weeks and months.
const KEEP_ALL: &str = "9999999";

/// Settings that no choice changes, of each repository.
const REPOSITORY: &[(&str, &str)] = &[
    ("cipher-type", "aes-256-cbc"),
    // Small files in few objects, and of large ones only the parts that changed.
    ("bundle", "y"),
    ("block", "y"),
    ("retention-full", KEEP_ALL),
];

/// The configuration without its secrets, which are in a file of their own.
pub(super) fn pgbackrest(backups: &Backups, sizing: &Sizing) -> String {
    let mut text = String::from("# Rendered at boot; changes here do not last.\n[global]\n");
    // The log is kept without a gap since so many full backups, one a week: any
    // second since the oldest of them can be gone back to.
    let weeks = (backups.keep_daily.div_ceil(7) + 1).to_string();
    for repository in backups.repositories() {
        let number = repository.number();
        for (name, value) in [
            ("retention-archive-type", "full"),
            ("retention-archive", &*weeks),
        ] {
            line(&mut text, &format!("repo{number}-{name}"), value);
        }
        for (name, value) in REPOSITORY {
            line(&mut text, &format!("repo{number}-{name}"), value);
        }
        match repository {
            Repository::Local => line(&mut text, "repo1-path", paths::BACKUP_REPOSITORY),
            Repository::S3 => object_store(&mut text, backups),
        }
    }
    let processes = sizing.postgres.max_parallel_workers.clamp(1, 4);
    for (name, value) in [
        ("compress-type", "zst"),
        ("compress-level", "3"),
        ("process-max", &*processes.to_string()),
        // A backup begins now and not at the next checkpoint.
        ("start-fast", "y"),
        // Pages are looked at as they are read.
        ("checksum-page", "y"),
        ("archive-timeout", "120"),
        ("lock-path", paths::PGBACKREST_LOCKS),
        // The journal has it.
        ("log-level-file", "off"),
    ] {
        line(&mut text, name, value);
    }
    let _ = writeln!(text, "[{STANZA}]");
    for (name, value) in [
        ("pg1-path", paths::POSTGRES_DATA),
        ("pg1-socket-path", paths::POSTGRES_SOCKET_DIR),
        ("pg1-user", "postgres"),
    ] {
        line(&mut text, name, value);
    }
    text
}

fn object_store(text: &mut String, backups: &Backups) {
    let s3 = &backups.s3;
    let (host, port) = s3.host_and_port().unwrap_or_default();
    for (name, value) in [
        ("repo2-type", "s3"),
        ("repo2-path", &*s3.path),
        ("repo2-s3-endpoint", host),
        ("repo2-storage-port", &*port.to_string()),
        ("repo2-s3-bucket", s3.bucket.as_deref().unwrap_or_default()),
        ("repo2-s3-region", &*s3.region),
        // Names of buckets in host names need certificates for each.
        ("repo2-s3-uri-style", "path"),
        ("repo2-s3-key", s3.access_key.as_deref().unwrap_or_default()),
    ] {
        line(text, name, value);
    }
    if let Some(file) = &s3.ca_file {
        line(text, "repo2-storage-ca-file", &file.to_string_lossy());
    }
}

fn line(text: &mut String, name: &str, value: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{name}={value}");
}

/// PostgreSQL's unit has no network; archiving to an object store needs one.
#[must_use]
pub fn network(backups: &Backups, directory: &str) -> Vec<RenderedFile> {
    if !backups.repositories().contains(&Repository::S3) {
        return Vec::new();
    }
    debug_assert!(BACKUPS_NAME > DROPIN_NAME, "the later one wins");
    vec![RenderedFile {
        path: format!(
            "{}/{}.d/{BACKUPS_NAME}",
            directory.trim_end_matches('/'),
            units::POSTGRESQL
        ),
        mode: 0o644,
        owner: Account::Root,
        group: Account::Root,
        content: "# The log is archived to an object store.\n\
                  [Service]\n\
                  PrivateNetwork=no\n\
                  RestrictAddressFamilies=AF_INET AF_INET6\n"
            .to_owned(),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Machine};

    const S3: &str = "[backups.s3]\nendpoint = \"https://s3.example.com:9000\"\nbucket = \"b\"\n\
                      access_key = \"k\"\nsecret_key = \"hunter2\"\n";

    fn rendered(text: &str) -> (String, Vec<RenderedFile>) {
        let config = Config::parse(text, "t".as_ref()).unwrap();
        let sizing = Sizing::for_machine(&Machine::of(1024, 2), &config);
        (
            pgbackrest(&config.backups, &sizing),
            network(&config.backups, "/g/"),
        )
    }

    #[test]
    fn without_a_bucket_the_server_stays_without_a_network() {
        let (text, dropins) = rendered("");
        assert!(text.contains("repo1-path=/var/lib/pgbackrest\n"), "{text}");
        assert!(!text.contains("repo2"), "{text}");
        assert_eq!(dropins, []);
    }

    #[test]
    fn a_bucket_is_the_second_repository_and_no_secret_is_shown() {
        let (text, dropins) = rendered(S3);
        for line in [
            "repo2-s3-endpoint=s3.example.com\n",
            "repo2-storage-port=9000\n",
            "repo2-cipher-type=aes-256-cbc\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert!(!text.contains("hunter2"));
        assert_eq!(
            dropins[0].path,
            "/g/postgresql.service.d/70-onebox-backups.conf"
        );
    }
}
