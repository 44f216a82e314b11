//! Looking at a release before anything is done: where it is, what it would
//! change on this box, and what is in its way.

use super::memory::Memory;
use super::switch::Way;
use super::{UpgradeError, Upgrades, channel, rauc};
use crate::acme::config_in_force;
use crate::disk::Disk;
use crate::status::machine;
use crate::steps::Steps;
use onebox_api::upgrades::{Ask, Ending, Offer, PackageChange};
use onebox_model::config::Config;
use onebox_model::paths::{POSTGRES_DATA, POSTGRES_SOCKET_DIR};
use onebox_release::changes::Changes;
use onebox_release::compatibility::{Database, Downgrade, obstacles};
use onebox_release::manifest::Collation;
use onebox_release::{COMPATIBLE, Installed, Release, Version, manifest};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Row as _};
use std::time::Duration;

/// Bytes that must be free while a release is on trial: its migrations write
/// anew what they change, and the data of before stay.
const FREE: u64 = 512 * 1_000_000;
/// Times of past upgrades that are shown.
const SHOWN: usize = 3;
/// A server that does not answer within this does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

const SCHEMA: &str = "SELECT coalesce(max(version), 0)::bigint AS version, \
    coalesce(max(compatible_from), 0)::bigint AS serves_from FROM schema_migrations";
const COLLATION: &str = "SELECT datlocprovider::text AS provider, \
    coalesce(datlocale, datcollate) AS locale, coalesce(datcollversion, '') AS version \
    FROM pg_database WHERE datname = current_database()";

/// A release, and where RAUC finds its bundle.
#[derive(Debug)]
pub(super) struct Source {
    /// A path or a URL.
    pub(super) bundle: String,
    /// What it says of itself, which somebody who is trusted has signed.
    pub(super) release: Release,
}

/// Whether a version is newer than another; not when one of them is none.
pub(super) fn is_newer(version: &str, than: &str) -> bool {
    match (version.parse::<Version>(), than.parse()) {
        (Ok(version), Ok(than)) => version > than,
        _ => false,
    }
}

/// Finds what was asked for.
///
/// # Errors
/// When there is no such release, or nobody who is trusted signed it.
pub(super) async fn find(
    disk: &Disk,
    config: &Config,
    asked: &Ask,
    steps: &Steps,
) -> Result<Source, UpgradeError> {
    let version = match asked.source.as_deref() {
        Some(place) if place.starts_with('/') || place.contains("://") => {
            steps.tell(format!("looking at {place}"));
            return inspect(place).await;
        }
        Some(text) => Some(text.parse().map_err(|error| {
            UpgradeError::Refused(format!(
                "{text:?} is no version ({error}), no whole path and no URL; write one such as 1.2.0, /var/tmp/onebox-1.2.0.raucb or https://…"
            ))
        })?),
        None => None,
    };
    steps.tell("reading the channel");
    let bundle = channel::bundle(disk, config, version.as_ref()).await?;
    let source = inspect(&bundle.url).await?;
    // The channel's list and the bundle are signed each: they must agree.
    if source.release.version != bundle.version {
        return Err(UpgradeError::Channel {
            address: bundle.url,
            why: format!(
                "it is said to be release {} and is {}; publish it anew",
                bundle.version, source.release.version
            ),
        });
    }
    Ok(source)
}

async fn inspect(bundle: &str) -> Result<Source, UpgradeError> {
    let meta = rauc::inspect(bundle).await?;
    let release = Release::from_meta(&meta)
        .map_err(|error| UpgradeError::Refused(format!("{bundle}: {error}")))?;
    Ok(Source {
        bundle: bundle.to_owned(),
        release,
    })
}

impl Upgrades {
    /// What a release would change, and what is in its way.
    pub(super) async fn offer(&self, source: &Source, asked: &Ask) -> Result<Offer, UpgradeError> {
        let (_, running) = self.running()?;
        let own = self.own_release()?;
        let release = &source.release;
        let config = config_in_force(&self.disk);
        let memory = Memory::load(&self.disk)?;
        let installed = self.installed(&config, &own).await?;
        let downgrade = if asked.force {
            Downgrade::Forced
        } else {
            Downgrade::Refused
        };
        let mut found: Vec<String> = obstacles(release, &installed, downgrade)
            .iter()
            .map(ToString::to_string)
            .collect();
        let version = release.version.to_string();
        if let Some(bad) = memory.is_bad(&version, &release.revision)
            && !asked.force
        {
            let why: Vec<String> = bad.probes.iter().map(ToString::to_string).collect();
            found.push(format!(
                "release {version} was tried on {} and was no good: {}; take another, or add --force",
                bad.at.date(),
                why.join("; ")
            ));
        }
        let disk = machine::disk_use(&self.disk.path("/var"))
            .map_err(|error| UpgradeError::Refused(error.to_string()))?;
        if disk.free_bytes < FREE {
            found.push(format!(
                "/var has {} MB free, and a trial wants {} MB: make room (`boxctl doctor --only disk` says what is large)",
                disk.free_bytes / 1_000_000,
                FREE / 1_000_000
            ));
        }
        let changes = Changes::between(&own, release);
        let last_backup = self.last_backup().await;
        let ended = memory.history.iter();
        let ended = ended.filter(|event| event.ending == Ending::Committed);
        let mut before: Vec<f64> = ended.map(|event| event.away_seconds).collect();
        before.drain(..before.len().saturating_sub(SHOWN));
        Ok(Offer {
            running,
            version,
            revision: release.revision.clone(),
            source: source.bundle.clone(),
            bytes: release.image.as_ref().map_or(0, |image| image.size),
            packages: packages(&changes),
            migrations: changes
                .migrations
                .iter()
                .map(|one| format!("{one:04}"))
                .collect(),
            kernel_changes: changes.kernel.is_some(),
            steps: steps_of(asked, &changes, config.updates.trial_minutes),
            away_seconds_before: before,
            free: disk.free_bytes,
            last_backup,
            obstacles: found,
        })
    }

    async fn last_backup(&self) -> Option<time::OffsetDateTime> {
        let seen = self.backups.seen().await.ok()?;
        seen.last.into_iter().filter_map(|(_, last)| last).max()
    }

    /// What the release that runs says of itself.
    pub(super) fn own_release(&self) -> Result<Release, UpgradeError> {
        let bytes = self.disk.read(manifest::IN_IMAGE)?.ok_or_else(|| {
            UpgradeError::Refused(format!(
                "{} is missing, so nobody can tell what would change; this image is damaged",
                manifest::IN_IMAGE
            ))
        })?;
        Release::parse(&bytes)
            .map_err(|error| UpgradeError::Refused(format!("{}: {error}", manifest::IN_IMAGE)))
    }

    async fn installed(&self, config: &Config, own: &Release) -> Result<Installed, UpgradeError> {
        let mut installed = Installed {
            compatible: COMPATIBLE.to_owned(),
            version: own.version.clone(),
            postgresql_major: None,
            collation: None,
            schema: None,
            redis_rdb_version: config.redis.url.is_none().then_some(own.redis_rdb_version),
        };
        // One elsewhere goes its own way.
        if config.database.url.is_some() {
            return Ok(installed);
        }
        let made_by = self.disk.read(&format!("{POSTGRES_DATA}/PG_VERSION"))?;
        let made_by = made_by.and_then(|bytes| String::from_utf8(bytes).ok());
        installed.postgresql_major = made_by.and_then(|text| text.trim().parse().ok());
        let (schema, collation) = self.ask_patiently().await?;
        installed.schema = Some(schema);
        installed.collation = Some(collation);
        Ok(installed)
    }

    /// The database's schema and order of text.
    ///
    /// # Errors
    /// When it does not say.
    pub(super) async fn ask_patiently(&self) -> Result<(Database, Collation), UpgradeError> {
        match tokio::time::timeout(PATIENCE, self.ask_database()).await {
            Ok(answer) => answer,
            Err(_) => Err(UpgradeError::Refused(
                "PostgreSQL does not answer, so nobody can tell whether the release fits; `boxctl doctor` says what is wrong"
                    .to_owned(),
            )),
        }
    }

    /// A connection to the box's own database.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn database(&self) -> Result<PgConnection, UpgradeError> {
        let options = PgConnectOptions::new_without_pgpass()
            .socket(self.disk.path(POSTGRES_SOCKET_DIR))
            .username("postgres")
            .database("wizamart")
            .application_name("boxd");
        PgConnection::connect_with(&options).await.map_err(unasked)
    }

    async fn ask_database(&self) -> Result<(Database, Collation), UpgradeError> {
        let mut connection = self.database().await?;
        schema_and_collation(&mut connection).await.map_err(unasked)
    }
}

fn unasked(error: sqlx::Error) -> UpgradeError {
    UpgradeError::Refused(format!(
        "PostgreSQL cannot be asked what its schema is, so nobody can tell whether the release fits: {error}; `boxctl doctor` says what is wrong"
    ))
}

async fn schema_and_collation(
    connection: &mut PgConnection,
) -> Result<(Database, Collation), sqlx::Error> {
    let schema = sqlx::query(SCHEMA).fetch_one(&mut *connection).await?;
    let collation = sqlx::query(COLLATION).fetch_one(&mut *connection).await?;
    let provider: String = collation.try_get("provider")?;
    Ok((
        Database {
            version: schema.try_get("version")?,
            serves_from: schema.try_get("serves_from")?,
        },
        Collation {
            // pg_database(5): one letter for each.
            provider: match &*provider {
                "b" => "builtin",
                "i" => "icu",
                _ => "libc",
            }
            .to_owned(),
            locale: collation.try_get("locale")?,
            version: collation.try_get("version")?,
        },
    ))
}

fn packages(changes: &Changes) -> Vec<PackageChange> {
    let package = |name: &str, from: Option<&str>, to: Option<&str>| PackageChange {
        name: name.to_owned(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    };
    let updated = changes.updated.iter();
    let updated = updated.map(|(name, one)| package(name, Some(&one.from), Some(&one.to)));
    let added = changes.added.iter();
    let added = added.map(|(name, version)| package(name, None, Some(version)));
    let removed = changes.removed.iter();
    let removed = removed.map(|(name, version)| package(name, Some(version), None));
    let mut all: Vec<PackageChange> = updated.chain(added).chain(removed).collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

fn steps_of(asked: &Ask, changes: &Changes, minutes: u16) -> Vec<String> {
    let mut steps = Vec::new();
    if !asked.no_backup {
        steps.push("make a backup".to_owned());
    }
    steps.push("write the release into the slot that does not run".to_owned());
    steps.push(Way::to(changes.kernel.is_some(), asked.restart).told());
    steps.push("keep a copy of the data as they are (it shares their blocks)".to_owned());
    steps.push(match changes.migrations.len() {
        0 => "no migration runs: the schema stays as it is".to_owned(),
        1 => "run 1 migration".to_owned(),
        many => format!("run {many} migrations"),
    });
    steps.push(format!(
        "judge it for up to {minutes} minutes: every unit, HTTPS, a login, a write and a read, a job"
    ));
    steps.push("keep it and let visitors in, or go back to this release and these data".to_owned());
    steps
}
