//! Telling, as recurring work.

use super::book::Book;
use super::channels::{self, Channels};
use super::{event, read, write};
use crate::acme;
use crate::disk::Disk;
use crate::reconcilers::{Failure, Reconciler, Registry, Report};
use futures_util::future::{BoxFuture, FutureExt};
use onebox_api::reconcilers::Outcome;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use time::OffsetDateTime;

const NAME: &str = "alerts";

/// Tells the operator what the other recurring work finds.
pub struct Alerts {
    /// Files.
    pub disk: Arc<Disk>,
    /// Ways to tell.
    pub channels: Channels,
    /// All recurring work, this included; known once all of it is made.
    pub registry: Arc<OnceLock<Registry>>,
}

impl fmt::Debug for Alerts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alerts")
    }
}

impl Reconciler for Alerts {
    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        "Tells the operator when something is wrong, and when it is well again."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn activate(&self) -> BoxFuture<'_, Result<Report, Failure>> {
        async {
            let config = acme::config_in_force(&self.disk);
            let names = channels::names(&config.alerts);
            let before = read(&self.disk);
            let mut book = before.clone();
            let now = OffsetDateTime::now_utc();
            let host = event::host(&config);
            book.observe(now, &host, &self.wrong(), &config.alerts, &names);
            let due = book.due(now, &names);
            // What is to be told is put down before it is told: after a crash
            // it may be told twice, and never not at all.
            if book != before && due.is_empty() {
                write(&self.disk, &book)?;
            }
            if !due.is_empty() {
                let mut kept = book.clone();
                for delivery in &due {
                    kept.failed(delivery.clone(), "cut off".to_owned(), now);
                }
                write(&self.disk, &kept)?;
                for delivery in due {
                    let (channel, event) = (&delivery.channel, &delivery.event);
                    let sent = self
                        .channels
                        .send(&self.disk, &config, channel, event)
                        .await;
                    if let Err(why) = sent {
                        tracing::warn!("an alert was not taken by {channel}: {why}");
                        book.failed(delivery, why, OffsetDateTime::now_utc());
                    }
                }
                write(&self.disk, &book)?;
            }
            Ok(report(&book, &names))
        }
        .boxed()
    }
}

impl Alerts {
    /// What the others find, but for this itself.
    fn wrong(&self) -> BTreeMap<String, String> {
        let statuses = self.registry.get().map(Registry::statuses);
        let statuses = statuses.unwrap_or_default().into_iter();
        statuses
            .filter(|one| one.name != NAME)
            .filter(|one| matches!(one.last_outcome, Some(Outcome::Attention | Outcome::Failed)))
            .map(|one| (one.name, one.summary.unwrap_or_default()))
            .collect()
    }
}

fn report(book: &Book, channels: &[String]) -> Report {
    let (told, failing) = book.counts();
    let details = json!({ "channels": channels, "told": told, "failing": failing });
    if channels.is_empty() {
        return Report::ok("nobody is told: no channel of [alerts] is set", details);
    }
    if failing > 0 {
        let summary =
            format!("{failing} messages could not be delivered yet; see `boxctl alert list`");
        return Report::attention(summary, details);
    }
    Report::ok(format!("{} are told", channels.join(", ")), details)
}
