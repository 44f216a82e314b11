//! What is wrong, what was told of it, and what waits to be told.
//!
//! A trouble is told once it has lasted, then again at long intervals, and when
//! it is over; one that passes before it was told is told nobody. Each message
//! goes to each channel on its own: one that fails does not keep the others.

use super::event::{Event, Kind};
use onebox_api::alerts::{Status, Trouble, Waiting};
use onebox_model::config::Alerts;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use time::{Duration, OffsetDateTime};

/// A message is given up after so long: it is news no more.
const STALE: Duration = Duration::days(3);
/// Between two tries, at first; twice as long after each.
const FIRST_PAUSE: Duration = Duration::seconds(30);
const LONGEST_PAUSE: Duration = Duration::hours(1);
/// Messages that wait at most, over all channels.
const MOST_WAITING: usize = 500;

/// The book.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Book {
    #[serde(default)]
    troubles: BTreeMap<String, Entry>,
    #[serde(default)]
    waiting: Vec<Delivery>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    summary: String,
    #[serde(with = "time::serde::rfc3339")]
    since: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    told: Option<OffsetDateTime>,
}

/// A message to a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Delivery {
    pub(super) channel: String,
    pub(super) event: Event,
    attempts: u32,
    #[serde(with = "time::serde::rfc3339")]
    next_try: OffsetDateTime,
    error: Option<String>,
}

impl Book {
    /// Takes in what is wrong now (names with summaries), and puts down what
    /// is to be told to whom.
    pub(super) fn observe(
        &mut self,
        now: OffsetDateTime,
        host: &str,
        wrong: &BTreeMap<String, String>,
        rules: &Alerts,
        channels: &[String],
    ) {
        let seconds = |value: u64| Duration::seconds(i64::try_from(value).unwrap_or(i64::MAX));
        let after = seconds(rules.after);
        let repeat = (rules.repeat > 0).then(|| seconds(rules.repeat.saturating_mul(3600)));
        let mut events = Vec::new();
        for (name, summary) in wrong {
            let entry = self.troubles.entry(name.clone()).or_insert_with(|| Entry {
                summary: String::new(),
                since: now,
                told: None,
            });
            entry.summary.clone_from(summary);
            let kind = match entry.told {
                None if now - entry.since >= after => Kind::Wrong,
                Some(told) if repeat.is_some_and(|pause| now - told >= pause) => Kind::Reminder,
                _ => continue,
            };
            entry.told = Some(now);
            events.push((kind, name.clone(), summary.clone(), entry.since));
        }
        let over: Vec<String> = self.troubles.keys().cloned().collect();
        for name in over.into_iter().filter(|name| !wrong.contains_key(name)) {
            if let Some(entry) = self.troubles.remove(&name)
                && entry.told.is_some()
            {
                events.push((Kind::Well, name, entry.summary, entry.since));
            }
        }
        for (kind, name, summary, since) in events {
            let event = Event {
                kind,
                name,
                summary,
                host: host.to_owned(),
                since,
                at: now,
            };
            self.put_down(&event, channels);
        }
    }

    fn put_down(&mut self, event: &Event, channels: &[String]) {
        for channel in channels {
            self.waiting.push(Delivery {
                channel: channel.clone(),
                event: event.clone(),
                attempts: 0,
                next_try: event.at,
                error: None,
            });
        }
        let over = self.waiting.len().saturating_sub(MOST_WAITING);
        self.waiting.drain(..over);
    }

    /// Takes out what is due to be tried. What is too old, or for a channel
    /// that is no more, is dropped. After a message that fails, a channel's
    /// later ones wait too: "well again" must not come before "wrong".
    pub(super) fn due(&mut self, now: OffsetDateTime, channels: &[String]) -> Vec<Delivery> {
        self.waiting.retain(|delivery| {
            let keep = channels.contains(&delivery.channel) && now - delivery.event.at < STALE;
            if !keep {
                let (channel, subject) = (&delivery.channel, delivery.event.subject());
                tracing::warn!("an alert is given up: {subject} to {channel}");
            }
            keep
        });
        let mut held: BTreeSet<String> = BTreeSet::new();
        let (due, rest) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|delivery| {
                let waits = delivery.next_try > now || held.contains(&delivery.channel);
                if waits {
                    held.insert(delivery.channel.clone());
                }
                !waits
            });
        self.waiting = rest;
        due
    }

    /// Puts back what could not be delivered.
    pub(super) fn failed(&mut self, mut delivery: Delivery, why: String, now: OffsetDateTime) {
        let doubled = FIRST_PAUSE * 2_i32.saturating_pow(delivery.attempts.min(16));
        delivery.attempts += 1;
        delivery.next_try = now + doubled.min(LONGEST_PAUSE);
        delivery.error = Some(why);
        // Before the channel's later ones.
        let place = self.waiting.iter().position(|other| {
            other.channel == delivery.channel && other.event.at >= delivery.event.at
        });
        let place = place.unwrap_or(self.waiting.len());
        self.waiting.insert(place, delivery);
    }

    /// How many troubles were told, and how many messages failed and wait.
    pub(super) fn counts(&self) -> (usize, usize) {
        let told = self.troubles.values().filter(|entry| entry.told.is_some());
        let failing = self.waiting.iter().filter(|one| one.attempts > 0);
        (told.count(), failing.count())
    }

    /// For people.
    pub(super) fn status(&self, channels: &[String]) -> Status {
        Status {
            channels: channels.to_vec(),
            troubles: self
                .troubles
                .iter()
                .map(|(name, entry)| Trouble {
                    name: name.clone(),
                    summary: entry.summary.clone(),
                    since: entry.since,
                    told: entry.told,
                })
                .collect(),
            waiting: self
                .waiting
                .iter()
                .map(|one| Waiting {
                    channel: one.channel.clone(),
                    subject: one.event.subject(),
                    attempts: one.attempts,
                    next_try: one.next_try,
                    error: one.error.clone(),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn units_down() -> BTreeMap<String, String> {
        BTreeMap::from([("units".to_owned(), "down".to_owned())])
    }

    struct Told {
        book: Book,
        channels: Vec<String>,
        rules: Alerts,
    }

    impl Told {
        fn new(channels: &[&str]) -> Self {
            Self {
                book: Book::default(),
                channels: channels.iter().map(|name| (*name).to_owned()).collect(),
                rules: Alerts::default(),
            }
        }

        /// What is told when these are wrong.
        fn at(&mut self, seconds: i64, wrong: &[&str]) -> Vec<(Kind, String)> {
            let now = START + Duration::seconds(seconds);
            let wrong = wrong
                .iter()
                .map(|name| ((*name).to_owned(), "as seen".to_owned()))
                .collect();
            self.book
                .observe(now, "box", &wrong, &self.rules, &self.channels);
            let due = self.book.due(now, &self.channels);
            due.into_iter()
                .map(|one| (one.event.kind, one.event.name))
                .collect()
        }
    }

    #[test]
    fn it_is_told_once_then_reminded_of_then_well_again() {
        let mut told = Told::new(&["webhook"]);
        let disks = |kind| vec![(kind, "disks".to_owned())];
        assert_eq!(told.at(0, &["disks"]), []);
        assert_eq!(told.at(60, &["disks"]), []);
        assert_eq!(told.at(120, &["disks"]), disks(Kind::Wrong));
        assert_eq!(told.at(180, &["disks"]), []);
        assert_eq!(told.at(120 + 86_400, &["disks"]), disks(Kind::Reminder));
        assert_eq!(told.at(130 + 86_400, &["disks"]), []);
        assert_eq!(told.at(140 + 86_400, &[]), disks(Kind::Well));
        assert_eq!(told.at(150 + 86_400, &[]), []);
        assert_eq!(told.book, Book::default());
    }

    #[test]
    fn what_passes_is_told_nobody_and_what_comes_back_begins_anew() {
        let mut told = Told::new(&["webhook"]);
        assert_eq!(told.at(0, &["memory"]), []);
        assert_eq!(told.at(60, &[]), []);
        assert_eq!(told.at(100, &["memory"]), []);
        assert_eq!(told.at(219, &["memory"]), []);
        assert_eq!(told.at(220, &["memory"]).len(), 1);
    }

    #[test]
    fn a_restart_forgets_nothing() {
        let mut told = Told::new(&["webhook"]);
        told.at(0, &["units"]);
        assert_eq!(told.at(120, &["units"]).len(), 1);
        let text = serde_json::to_string(&told.book).unwrap();
        told.book = serde_json::from_str(&text).unwrap();
        assert_eq!(told.at(150, &["units"]), []);
        assert_eq!(told.at(180, &[]).len(), 1);
    }

    #[test]
    fn each_channel_is_told_and_one_that_fails_is_tried_again_in_order() {
        let mut told = Told::new(&["mail a@b", "webhook"]);
        told.rules.after = 0;
        let now = |seconds| START + Duration::seconds(seconds);
        let wrong = units_down();
        let channels = told.channels.clone();
        let book = &mut told.book;
        book.observe(now(0), "box", &wrong, &told.rules, &channels);
        let due = book.due(now(0), &channels);
        assert_eq!(due.len(), 2);
        for one in due.into_iter().filter(|one| one.channel == "webhook") {
            book.failed(one, "no answer".to_owned(), now(0));
        }
        assert_eq!(book.counts(), (1, 1));
        // Well again before the first was delivered: it comes second.
        book.observe(now(10), "box", &BTreeMap::new(), &told.rules, &channels);
        let due = book.due(now(10), &channels);
        assert_eq!(due.len(), 1, "the mail only: {due:?}");
        assert!(book.due(now(29), &channels).is_empty());
        let due: Vec<Kind> = book
            .due(now(30), &channels)
            .into_iter()
            .map(|one| one.event.kind)
            .collect();
        assert_eq!(due, [Kind::Wrong, Kind::Well]);
    }

    #[test]
    fn tries_grow_rare_and_end() {
        let mut told = Told::new(&["webhook"]);
        told.rules.after = 0;
        let channels = told.channels.clone();
        let wrong = units_down();
        told.book
            .observe(START, "box", &wrong, &told.rules, &channels);
        let (mut now, mut tries) = (START, 0);
        while now < START + Duration::days(4) {
            for one in told.book.due(now, &channels) {
                tries += 1;
                told.book.failed(one, "no".to_owned(), now);
            }
            now += Duration::seconds(30);
        }
        assert!((70..90).contains(&tries), "{tries}");
        assert_eq!(told.book.counts().1, 0, "given up");
    }

    #[test]
    fn a_channel_that_is_no_more_gets_nothing() {
        let mut told = Told::new(&["webhook"]);
        told.rules.after = 0;
        let channels = told.channels.clone();
        let wrong = units_down();
        told.book
            .observe(START, "box", &wrong, &told.rules, &channels);
        assert!(told.book.due(START, &["pagerduty".to_owned()]).is_empty());
        assert!(told.book.waiting.is_empty());
    }
}
