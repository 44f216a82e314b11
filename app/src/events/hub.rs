//! The events of all processes, heard once in each web process and handed to
//! its connections. What a connection does not take in time it misses, and is
//! told so: nothing is kept for it beyond a fixed number of events.

use super::{CHANNELS, Event};
use crate::cache::{Cache, CacheError};
use crate::domain::ids::VendorId;
use crate::lifecycle::Shutdown;
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};

/// Events kept for the slowest connection.
const KEPT: usize = 256;
/// Connections of a process.
const CONNECTIONS: usize = 1_000;
/// The wait before Redis is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// An event on its way to connections.
#[derive(Clone, Debug)]
pub struct News {
    /// Whose users may see it; `None` for administrators only.
    pub vendor: Option<VendorId>,
    /// The event as JSON.
    pub text: Arc<str>,
}

/// Whether events arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// Redis is there.
    Well,
    /// It is not; events are missed.
    Not,
}

/// What a process's connections listen to.
#[derive(Clone, Debug)]
pub struct Hub {
    cache: Cache,
    news: broadcast::Sender<News>,
    hearing: Arc<watch::Sender<Hearing>>,
    closing: Arc<watch::Sender<bool>>,
    slots: Arc<Semaphore>,
}

/// A connection's end of the hub.
#[derive(Debug)]
pub struct Listener {
    /// The events.
    pub news: broadcast::Receiver<News>,
    /// Whether they arrive.
    pub hearing: watch::Receiver<Hearing>,
    /// True when the process is about to stop.
    pub closing: watch::Receiver<bool>,
    _slot: OwnedSemaphorePermit,
}

impl Hub {
    /// A hub that hears nothing until [`Hub::run`].
    #[must_use]
    pub fn new(cache: Cache) -> Self {
        Self {
            cache,
            news: broadcast::channel(KEPT).0,
            hearing: Arc::new(watch::channel(Hearing::Not).0),
            closing: Arc::new(watch::channel(false).0),
            slots: Arc::new(Semaphore::new(CONNECTIONS)),
        }
    }

    /// A new connection's end; `None` when there are too many.
    #[must_use]
    pub fn listen(&self) -> Option<Listener> {
        let slot = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        Some(Listener {
            news: self.news.subscribe(),
            hearing: self.hearing.subscribe(),
            closing: self.closing.subscribe(),
            _slot: slot,
        })
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        CONNECTIONS - self.slots.available_permits()
    }

    /// Hears events until asked to stop; then connections are told to end.
    pub async fn run(self, shutdown: Shutdown) {
        loop {
            let lost = tokio::select! {
                () = shutdown.requested() => break,
                lost = self.hear() => lost,
            };
            self.hearing.send_replace(Hearing::Not);
            match lost {
                Ok(()) => tracing::warn!("the connection that hears events was lost"),
                Err(error) => tracing::debug!("{error}"),
            }
            tokio::select! {
                () = shutdown.requested() => break,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
        self.closing.send_replace(true);
    }

    /// Hears events until the connection is lost.
    async fn hear(&self) -> Result<(), CacheError> {
        let mut subscriber = self.cache.subscriber().await?;
        let subscribed = subscriber.psubscribe(CHANNELS).await;
        subscribed.map_err(|source| CacheError {
            action: "subscribe to events",
            source,
        })?;
        self.hearing.send_replace(Hearing::Well);
        let mut messages = subscriber.into_on_message();
        while let Some(message) = messages.next().await {
            // Nobody is listening, which is most of the time.
            if self.news.receiver_count() == 0 {
                continue;
            }
            let text: String = match message.get_payload() {
                Ok(text) => text,
                Err(error) => {
                    tracing::debug!("an event is no text: {error}");
                    continue;
                }
            };
            match serde_json::from_str::<Event>(&text) {
                Ok(event) => {
                    // The last one may have gone meanwhile.
                    let _listeners = self.news.send(News {
                        vendor: event.vendor(),
                        text: text.into(),
                    });
                }
                // Another version's; its vendor is not known, so nobody sees it.
                Err(error) => tracing::debug!("an event cannot be read: {error}"),
            }
        }
        Ok(())
    }
}
