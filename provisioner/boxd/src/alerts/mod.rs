//! Alerts: the operator is told when something is wrong, once, and when it is
//! well again.
//!
//! What is wrong is what the keeper's recurring work says ([`Registry`]). The
//! [`book`] keeps what was told, over restarts, and decides what is to be told;
//! [`channels`] deliver it. What cannot be delivered waits and is tried again.

mod book;
mod channels;
mod event;
mod reconciler;

pub use channels::Channels;
pub use event::{Event, Kind};
pub use reconciler::Alerts;

use crate::acme;
use crate::disk::{Access, Disk, DiskError};
use book::Book;
use onebox_api::alerts::{Status, Tried};

/// What was told, and what waits.
const BOOK: &str = "/var/lib/onebox/alerts.json";

/// The book as it was left. One that cannot be read is begun anew: the worst
/// that comes of it is that something is told twice.
fn read(disk: &Disk) -> Book {
    let bytes = disk.read(BOOK).ok().flatten();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

fn write(disk: &Disk, book: &Book) -> Result<(), DiskError> {
    let bytes = serde_json::to_vec_pretty(book).unwrap_or_default();
    disk.write(BOOK, &bytes, Access::root(0o600)).map(drop)
}

/// How alerting stands.
#[must_use]
pub fn status(disk: &Disk) -> Status {
    let config = acme::config_in_force(disk);
    read(disk).status(&channels::names(&config.alerts))
}

/// Tells every channel that this is a test, now, and what became of it.
pub async fn test(disk: &Disk, channels: &Channels) -> Vec<Tried> {
    let config = acme::config_in_force(disk);
    let event = Event::test(&config);
    let mut tried = Vec::new();
    for channel in channels::names(&config.alerts) {
        let sent = channels.send(disk, &config, &channel, &event).await;
        tried.push(Tried {
            channel,
            error: sent.err(),
        });
    }
    tried
}
