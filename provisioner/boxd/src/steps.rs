//! Telling of steps while long work goes on.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Takes steps.
#[derive(Clone, Debug)]
pub struct Steps(Option<UnboundedSender<String>>);

impl Steps {
    /// Steps that somebody reads.
    #[must_use]
    pub fn new() -> (Self, UnboundedReceiver<String>) {
        let (sender, receiver) = unbounded_channel();
        (Self(Some(sender)), receiver)
    }

    /// Steps that go to the log.
    #[must_use]
    pub const fn logged() -> Self {
        Self(None)
    }

    /// Tells of a step. Nobody may be listening any more; the work goes on.
    pub fn tell(&self, step: impl Into<String>) {
        let step = step.into();
        match &self.0 {
            Some(sender) => {
                let _ = sender.send(step);
            }
            None => tracing::info!("{step}"),
        }
    }
}
