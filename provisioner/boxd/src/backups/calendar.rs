//! What is due, and what need not be kept: computed from times alone.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};
use onebox_api::backups::{Backup, Kind};
use onebox_model::config::{Backups, Day};
use std::collections::{BTreeMap, BTreeSet};

/// A full backup that is a week late is made on any day.
const FULL_AFTER_DAYS: i64 = 8;
/// Seconds by which the clock of PostgreSQL may be ahead of ours.
const AHEAD: i64 = 600;
/// Hours for which the small ones of a day are kept.
const SMALL_HOURS: i64 = 48;

/// Time zone of the schedule; UTC when the box does not know its name.
pub(super) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// The kind of backup that should be made now, of one repository's `backups`.
pub(super) fn due(backups: &[Backup], choices: &Backups, now: &Zoned) -> Option<Kind> {
    let started = |backup: &&Backup| backup.started.unix_timestamp();
    // One from the future, of a clock that was wrong, keeps none from being made.
    let latest = now.timestamp().as_second() + AHEAD;
    let backups = || backups.iter().filter(|backup| started(backup) <= latest);
    let Some(full) = backups()
        .filter(|backup| backup.kind == Kind::Full)
        .max_by_key(started)
    else {
        return Some(Kind::Full);
    };
    let moment = last_moment(choices, now)?;
    let since = |backup: &Backup| now.timestamp().as_second() - backup.started.unix_timestamp();
    let newest_daily = backups()
        .filter(|backup| backup.kind != Kind::Incr)
        .max_by_key(started)?;
    if newest_daily.started.unix_timestamp() < moment.timestamp().as_second() {
        let full_day = weekday(choices.full_on) == moment.weekday();
        let late = since(full) > FULL_AFTER_DAYS * 86_400;
        return Some(if full_day || late {
            Kind::Full
        } else {
            Kind::Diff
        });
    }
    let newest = backups().max_by_key(started)?;
    let hours = i64::from(choices.between_hours);
    (hours > 0 && since(newest) >= hours * 3600).then_some(Kind::Incr)
}

/// The last time of day that a daily backup should have begun at.
fn last_moment(choices: &Backups, now: &Zoned) -> Option<Zoned> {
    let (hour, minute) = choices.hour_and_minute()?;
    let (hour, minute) = (i8::try_from(hour).ok()?, i8::try_from(minute).ok()?);
    let today = now.date().at(hour, minute, 0, 0);
    // A time that the clock skips is the one after the gap.
    let today = today.to_zoned(now.time_zone().clone()).ok()?;
    if today <= *now {
        return Some(today);
    }
    let yesterday = now.date().checked_sub(1.day()).ok()?;
    let before = yesterday.at(hour, minute, 0, 0);
    before.to_zoned(now.time_zone().clone()).ok()
}

pub(crate) const fn weekday(day: Day) -> jiff::civil::Weekday {
    use jiff::civil::Weekday;
    match day {
        Day::Monday => Weekday::Monday,
        Day::Tuesday => Weekday::Tuesday,
        Day::Wednesday => Weekday::Wednesday,
        Day::Thursday => Weekday::Thursday,
        Day::Friday => Weekday::Friday,
        Day::Saturday => Weekday::Saturday,
        Day::Sunday => Weekday::Sunday,
    }
}

/// The backups of one repository that need not be kept, oldest first: all of
/// the last days stay, then one full one a week, then one a month, and whatever
/// those need. The newest full one always stays.
pub(super) fn superfluous(backups: &[Backup], choices: &Backups, now: &Zoned) -> Vec<String> {
    let age = |backup: &Backup| now.timestamp().as_second() - backup.ended.unix_timestamp();
    let mut kept: BTreeSet<&str> = BTreeSet::new();
    for backup in backups {
        let days = if backup.kind == Kind::Incr {
            SMALL_HOURS * 3600
        } else {
            i64::from(choices.keep_daily) * 86_400
        };
        // One from the future is none of ours to judge: the clock may be wrong.
        if age(backup) <= days {
            kept.insert(&backup.label);
        }
    }
    let fulls = || backups.iter().filter(|backup| backup.kind == Kind::Full);
    let zoned = |backup: &Backup| {
        Timestamp::from_second(backup.ended.unix_timestamp())
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_zoned(now.time_zone().clone())
    };
    // The newest of each period, and of these the newest so many.
    let mut periods = |of: &dyn Fn(&Zoned) -> (i16, i8), most: u16| {
        let newest: BTreeMap<(i16, i8), &Backup> =
            fulls().map(|backup| (of(&zoned(backup)), backup)).collect();
        for backup in newest.values().rev().take(usize::from(most)) {
            kept.insert(&backup.label);
        }
    };
    let week = |at: &Zoned| {
        let week = at.date().iso_week_date();
        (week.year(), week.week())
    };
    periods(&week, choices.keep_weekly);
    periods(&|at| (at.year(), at.month()), choices.keep_monthly);
    if let Some(newest) = fulls().next_back() {
        kept.insert(&newest.label);
    }
    let needed: BTreeSet<&str> = backups
        .iter()
        .filter(|backup| kept.contains(&*backup.label))
        .flat_map(|backup| backup.needs.iter().map(String::as_str))
        .collect();
    backups
        .iter()
        .map(|backup| &*backup.label)
        .filter(|label| !kept.contains(label) && !needed.contains(label))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    fn at(text: &str) -> Zoned {
        let text = format!("{text}[Europe/Luxembourg]");
        text.parse().unwrap()
    }

    fn backup(kind: Kind, ended: &Zoned, needs: &[&str]) -> Backup {
        let second = ended.timestamp().as_second();
        let time = OffsetDateTime::from_unix_timestamp(second).unwrap();
        Backup {
            label: format!("{}-{}", ended.strftime("%Y%m%d-%H"), kind.name()),
            repository: "local".to_owned(),
            kind,
            started: time,
            ended: time,
            bytes: 1,
            stored: 1,
            needs: needs.iter().map(|&need| need.to_owned()).collect(),
            damaged: false,
            notes: BTreeMap::new(),
        }
    }

    #[test]
    fn the_first_is_full_and_then_the_calendar_says() {
        let choices = Backups::default();
        // A Friday.
        let now = at("2026-11-27T12:00");
        assert_eq!(due(&[], &choices, &now), Some(Kind::Full));
        let first = backup(Kind::Full, &now, &[]);
        let all = [first];
        let asked = |text: &str| due(&all, &choices, &at(text));
        assert_eq!(asked("2026-11-27T12:30"), None);
        assert_eq!(asked("2026-11-27T13:00"), Some(Kind::Incr));
        assert_eq!(asked("2026-11-28T02:29"), Some(Kind::Incr));
        assert_eq!(asked("2026-11-28T02:30"), Some(Kind::Diff));
        // The box was off on Saturday; on Sunday before the time it is still due.
        assert_eq!(asked("2026-11-29T01:00"), Some(Kind::Diff));
        assert_eq!(asked("2026-11-29T02:30"), Some(Kind::Full));
        // Weeks later, on any day.
        assert_eq!(asked("2026-12-11T12:00"), Some(Kind::Full));
    }

    #[test]
    fn a_time_that_the_clock_skips_or_has_twice_is_one_backup() {
        let choices = Backups::default();
        // Clocks go from 2:00 to 3:00 on 29 March 2026, a Sunday.
        let before = backup(Kind::Full, &at("2026-03-28T12:00"), &[]);
        let all = [before];
        assert_ne!(
            due(&all, &choices, &at("2026-03-29T01:59")),
            Some(Kind::Full)
        );
        let late = at("2026-03-29T04:00");
        assert_eq!(due(&all, &choices, &late), Some(Kind::Full));
        let made = [all[0].clone(), backup(Kind::Full, &late, &[])];
        assert_eq!(due(&made, &choices, &at("2026-03-29T04:30")), None);
    }

    #[test]
    fn days_weeks_and_months_are_kept() {
        let choices = Backups {
            keep_monthly: 3,
            ..Backups::default()
        };
        let mut all = Vec::new();
        let mut day = at("2026-06-01T02:30");
        let mut full = String::new();
        let now = at("2026-11-27T03:00");
        while day <= now {
            let kind = if day.weekday() == jiff::civil::Weekday::Sunday || all.is_empty() {
                Kind::Full
            } else {
                Kind::Diff
            };
            let needs = [full.as_str()];
            let one = backup(kind, &day, if kind == Kind::Full { &[] } else { &needs });
            if kind == Kind::Full {
                full.clone_from(&one.label);
            }
            all.push(one);
            day = day.checked_add(1.day()).unwrap();
        }
        let dropped: BTreeSet<String> = superfluous(&all, &choices, &now).into_iter().collect();
        let left: Vec<&str> = all
            .iter()
            .map(|backup| &*backup.label)
            .filter(|label| !dropped.contains(*label))
            .collect();
        // Months: the last full ones of September, October and November; weeks:
        // the last four; days: seven, with the full one they need.
        assert_eq!(
            left,
            [
                "20260927-02-full",
                "20261025-02-full",
                "20261101-02-full",
                "20261108-02-full",
                "20261115-02-full",
                "20261121-02-diff",
                "20261122-02-full",
                "20261123-02-diff",
                "20261124-02-diff",
                "20261125-02-diff",
                "20261126-02-diff",
                "20261127-02-diff",
            ]
        );
    }

    #[test]
    fn nothing_is_dropped_because_the_clock_went_wrong() {
        let choices = Backups::default();
        let made = [backup(Kind::Full, &at("2026-11-22T02:30"), &[])];
        for now in ["2020-01-01T00:00", "2036-01-01T00:00"] {
            assert!(superfluous(&made, &choices, &at(now)).is_empty(), "{now}");
        }
    }
}
