//! Schedules in the five fields of cron: minute, hour, day of month, month,
//! day of week (0 or 7 is Sunday), in UTC. Fields hold `*`, numbers, ranges,
//! lists and steps. As in cron, when both days are restricted either suffices.

use std::str::FromStr;
use time::{Date, Duration, OffsetDateTime, Time};

/// When something is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    either_day: bool,
}

/// The text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no schedule: {why}; write five fields, such as \"17 * * * *\"")]
pub struct NoSchedule {
    text: String,
    why: String,
}

/// The longest gap of a schedule that runs at all: 29 February across 2100.
const HORIZON_DAYS: i64 = 366 * 8 + 3;

impl FromStr for Schedule {
    type Err = NoSchedule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let no = |why: String| NoSchedule {
            text: text.to_owned(),
            why,
        };
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            return Err(no(format!("it has {} fields", fields.len())));
        };
        let field = |text, name, least, most| {
            field(text, least, most).ok_or_else(|| no(format!("the {name} field is {text:?}")))
        };
        let sunday_twice = field(weekdays, "weekday", 0, 7)?;
        let schedule = Self {
            minutes: field(minutes, "minute", 0, 59)?,
            hours: field(hours, "hour", 0, 23)?,
            days: field(days, "day", 1, 31)?,
            months: field(months, "month", 1, 12)?,
            weekdays: (sunday_twice | (sunday_twice >> 7)) & 0x7f,
            either_day: days != "*" && weekdays != "*",
        };
        schedule
            .find_after(OffsetDateTime::UNIX_EPOCH)
            .map(|_| schedule)
            .ok_or_else(|| no("no such day exists".to_owned()))
    }
}

impl Schedule {
    /// The first run strictly after a moment.
    #[must_use]
    pub fn next_after(&self, moment: OffsetDateTime) -> OffsetDateTime {
        // Parsing has made sure that there is one, short of the end of time.
        self.find_after(moment)
            .unwrap_or(moment + Duration::days(HORIZON_DAYS))
    }

    fn find_after(&self, moment: OffsetDateTime) -> Option<OffsetDateTime> {
        let moment = moment.to_offset(time::UtcOffset::UTC);
        let minute = moment.minute();
        let start = moment.replace_time(Time::from_hms(moment.hour(), minute, 0).ok()?);
        let first = start.checked_add(Duration::MINUTE)?;
        let mut date = first.date();
        for _ in 0..HORIZON_DAYS {
            if self.runs_on(date) {
                let from = if date == first.date() {
                    first.time()
                } else {
                    Time::MIDNIGHT
                };
                if let Some(time) = self.time_from(from) {
                    return Some(date.with_time(time).assume_utc());
                }
            }
            date = date.next_day()?;
        }
        None
    }

    fn runs_on(&self, date: Date) -> bool {
        let has = |set: u64, value: u8| set & (1 << value) != 0;
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().number_days_from_sunday());
        let day_fits = if self.either_day {
            day || weekday
        } else {
            day && weekday
        };
        has(self.months, u8::from(date.month())) && day_fits
    }

    fn time_from(&self, from: Time) -> Option<Time> {
        let fits = |set: u64, value: u8| set & (1 << value) != 0;
        (from.hour()..24)
            .filter(|hour| fits(self.hours, *hour))
            .find_map(|hour| {
                let least = if hour == from.hour() {
                    from.minute()
                } else {
                    0
                };
                let minute = (least..60).find(|minute| fits(self.minutes, *minute))?;
                Time::from_hms(hour, minute, 0).ok()
            })
    }
}

/// A field as a set of bits; `None` when it is not one.
fn field(text: &str, least: u8, most: u8) -> Option<u64> {
    text.split(',')
        .try_fold(0, |set, part| Some(set | part_of(part, least, most)?))
}

fn part_of(text: &str, least: u8, most: u8) -> Option<u64> {
    let (range, step) = match text.split_once('/') {
        Some((range, step)) => (range, step.parse::<u8>().ok().filter(|step| *step > 0)?),
        None => (text, 1),
    };
    let (from, to) = match range.split_once('-') {
        _ if range == "*" => (least, most),
        Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
        // "5/10" means "from 5 on, every 10".
        None if text.contains('/') => (range.parse().ok()?, most),
        None => {
            let one = range.parse().ok()?;
            (one, one)
        }
    };
    let sound = least <= from && from <= to && to <= most;
    sound.then(|| {
        (from..=to)
            .step_by(usize::from(step))
            .fold(0, |set, value| set | (1 << value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn next(schedule: &str, after: OffsetDateTime) -> OffsetDateTime {
        schedule.parse::<Schedule>().unwrap().next_after(after)
    }

    #[test]
    fn the_next_run_is_strictly_later() {
        let at = datetime!(2026-03-01 10:17 UTC);
        assert_eq!(next("17 * * * *", at), datetime!(2026-03-01 11:17 UTC));
        assert_eq!(next("17 * * * *", at - Duration::SECOND), at);
    }

    #[test]
    fn fields_roll_over_into_the_next_day_month_and_year() {
        assert_eq!(
            next("*/15 8-9 * * *", datetime!(2026-12-31 09:50 UTC)),
            datetime!(2027-01-01 08:00 UTC)
        );
        assert_eq!(
            next("0 0 31 * *", datetime!(2026-04-01 00:00 UTC)),
            datetime!(2026-05-31 00:00 UTC)
        );
    }

    #[test]
    fn sunday_is_0_and_7() {
        let after = datetime!(2026-11-23 12:00 UTC);
        assert_eq!(next("0 6 * * 7", after), datetime!(2026-11-29 06:00 UTC));
        assert_eq!(next("0 6 * * 0", after), datetime!(2026-11-29 06:00 UTC));
    }

    #[test]
    fn either_day_suffices_when_both_are_restricted() {
        let after = datetime!(2026-11-23 12:00 UTC);
        assert_eq!(next("0 0 25 * 0", after), datetime!(2026-11-25 00:00 UTC));
        assert_eq!(next("0 0 30 * 5", after), datetime!(2026-11-27 00:00 UTC));
    }

    #[test]
    fn a_leap_day_is_found_across_a_century_without_one() {
        assert_eq!(
            next("0 0 29 2 *", datetime!(2096-03-01 00:00 UTC)),
            datetime!(2104-02-29 00:00 UTC)
        );
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_its_reason() {
        for bad in [
            "",
            "* * * *",
            "60 * * * *",
            "* 24 * * *",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "0 0 31 2 *",
            "* * 0 * *",
            "1,,2 * * * *",
        ] {
            assert!(bad.parse::<Schedule>().is_err(), "{bad:?}");
        }
        let error = "60 * * * *".parse::<Schedule>().unwrap_err().to_string();
        assert!(error.contains("minute") && error.contains("60"), "{error}");
    }
}
