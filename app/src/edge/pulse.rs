//! Whether anything moves on an HTTP/2 connection. There a client can hold
//! answers back for ever with its flow-control window, while it answers pings.

use super::limits::Limits;
use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(super) struct Pulse {
    start: Instant,
    /// Milliseconds from the start to the last thing that happened.
    last: AtomicU64,
    /// Requests whose answer is still being thought about.
    thinking: AtomicUsize,
    /// Answers not yet sent.
    sending: AtomicUsize,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            last: AtomicU64::new(0),
            thinking: AtomicUsize::new(0),
            sending: AtomicUsize::new(0),
        }
    }

    fn beat(&self) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    /// Counts a request until the guard is dropped: its client may go away
    /// and take the handler with it.
    pub(super) fn think(self: &Arc<Self>) -> Thinking {
        self.beat();
        self.thinking.fetch_add(1, Ordering::Relaxed);
        Thinking(Arc::clone(self))
    }

    pub(super) fn is_stuck(&self, limits: &Limits) -> bool {
        if self.thinking.load(Ordering::Relaxed) > 0 {
            return false;
        }
        let silence = self
            .start
            .elapsed()
            .saturating_sub(Duration::from_millis(self.last.load(Ordering::Relaxed)));
        if self.sending.load(Ordering::Relaxed) > 0 {
            silence > limits.write
        } else {
            silence > limits.idle
        }
    }
}

pub(super) struct Thinking(Arc<Pulse>);

impl Thinking {
    /// The answer is there; from now on it is being sent.
    pub(super) fn send(self, body: Body) -> Body {
        let pulse = Arc::clone(&self.0);
        pulse.beat();
        pulse.sending.fetch_add(1, Ordering::Relaxed);
        Body::new(Sent { body, pulse })
    }
}

impl Drop for Thinking {
    fn drop(&mut self) {
        self.0.thinking.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Sent {
    body: Body,
    pulse: Arc<Pulse>,
}

impl hyper::body::Body for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if polled.is_ready() {
            self.pulse.beat();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.pulse.sending.fetch_sub(1, Ordering::Relaxed);
        self.pulse.beat();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_nobody_takes_is_stuck_and_one_that_is_awaited_is_not() {
        let pulse = Arc::new(Pulse::new());
        let limits = Limits {
            write: Duration::ZERO,
            idle: Duration::from_secs(60),
            ..Limits::default()
        };
        let thinking = pulse.think();
        std::thread::sleep(Duration::from_millis(3));
        assert!(!pulse.is_stuck(&limits), "the handler takes its time");
        let body = thinking.send(Body::from("x"));
        std::thread::sleep(Duration::from_millis(3));
        assert!(pulse.is_stuck(&limits), "the client takes nothing");
        drop(body);
        std::thread::sleep(Duration::from_millis(3));
        assert!(!pulse.is_stuck(&limits), "idle connections have longer");
    }
}
