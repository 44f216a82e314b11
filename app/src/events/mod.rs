//! News for those who watch: how jobs go, which orders come in. They travel
//! over Redis from whatever process they happen in to every web process, and
//! from there to browsers. Nothing may depend on their arrival.
//!
//! Each vendor has a channel of its own, and the platform one; a web process
//! hears them all and gives each connection what it may see ([`Event::vendor`]).

pub mod hub;

use crate::cache::{Cache, CacheError};
use crate::domain::ids::{OrderId, VendorId};
use crate::domain::money::Money;
use crate::queue::feedback::Progress;
use crate::services::Services;
use crate::storage::jobs::JobState;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The pattern of all channels.
pub const CHANNELS: &str = "events:*";

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A running job is this far.
    JobProgress {
        /// The job.
        job: Uuid,
        /// Its kind.
        kind: String,
        /// Whose it is.
        vendor: Option<VendorId>,
        /// How far.
        progress: Progress,
    },
    /// A job has ended, or its attempt has.
    JobFinished {
        /// The job.
        job: Uuid,
        /// Its kind.
        kind: String,
        /// Whose it is.
        vendor: Option<VendorId>,
        /// Where it stands now; `queued` when it will be tried again.
        state: JobState,
        /// What went wrong.
        error: Option<String>,
    },
    /// An order was placed.
    NewOrder {
        /// At whom.
        vendor: VendorId,
        /// The order.
        order: OrderId,
        /// What it comes to.
        total: Money,
    },
}

impl Event {
    /// Whose users may see it; `None` for administrators only.
    #[must_use]
    pub fn vendor(&self) -> Option<VendorId> {
        match self {
            Self::JobProgress { vendor, .. } | Self::JobFinished { vendor, .. } => *vendor,
            Self::NewOrder { vendor, .. } => Some(*vendor),
        }
    }

    fn channel(&self) -> String {
        self.vendor().map_or_else(
            || "events:platform".to_owned(),
            |vendor| format!("events:vendor:{vendor}"),
        )
    }
}

/// Tells everyone who watches. Call it after the commit of what happened.
///
/// # Errors
/// When Redis is away. Callers may ignore that: news is not a promise.
pub async fn publish(services: &Services, event: &Event) -> Result<(), CacheError> {
    publish_on(&services.cache, event).await
}

/// The same where there is nothing but Redis at hand.
///
/// # Errors
/// When Redis is away.
pub async fn publish_on(cache: &Cache, event: &Event) -> Result<(), CacheError> {
    let text = serde_json::json!(event).to_string();
    cache.publish(&event.channel(), &text).await
}
