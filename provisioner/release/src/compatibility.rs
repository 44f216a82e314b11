//! What keeps a release from being installed on a box.

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::manifest::{Collation, Release};

/// What a box is and has, as far as a release must fit it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// The kind of box.
    pub compatible: String,
    /// The release it runs.
    pub version: Version,
    /// Major version of PostgreSQL that made its data directory; nothing when
    /// the database is elsewhere.
    pub postgresql_major: Option<u32>,
    /// The order of its database's text, as the database recorded it.
    pub collation: Option<Collation>,
    /// Its database's schema.
    pub schema: Option<Database>,
    /// Version of the files that its Redis writes.
    pub redis_rdb_version: Option<u32>,
}

/// A database's schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// Number of its last migration.
    pub version: i64,
    /// The oldest schema whose programs it still serves.
    pub serves_from: i64,
}

/// Whether an older release may follow a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Downgrade {
    /// It may not: an old release has the holes that newer ones closed.
    Refused,
    /// Somebody who may asked for it.
    Forced,
}

/// One thing in the way. Each message ends with what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "obstacle", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Obstacle {
    /// It is for another kind of box.
    #[error("the release is for {release:?}, this box is a {installed:?}: take a release of that")]
    Compatible {
        /// What it is for.
        release: String,
        /// What the box is.
        installed: String,
    },
    /// It is there already.
    #[error("release {0} is what this box runs: there is nothing to do")]
    Same(
        /// The version of both.
        Version,
    ),
    /// It is older.
    #[error(
        "release {release} is older than this box's {installed}: take a newer one, \
         or add --force"
    )]
    Downgrade {
        /// Its version.
        release: Version,
        /// The box's.
        installed: Version,
    },
    /// The box is too far behind for one step.
    #[error(
        "release {release} can be installed over {minimum} and later, this box has {installed}: \
         install {minimum} first"
    )]
    BelowMinimum {
        /// Its version.
        release: Version,
        /// What it asks for.
        minimum: Version,
        /// The box's.
        installed: Version,
    },
    /// Another PostgreSQL cannot open the data directory.
    #[error(
        "release {version} has PostgreSQL {release}, the box's data are of {installed}: take a \
         release with PostgreSQL {installed}, or move the data as the book's page on upgrades says"
    )]
    PostgresqlMajor {
        /// The release.
        version: Version,
        /// Its PostgreSQL.
        release: u32,
        /// The box's.
        installed: u32,
    },
    /// Indices on text would be in the wrong order.
    #[error(
        "release {version} orders text by {release}, the box's indices are by {installed}: take a \
         release with {installed}, or move the data as the book's page on upgrades says"
    )]
    Collation {
        /// The release.
        version: Version,
        /// Its collation.
        release: String,
        /// The box's.
        installed: String,
    },
    /// The database is older than what it migrates.
    #[error(
        "release {version} takes over schemas from {reads_from} on, the database is at {schema}: \
         install a release in between first"
    )]
    SchemaTooOld {
        /// The release.
        version: Version,
        /// Its oldest schema.
        reads_from: i64,
        /// The database's.
        schema: i64,
    },
    /// The database is newer, and has lost what the release needs.
    #[error(
        "release {version} knows schemas up to {reads_to}, the database is at {schema} and serves \
         programs from {serves_from} on: take a newer release, or run \
         `wizamart migrate --revert-to {reads_to}` first"
    )]
    SchemaTooNew {
        /// The release.
        version: Version,
        /// Its newest schema.
        reads_to: i64,
        /// The database's.
        schema: i64,
        /// The oldest that the database serves.
        serves_from: i64,
    },
    /// Its Redis cannot read the box's files.
    #[error(
        "Redis of release {version} reads files up to version {release}, the box's are of \
         {installed}: take a newer release"
    )]
    RedisOlder {
        /// The release.
        version: Version,
        /// What it reads.
        release: u32,
        /// What the box writes.
        installed: u32,
    },
}

/// Everything that keeps `release` from being installed; nothing when it may be.
#[must_use]
pub fn obstacles(release: &Release, installed: &Installed, downgrade: Downgrade) -> Vec<Obstacle> {
    let mut found = Vec::new();
    if release.compatible != installed.compatible {
        found.push(Obstacle::Compatible {
            release: release.compatible.clone(),
            installed: installed.compatible.clone(),
        });
    }
    versions(release, installed, downgrade, &mut found);
    data(release, installed, &mut found);
    found
}

fn versions(
    release: &Release,
    installed: &Installed,
    downgrade: Downgrade,
    found: &mut Vec<Obstacle>,
) {
    // Build metadata is no part of the order (semver.org, 10).
    let order = release.version.cmp_precedence(&installed.version);
    if order.is_eq() {
        found.push(Obstacle::Same(installed.version.clone()));
    } else if order.is_lt() && downgrade == Downgrade::Refused {
        found.push(Obstacle::Downgrade {
            release: release.version.clone(),
            installed: installed.version.clone(),
        });
    }
    if installed
        .version
        .cmp_precedence(&release.minimum_version)
        .is_lt()
    {
        found.push(Obstacle::BelowMinimum {
            release: release.version.clone(),
            minimum: release.minimum_version.clone(),
            installed: installed.version.clone(),
        });
    }
}

fn data(release: &Release, installed: &Installed, found: &mut Vec<Obstacle>) {
    let version = &release.version;
    match installed.postgresql_major {
        Some(major) if major != release.postgresql_major => {
            found.push(Obstacle::PostgresqlMajor {
                version: version.clone(),
                release: release.postgresql_major,
                installed: major,
            });
        }
        _ => {}
    }
    match &installed.collation {
        Some(collation) if *collation != release.collation => {
            found.push(Obstacle::Collation {
                version: version.clone(),
                release: release.collation.to_string(),
                installed: collation.to_string(),
            });
        }
        _ => {}
    }
    if let Some(database) = installed.schema {
        let schema = &release.schema;
        // An empty database is made, whatever the oldest schema is.
        if database.version != 0 && database.version < schema.reads_from {
            found.push(Obstacle::SchemaTooOld {
                version: version.clone(),
                reads_from: schema.reads_from,
                schema: database.version,
            });
        }
        if database.version > schema.reads_to && database.serves_from > schema.writes {
            found.push(Obstacle::SchemaTooNew {
                version: version.clone(),
                reads_to: schema.reads_to,
                schema: database.version,
                serves_from: database.serves_from,
            });
        }
    }
    match installed.redis_rdb_version {
        Some(rdb) if rdb > release.redis_rdb_version => found.push(Obstacle::RedisOlder {
            version: version.clone(),
            release: release.redis_rdb_version,
            installed: rdb,
        }),
        _ => {}
    }
}

impl std::fmt::Display for Collation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            provider,
            locale,
            version,
        } = self;
        write!(f, "{provider} {locale} {version}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::release;

    fn installed(version: &str) -> Installed {
        Installed {
            compatible: crate::COMPATIBLE.to_owned(),
            version: version.parse().unwrap(),
            postgresql_major: Some(17),
            collation: Some(release(version).collation),
            schema: Some(Database {
                version: 14,
                serves_from: 3,
            }),
            redis_rdb_version: Some(12),
        }
    }

    /// The only obstacle after `change` of a pair that fits.
    fn only(change: impl Fn(&mut Release, &mut Installed)) -> Obstacle {
        let (mut release, mut installed) = (release("1.2.0"), installed("1.1.0"));
        change(&mut release, &mut installed);
        let mut found = obstacles(&release, &installed, Downgrade::Refused);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[test]
    fn what_fits_has_no_obstacle() {
        let found = obstacles(&release("1.2.0"), &installed("1.1.0"), Downgrade::Refused);
        assert_eq!(found, []);
        let mut elsewhere = installed("1.1.0");
        elsewhere.postgresql_major = None;
        elsewhere.collation = None;
        elsewhere.schema = None;
        elsewhere.redis_rdb_version = None;
        let found = obstacles(&release("1.2.0"), &elsewhere, Downgrade::Refused);
        assert_eq!(found, []);
    }

    #[test]
    fn each_obstacle_names_the_value_and_what_to_do() {
        let said = only(|release, _| "other-box".clone_into(&mut release.compatible)).to_string();
        assert!(said.contains("other-box") && said.contains(crate::COMPATIBLE));
        let said = only(|release, _| release.minimum_version = Version::new(1, 1, 5)).to_string();
        assert!(said.contains("install 1.1.5 first"), "{said}");
        let said = only(|release, _| release.postgresql_major = 18).to_string();
        assert!(said.contains("PostgreSQL 18") && said.contains("17"));
        let said = only(|release, _| "2".clone_into(&mut release.collation.version)).to_string();
        assert!(said.contains("builtin C.UTF-8 2"), "{said}");
        let said = only(|release, _| release.schema.reads_from = 15).to_string();
        assert!(said.contains("from 15 on") && said.contains("at 14"));
        let said = only(|_, installed| {
            installed.schema = Some(Database {
                version: 17,
                serves_from: 16,
            });
        })
        .to_string();
        assert!(said.contains("--revert-to 15"), "{said}");
        let said = only(|_, installed| installed.redis_rdb_version = Some(13)).to_string();
        assert!(said.contains("up to version 12") && said.contains("13"));
        assert!(matches!(
            only(|release, _| release.version = Version::new(1, 1, 0)),
            Obstacle::Same(_)
        ));
    }

    #[test]
    fn a_newer_database_that_serves_this_release_is_no_obstacle() {
        let mut box_ = installed("1.1.0");
        box_.schema = Some(Database {
            version: 17,
            serves_from: 15,
        });
        assert_eq!(obstacles(&release("1.2.0"), &box_, Downgrade::Refused), []);
    }

    #[test]
    fn a_downgrade_must_be_forced_and_forcing_removes_nothing_else() {
        let (mut old, box_) = (release("1.0.0"), installed("1.1.0"));
        let found = obstacles(&old, &box_, Downgrade::Refused);
        assert!(
            matches!(found[..], [Obstacle::Downgrade { .. }]),
            "{found:?}"
        );
        assert_eq!(obstacles(&old, &box_, Downgrade::Forced), []);
        old.postgresql_major = 16;
        let found = obstacles(&old, &box_, Downgrade::Forced);
        assert!(matches!(found[..], [Obstacle::PostgresqlMajor { .. }]));
    }

    #[test]
    fn a_release_candidate_comes_before_its_release() {
        let found = obstacles(
            &release("1.1.0-rc.1"),
            &installed("1.1.0"),
            Downgrade::Refused,
        );
        assert!(
            matches!(found[..], [Obstacle::Downgrade { .. }]),
            "{found:?}"
        );
        let found = obstacles(
            &release("1.1.0+b2"),
            &installed("1.1.0+b1"),
            Downgrade::Refused,
        );
        assert!(matches!(found[..], [Obstacle::Same(_)]), "{found:?}");
    }
}
