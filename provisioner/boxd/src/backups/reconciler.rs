//! The keeper's recurring work with backups: making what is due, watching that
//! the log gets away, and drills.

use super::{BackupError, Backups, Condition, Origin, calendar, keys};
use crate::reconcilers::{Failure, Reconciler, Report};
use crate::status::machine;
use crate::steps::Steps;
use futures_util::future::{BoxFuture, FutureExt};
use onebox_api::backups::Archive;
use onebox_model::config::{Config, Repository};
use onebox_model::thresholds::{ARCHIVE_LAG_SECONDS, BACKUP_AGE_HOURS};
use serde_json::json;
use std::time::Duration;
use time::OffsetDateTime;

/// A box that has just started has other things to do.
const AFTER_BOOT: u64 = 300;
/// Before a failed backup is tried again: minutes for each failure, at most so
/// many.
const RETRY_MINUTES: i64 = 10;
const RETRY_MOST: i64 = 120;
/// The first drill comes so many hours after the first backup.
const FIRST_DRILL_HOURS: i64 = 24;

/// Makes backups when they are due.
#[derive(Clone, Debug)]
pub struct Backing(pub Backups);

/// Practises restores.
#[derive(Clone, Debug)]
pub struct Drills(pub Backups);

impl Reconciler for Backing {
    fn name(&self) -> &'static str {
        "backups"
    }

    fn description(&self) -> &'static str {
        "Makes backups when they are due, drops old ones, and watches that the log is archived."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn activate(&self) -> BoxFuture<'_, Result<Report, Failure>> {
        async {
            let kept = self.0.keep().await;
            if let Ok(config) = self.0.choices()
                && let Err(error) = self.0.count(&config).await
            {
                tracing::warn!("no metrics of backups: {error}");
            }
            Ok(kept?)
        }
        .boxed()
    }
}

impl Reconciler for Drills {
    fn name(&self) -> &'static str {
        "drills"
    }

    fn description(&self) -> &'static str {
        "Restores the newest backup aside now and then, and looks at it."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(3600)
    }

    fn activate(&self) -> BoxFuture<'_, Result<Report, Failure>> {
        async { Ok(self.0.keep_practised().await?) }.boxed()
    }
}

impl Backups {
    async fn keep(&self) -> Result<Report, BackupError> {
        let config = match self.choices() {
            Ok(config) => config,
            Err(BackupError::Off(why)) => return Ok(Report::ok(why, serde_json::Value::Null)),
            Err(error) => return Err(error),
        };
        // Somebody's backup or restore: the next minute comes.
        if self.turn.try_lock().is_err() {
            return Ok(Report::ok(
                "a backup, restore or drill is under way",
                serde_json::Value::Null,
            ));
        }
        keys::give(&self.disk, &config.backups)?;
        self.wake_server().await?;
        let origin = Origin::of_box(config.clone());
        let mut troubles = Vec::new();
        for repository in config.backups.repositories() {
            if let Err(error) = self.keep_in(&config, &origin, repository).await {
                troubles.push(format!("{repository}: {error}"));
            }
        }
        let info = self.info_lately(&origin).await?;
        let now = OffsetDateTime::now_utc();
        let state = super::State::load(&self.disk);
        let mut newest: Option<OffsetDateTime> = None;
        for repository in config.backups.repositories() {
            let last = info.backups(repository).last().map(|backup| backup.ended);
            newest = newest.max(last);
            let age = last.map(|last| (now - last).whole_hours());
            if age.is_some_and(|age| age >= BACKUP_AGE_HOURS) {
                let hours = age.unwrap_or_default();
                troubles.push(format!("{repository}: the last backup is {hours} h old"));
            }
            let tried = state.tries.get(repository.name());
            if let Some(error) = tried.and_then(|tried| tried.error.as_ref()) {
                let again = troubles.iter().any(|told| told.contains(error.as_str()));
                if !again {
                    troubles.push(format!("{repository}: the last backup failed: {error}"));
                }
            }
        }
        let archive = self.server().archive().await?;
        troubles.extend(lag(&archive));
        let details = json!({
            "archive": archive,
            "last": newest.map(|at| at.unix_timestamp()),
            "repositories": config.backups.repositories().iter()
                .map(|one| one.name()).collect::<Vec<_>>(),
        });
        Ok(if !troubles.is_empty() {
            Report::attention(troubles.join("; "), details)
        } else if let Some(newest) = newest {
            let minutes = (now - newest).whole_minutes();
            Report::ok(format!("the last backup is {minutes} min old"), details)
        } else {
            Report::ok("the first backup is still to come", details)
        })
    }

    /// Makes what is due in one repository.
    async fn keep_in(
        &self,
        config: &Config,
        origin: &Origin,
        repository: Repository,
    ) -> Result<(), BackupError> {
        let steps = Steps::logged();
        let info = self.info_lately(origin).await?;
        match info.condition(repository) {
            Condition::Wrong(why) => return Err(BackupError::Unreachable(why)),
            // Without it the log of changes has nowhere to go.
            Condition::Unused => {
                let Ok(_turn) = self.take("making a repository ready") else {
                    return Ok(());
                };
                self.stanza(&info, repository, &steps).await?;
                self.info(origin).await?;
            }
            Condition::Well => {}
        }
        let now = jiff::Zoned::now().with_time_zone(calendar::zone(&config.time.zone));
        let backups = info.backups(repository);
        let Some(kind) = calendar::due(&backups, &config.backups, &now) else {
            return Ok(());
        };
        if machine::uptime_seconds() < AFTER_BOOT || self.waits(repository) {
            return Ok(());
        }
        // Whoever looks in the same moment must not be refused for a look: only
        // now it is more. Somebody else's comes first, this one in a minute.
        let Ok(_turn) = self.take("a backup that was due") else {
            return Ok(());
        };
        self.make(config, &info, repository, kind, &steps).await?;
        self.info(origin).await?;
        Ok(())
    }

    /// Whether it is too early after a failure.
    fn waits(&self, repository: Repository) -> bool {
        let state = super::State::load(&self.disk);
        let Some(tried) = state.tries.get(repository.name()) else {
            return false;
        };
        let minutes = (i64::from(tried.failures_in_a_row) * RETRY_MINUTES).min(RETRY_MOST);
        let since = OffsetDateTime::now_utc() - tried.at;
        // From the future: the clock went back.
        tried.failures_in_a_row > 0 && (0..minutes).contains(&since.whole_minutes())
    }

    async fn keep_practised(&self) -> Result<Report, BackupError> {
        let config = match self.choices() {
            Ok(config) => config,
            Err(BackupError::Off(why)) => return Ok(Report::ok(why, serde_json::Value::Null)),
            Err(error) => return Err(error),
        };
        let days = i64::from(config.backups.drill_days);
        let now = OffsetDateTime::now_utc();
        let state = super::State::load(&self.disk);
        let last = state.drill.as_ref().map(|drill| drill.at);
        if days > 0 && self.drill_due(&config, last, days, now).await? {
            match self.drill(&Steps::logged()).await {
                Ok(_) => {}
                Err(BackupError::Busy(what)) => {
                    let told = format!("a drill is due and waits for {what}");
                    return Ok(Report::ok(told, serde_json::Value::Null));
                }
                Err(error) => return Err(error),
            }
        }
        let Some(drill) = super::State::load(&self.disk).drill else {
            return Ok(Report::ok("no drill yet", serde_json::Value::Null));
        };
        let details = serde_json::to_value(&drill).unwrap_or_default();
        Ok(match &drill.error {
            Some(error) => Report::attention(
                format!("the drill with {} failed: {error}", drill.repository),
                details,
            ),
            None => Report::ok(
                format!(
                    "the last drill brought {} back in {:.0} s",
                    drill.repository,
                    drill.rto_seconds.unwrap_or_default()
                ),
                details,
            ),
        })
    }

    async fn drill_due(
        &self,
        config: &Config,
        last: Option<OffsetDateTime>,
        days: i64,
        now: OffsetDateTime,
    ) -> Result<bool, BackupError> {
        if let Some(last) = last {
            return Ok((now - last).whole_days() >= days);
        }
        let info = self.info_lately(&Origin::of_box(config.clone())).await?;
        let first = config
            .backups
            .repositories()
            .into_iter()
            .filter_map(|repository| info.backups(repository).first().map(|one| one.ended))
            .min();
        Ok(first.is_some_and(|first| (now - first).whole_hours() >= FIRST_DRILL_HOURS))
    }
}

/// What is wrong with the way of the log into the archive.
fn lag(archive: &Archive) -> Option<String> {
    (archive.oldest_seconds >= ARCHIVE_LAG_SECONDS).then(|| {
        format!(
            "{} pieces of the log are not archived, the oldest for {} min: what is lost with the box grows (`journalctl -u postgresql`)",
            archive.waiting,
            archive.oldest_seconds / 60
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_does_not_get_away_is_told() {
        let archive = |oldest_seconds| Archive {
            waiting: 3,
            oldest_seconds,
            last: None,
        };
        assert_eq!(lag(&archive(120)), None);
        let told = lag(&archive(420)).unwrap();
        assert!(told.starts_with("3 pieces of the log"), "{told}");
        assert!(told.contains("7 min"), "{told}");
    }
}
