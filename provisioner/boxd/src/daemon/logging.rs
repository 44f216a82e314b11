//! Where the daemon's log goes: to the journal with fields (`journalctl
//! BOXD_RECONCILER=disks`) when systemd reads it, else to standard error.

use std::io::IsTerminal as _;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging. What other crates tell below a warning is left out.
pub fn start() {
    let under_journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let journal = under_journal
        .then(|| tracing_journald::layer().ok())
        .flatten()
        .map(|layer| {
            layer
                .with_field_prefix(Some("BOXD".to_owned()))
                .with_syslog_identifier("boxd".to_owned())
        });
    let lines = journal.is_none().then(|| {
        tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_target(false)
            .with_ansi(std::io::stderr().is_terminal())
            .boxed()
    });
    let ours = tracing_subscriber::filter::Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("boxd", LevelFilter::INFO);
    // Fails only when somebody was first, who then has the log.
    let _ = tracing_subscriber::registry()
        .with(ours)
        .with(journal)
        .with(lines)
        .try_init();
}
