//! Errors, panics and times, reported to Sentry or a server that speaks its
//! protocol. Off without a DSN: then nothing here runs.
//!
//! Nothing personal may leave the box. No request, header, cookie, address or
//! account is ever attached; what is left, the words of an error, goes through
//! [`scrub`].

mod layer;
pub mod scrub;
mod transport;

pub use layer::ErrorLayer;

use scrub::scrub;
use sentry::protocol::{Context, Event, SpanStatus, TraceContext, Transaction};
use sentry::types::{Dsn, ParseDsnError};
use sentry::{Client, ClientOptions, Envelope, Level};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};
use transport::Post;

/// How long reports may hold up the end of the process.
const FAREWELL: Duration = Duration::from_secs(3);

/// Where reports go. Cheap to clone.
#[derive(Clone, Default)]
pub struct Reporter(Option<Arc<Inner>>);

struct Inner {
    client: Client,
    trace_percent: u32,
    /// Counts what could be traced; every so many-th is.
    seen: AtomicU32,
}

/// Reports cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The DSN is not one. The text does not hold it.
    #[error("sentry.dsn is not a DSN: {0}; copy it from the project's settings")]
    Dsn(#[from] ParseDsnError),
    /// The thread that sends them cannot be started.
    #[error("cannot start sending reports: {0}")]
    Thread(#[from] std::io::Error),
}

/// What was done, for [`Reporter::transaction`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A request was answered.
    Request,
    /// A job was run.
    Job,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Well.
    Well,
    /// By a fault of ours.
    Failed,
}

impl std::fmt::Debug for Reporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_on() {
            "Reporter(on)"
        } else {
            "Reporter(off)"
        })
    }
}

impl Reporter {
    /// Reports to a project.
    ///
    /// # Errors
    /// When the DSN is none or no thread can be had.
    pub fn start(
        dsn: &str,
        environment: &str,
        release: &str,
        trace_percent: u32,
    ) -> Result<Self, ReportError> {
        let dsn: Dsn = dsn.parse()?;
        let post = Post::start(&dsn)?;
        let mut options = ClientOptions::new();
        options.dsn = Some(dsn);
        options.environment = Some(environment.to_owned().into());
        options.release = Some(release.to_owned().into());
        options.default_integrations = false;
        options.send_default_pii = false;
        options.auto_session_tracking = false;
        options.shutdown_timeout = FAREWELL;
        options.transport = Some(Arc::new(Arc::new(post)));
        options.before_send = Some(Arc::new(|event| Some(scrub::event(event))));
        Ok(Self(Some(Arc::new(Inner {
            client: Client::with_options(options),
            trace_percent: trace_percent.min(100),
            seen: AtomicU32::new(0),
        }))))
    }

    /// Whether anything is reported.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Reports an error.
    pub fn error(&self, message: &str, tags: BTreeMap<String, String>) {
        let Some(inner) = &self.0 else { return };
        let event = Event {
            message: Some(message.to_owned()),
            level: Level::Error,
            tags,
            ..Event::default()
        };
        inner.client.capture_event(event, None);
    }

    /// Whether the times of the next piece of work are wanted.
    #[must_use]
    pub fn wants_times(&self) -> bool {
        let Some(inner) = &self.0 else { return false };
        // Evenly spread: 25 of a hundred is every fourth.
        let seen = inner.seen.fetch_add(1, Ordering::Relaxed) % 100;
        (seen + 1) * inner.trace_percent / 100 > seen * inner.trace_percent / 100
    }

    /// Reports the times of a piece of work that has just ended. The name is
    /// a route's or a kind's, never a path.
    pub fn transaction(
        &self,
        work: Work,
        name: &str,
        end: End,
        took: Duration,
        tags: BTreeMap<String, String>,
    ) {
        let Some(inner) = &self.0 else { return };
        let options = inner.client.options();
        let now = SystemTime::now();
        let trace = TraceContext {
            op: Some(work.operation().to_owned()),
            status: Some(match end {
                End::Well => SpanStatus::Ok,
                End::Failed => SpanStatus::InternalError,
            }),
            ..TraceContext::default()
        };
        let tags = tags
            .into_iter()
            .map(|(name, value)| (name, scrub(&value)))
            .collect();
        let transaction = Transaction {
            name: Some(scrub(name)),
            start_timestamp: now.checked_sub(took).unwrap_or(now),
            timestamp: Some(now),
            release: options.release.clone(),
            environment: options.environment.clone(),
            contexts: [("trace".to_owned(), Context::from(trace))].into(),
            tags,
            ..Transaction::default()
        };
        inner.client.send_envelope(Envelope::from(transaction));
    }

    /// Waits until what was reported is sent, for a few seconds at most.
    pub fn flush(&self) {
        if let Some(inner) = &self.0
            && !inner.client.flush(Some(FAREWELL))
        {
            tracing::warn!("some reports were not sent");
        }
    }
}

impl Work {
    const fn operation(self) -> &'static str {
        match self {
            Self::Request => "http.server",
            Self::Job => "queue.process",
        }
    }
}
