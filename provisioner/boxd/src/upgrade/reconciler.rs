//! The keeper's recurring work with releases: looking for new ones, installing
//! them where that was wished, and telling of those that were no good.

use super::{UpgradeError, Upgrades, channel, look, memory::Memory};
use crate::acme::config_in_force;
use crate::backups::weekday;
use crate::reconcilers::{Failure, Reconciler, Report};
use crate::status::machine;
use crate::steps::Steps;
use futures_util::future::{BoxFuture, FutureExt};
use jiff::tz::TimeZone;
use jiff::{ToSpan as _, Zoned};
use onebox_api::upgrades::{Ask, Ending};
use onebox_model::config::Updates as Choices;
use serde_json::json;
use std::time::Duration;
use time::OffsetDateTime;

/// Between two looks at the channel.
const READ_EVERY: i64 = 6;
/// A box that has just started has other things to do.
const AFTER_BOOT: u64 = 600;
/// A rollback is told for so many days.
const TOLD_DAYS: i64 = 7;

/// Looks for new releases.
#[derive(Clone, Debug)]
pub struct Updates(pub Upgrades);

impl Reconciler for Updates {
    fn name(&self) -> &'static str {
        "updates"
    }

    fn description(&self) -> &'static str {
        "Looks for new releases, installs them where that is wished, and tells of those that were no good."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(300)
    }

    fn activate(&self) -> BoxFuture<'_, Result<Report, Failure>> {
        async { Ok(self.0.keep().await?) }.boxed()
    }
}

impl Upgrades {
    async fn keep(&self) -> Result<Report, UpgradeError> {
        // Outside of a slot there is nothing to upgrade.
        let Ok((_, running)) = self.running() else {
            let told = "this system does not run from a slot";
            return Ok(Report::ok(told, serde_json::Value::Null));
        };
        let config = config_in_force(&self.disk);
        let now = OffsetDateTime::now_utc();
        let mut memory = Memory::load(&self.disk)?;
        if config.updates.channel.is_some() && machine::uptime_seconds() >= AFTER_BOOT {
            let read = memory.channel.read_at;
            if read.is_none_or(|read| (now - read).whole_hours().abs() >= READ_EVERY) {
                // What is wrong is remembered, and told below.
                if let Err(error) = channel::read(&self.disk, &config).await {
                    tracing::warn!("{error}");
                }
                memory = Memory::load(&self.disk)?;
            }
        }
        let newest = memory.channel.newest.clone();
        let newer = newest.filter(|newest| look::is_newer(newest, &running.version));
        let is_bad = |version: &str| memory.bad.iter().any(|bad| bad.version == version);
        if let Some(version) = newer.as_deref().filter(|version| !is_bad(version)) {
            let zone = TimeZone::get(&config.time.zone).unwrap_or(TimeZone::UTC);
            let local = Zoned::now().with_time_zone(zone);
            if in_window(&config.updates, &local) && machine::uptime_seconds() >= AFTER_BOOT {
                let asked = Ask {
                    source: Some(version.to_owned()),
                    ..Ask::default()
                };
                self.begin(&asked, &Steps::logged()).await?;
                let told = format!("going over to release {version}");
                return Ok(Report::ok(told, serde_json::Value::Null));
            }
        }
        let details = json!({
            "running": running, "newer": newer, "bad": memory.bad.len(),
            "channel_error": memory.channel.error,
        });
        let rolled_back = memory.history.last().filter(|event| {
            event.ending == Ending::RolledBack && (now - event.at).whole_days() < TOLD_DAYS
        });
        Ok(if let Some(event) = rolled_back {
            let why: Vec<String> = event.probes.iter().map(ToString::to_string).collect();
            Report::attention(
                format!(
                    "release {} was no good and the box went back to {}: {}; `boxctl upgrade status` has its logs",
                    event.to.version,
                    event.from.version,
                    why.join("; ")
                ),
                details,
            )
        } else if let Some(error) = memory
            .channel
            .error
            .filter(|_| config.updates.channel.is_some())
        {
            Report::attention(error, details)
        } else if let Some(version) = newer {
            let told = format!(
                "release {version} is there; `boxctl upgrade --check` says what it changes"
            );
            Report::ok(told, details)
        } else {
            Report::ok(format!("release {} runs", running.version), details)
        })
    }
}

/// Whether an upgrade may begin by itself now.
fn in_window(choices: &Choices, now: &Zoned) -> bool {
    let Some((hour, minute)) = choices.hour_and_minute() else {
        return false;
    };
    if !choices.automatic {
        return false;
    }
    // One that began yesterday may last until today.
    [0, 1].into_iter().any(|days| {
        let begin = now.checked_sub(days.days()).and_then(|day| {
            let (hour, minute) = (i8::try_from(hour), i8::try_from(minute));
            let time = jiff::civil::time(hour.unwrap_or(0), minute.unwrap_or(0), 0, 0);
            day.date()
                .to_datetime(time)
                .to_zoned(now.time_zone().clone())
        });
        let Ok(begin) = begin else {
            return false;
        };
        let since = now.timestamp().as_second() - begin.timestamp().as_second();
        let is_day = choices.on.is_none_or(|on| weekday(on) == begin.weekday());
        is_day && (0..i64::from(choices.minutes) * 60).contains(&since)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use onebox_model::config::Day;

    #[test]
    fn upgrades_begin_in_their_hours_only() {
        let mut choices = Choices {
            automatic: true,
            from: "23:30".to_owned(),
            minutes: 60,
            on: Some(Day::Saturday),
            ..Choices::default()
        };
        let at = |text: &str| text.parse::<Zoned>().unwrap();
        for (text, is) in [
            ("2026-11-28T23:29:59+01:00[Europe/Berlin]", false),
            ("2026-11-28T23:30:00+01:00[Europe/Berlin]", true),
            // Past midnight it is still Saturday's.
            ("2026-11-29T00:29:59+01:00[Europe/Berlin]", true),
            ("2026-11-29T00:30:00+01:00[Europe/Berlin]", false),
            ("2026-11-29T23:45:00+01:00[Europe/Berlin]", false),
        ] {
            assert_eq!(in_window(&choices, &at(text)), is, "{text}");
        }
        choices.on = None;
        assert!(in_window(
            &choices,
            &at("2026-11-29T23:45:00+01:00[Europe/Berlin]")
        ));
        choices.automatic = false;
        assert!(!in_window(
            &choices,
            &at("2026-11-29T23:45:00+01:00[Europe/Berlin]")
        ));
    }
}
