//! Logs go to standard error. Under systemd the journal adds the time, so
//! lines carry none; elsewhere they do.

use std::io::IsTerminal;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

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
pub fn start(level: &str, under_journal: bool) -> Result<(), LoggingError> {
    let targets: Targets = level.parse().map_err(|source| LoggingError::Level {
        level: level.to_owned(),
        source,
    })?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(!under_journal && std::io::stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(targets);
    if under_journal {
        registry.with(lines.without_time()).try_init()?;
    } else {
        registry.with(lines).try_init()?;
    }
    std::panic::set_hook(Box::new(|panic| {
        let at = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(at, "panic: {}", panic_text(panic.payload()));
    }));
    Ok(())
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
