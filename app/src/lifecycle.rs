//! When to stop. One [`Shutdown`] is shared by everything in the process; it
//! is set once, by a signal or by a test, and never unset.

use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Asks the process to stop.
#[derive(Clone, Debug)]
pub struct Trigger(Arc<watch::Sender<bool>>);

/// Knows whether the process was asked to stop.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

/// A trigger and what it triggers.
#[must_use]
pub fn shutdown() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(Arc::new(sender)), Shutdown(receiver))
}

impl Trigger {
    /// Asks everything to stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// Whether stopping was asked for.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until stopping is asked for. When nobody is left who could ask,
    /// that is taken as being asked.
    pub async fn requested(&self) {
        let mut receiver = self.0.clone();
        let _gone = receiver.wait_for(|stop| *stop).await;
    }
}

/// Sets the trigger on SIGTERM or SIGINT.
///
/// # Errors
/// When the process cannot listen for signals.
pub fn stop_on_signals(trigger: Trigger) -> std::io::Result<()> {
    let mut terminate: Signal = signal(SignalKind::terminate())?;
    let mut interrupt: Signal = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("asked to stop (SIGTERM)"),
            _ = interrupt.recv() => tracing::info!("asked to stop (SIGINT)"),
        }
        trigger.stop();
    });
    Ok(())
}
