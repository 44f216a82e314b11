//! What is counted of backups, for Prometheus: a file that the application's
//! metrics end with, because the keeper listens nowhere.

use super::state::State;
use super::{BackupError, Backups};
use crate::disk::Access;
use onebox_api::backups::Archive;
use onebox_model::config::Config;
use onebox_model::paths::KEEPER_METRICS;
use onebox_model::render::Account;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::atomic::AtomicU64;
use time::OffsetDateTime;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    repository: &'static str,
}

impl Backups {
    /// Writes the file anew.
    pub(super) async fn count(&self, config: &Config) -> Result<(), BackupError> {
        let archive = self.server().archive().await.ok();
        let state = State::load(&self.disk);
        let text = page(config, &state, archive.as_ref(), OffsetDateTime::now_utc())
            .map_err(|error| BackupError::io("write metrics")(std::io::Error::other(error)))?;
        let access = |mode| Access::of(Account::Root, mode);
        self.disk.directory(KEEPER_METRICS, access(0o755))?;
        let file = format!("{KEEPER_METRICS}/backups.prom");
        self.disk.write(&file, text.as_bytes(), access(0o644))?;
        Ok(())
    }
}

fn page(
    config: &Config,
    state: &State,
    archive: Option<&Archive>,
    now: OffsetDateTime,
) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("onebox_backup");
    repositories(&mut registry, config, state, now);
    if let Some(archive) = archive {
        let help = "Pieces of the log (16 MiB) that are not in every repository";
        registry.register(
            "log_waiting",
            help,
            ConstGauge::new(number(archive.waiting)),
        );
        let help = "How long the oldest of them has waited";
        let oldest = ConstGauge::new(number(archive.oldest_seconds));
        registry.register_with_unit("log_oldest_waiting", help, Unit::Seconds, oldest);
    }
    if let Some(drill) = &state.drill {
        let help = "When a restore was last practised, as Unix time";
        let at = ConstGauge::new(drill.at.unix_timestamp());
        registry.register_with_unit("drill_last", help, Unit::Seconds, at);
        let help = "Whether that went well";
        let well = i64::from(drill.error.is_none());
        registry.register("drill_well", help, ConstGauge::new(well));
        for (name, help, seconds) in [
            (
                "drill_rpo",
                "How long a commit took into the archive then",
                drill.rpo_seconds,
            ),
            (
                "drill_rto",
                "How long the restore took until PostgreSQL answered",
                drill.rto_seconds,
            ),
        ] {
            if let Some(seconds) = seconds {
                let gauge = ConstGauge::new(seconds);
                registry.register_with_unit(name, help, Unit::Seconds, gauge);
            }
        }
    }
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn repositories(registry: &mut Registry, config: &Config, state: &State, now: OffsetDateTime) {
    let last = Family::<Labels, Gauge>::default();
    let failures = Family::<Labels, Gauge>::default();
    let bytes = Family::<Labels, Gauge<u64, AtomicU64>>::default();
    let growth = Family::<Labels, Gauge>::default();
    for one in config.backups.repositories() {
        let labels = Labels {
            repository: one.name(),
        };
        if let Some(at) = state.last.get(one.name()) {
            last.get_or_create(&labels).set(at.0.unix_timestamp());
        }
        let tried = state.tries.get(one.name());
        let failed = tried.map_or(0, |tried| tried.failures_in_a_row);
        failures.get_or_create(&labels).set(i64::from(failed));
        if let Some(size) = state.bytes.get(one.name()) {
            bytes.get_or_create(&labels).set(*size);
        }
        if let Some(more) = state.growth(one.name(), now) {
            growth.get_or_create(&labels).set(more);
        }
    }
    let help = "When the last backup ended, as Unix time";
    registry.register_with_unit("last", help, Unit::Seconds, last);
    let help = "Backups that failed since the last that did not";
    registry.register("failures_in_a_row", help, failures);
    let help = "What the backups in a repository take";
    registry.register_with_unit("size", help, Unit::Bytes, bytes);
    let help = "By how much that changes in a day, over the last week";
    registry.register_with_unit("growth_per_day", help, Unit::Bytes, growth);
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backups::state::{Moment, Try};
    use onebox_api::backups::Drill;

    #[test]
    fn repositories_log_and_drill_are_counted() {
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let mut state = State::default();
        state.last.insert("local".to_owned(), Moment(now));
        let failed = Try {
            at: now,
            failures_in_a_row: 2,
            error: Some("no room".to_owned()),
        };
        state.tries.insert("local".to_owned(), failed);
        state.measured("local", now - time::Duration::days(2), 1_000);
        state.measured("local", now, 5_000);
        state.drill = Some(Drill {
            at: now,
            repository: "local".to_owned(),
            label: None,
            error: None,
            checks: Vec::new(),
            rpo_seconds: Some(4.5),
            rto_seconds: Some(17.25),
        });
        let archive = Archive {
            waiting: 3,
            oldest_seconds: 90,
            last: None,
        };
        let text = page(&Config::default(), &state, Some(&archive), now).unwrap();
        for line in [
            "onebox_backup_last_seconds{repository=\"local\"} 1800000000",
            "onebox_backup_failures_in_a_row{repository=\"local\"} 2",
            "onebox_backup_size_bytes{repository=\"local\"} 5000",
            "onebox_backup_growth_per_day_bytes{repository=\"local\"} 2000",
            "onebox_backup_log_waiting 3",
            "onebox_backup_log_oldest_waiting_seconds 90",
            "onebox_backup_drill_last_seconds 1800000000",
            "onebox_backup_drill_well 1",
            "onebox_backup_drill_rpo_seconds 4.5",
            "onebox_backup_drill_rto_seconds 17.25",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}: {text}");
        }
        assert!(text.ends_with("# EOF\n"));
        // A box that has done nothing yet.
        let text = page(&Config::default(), &State::default(), None, now).unwrap();
        assert!(!text.contains("drill") && !text.contains("log_"), "{text}");
    }
}
