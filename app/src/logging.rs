//! Logs go to the journal with their fields (`journalctl
//! WIZAMART_ROUTE=/admin`) when systemd reads them, else to standard error as
//! lines for people. Errors also go to [`crate::error_reports`].

use crate::error_reports::{ErrorLayer, Reporter};
use std::io::IsTerminal;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// What the names of fields begin with in the journal.
const FIELDS: &str = "WIZAMART";

/// The log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The level is not understood.
    #[error(
        "the log level {level:?} is not understood: {source}; \
         write error, warn, info, debug or trace, or a list such as \"info,sqlx=warn\""
    )]
    Level {
        /// What was configured.
        level: String,
        /// What the parser said.
        #[source]
        source: ParseError,
    },
    /// Someone was first.
    #[error("the log was set up twice: {0}")]
    Twice(#[from] TryInitError),
}

/// Starts logging at `level`, and logs panics like everything else.
///
/// # Errors
/// When the level is not understood.
pub fn start(level: &str, under_journal: bool, reporter: &Reporter) -> Result<(), LoggingError> {
    let targets: Targets = level.parse().map_err(|source| LoggingError::Level {
        level: level.to_owned(),
        source,
    })?;
    // Without the journal's socket its lines on standard error are as good.
    let journal = match under_journal {
        true => tracing_journald::layer().ok(),
        false => None,
    };
    let journal = journal.map(|layer| {
        layer
            .with_field_prefix(Some(FIELDS.to_owned()))
            .with_syslog_identifier("wizamart".to_owned())
    });
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(!under_journal && std::io::stderr().is_terminal());
    let lines = match (&journal, under_journal) {
        (Some(_), _) => None,
        (None, true) => Some(lines.without_time().boxed()),
        (None, false) => Some(lines.boxed()),
    };
    let errors = reporter.is_on().then(|| ErrorLayer::new(reporter.clone()));
    tracing_subscriber::registry()
        .with(targets)
        .with(journal)
        .with(lines)
        .with(errors)
        .try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Logs a panic where it happens, in the span of its request or job.
pub fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let at = panic
        .location()
        .map(ToString::to_string)
        .unwrap_or_default();
    tracing::error!(at, "panic: {}", panic_text(panic.payload()));
}

/// What a panic said, if it said it in words.
#[must_use]
pub fn panic_text(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no message)")
}
