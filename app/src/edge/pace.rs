//! Bodies must arrive at a rate that is worth waiting for. A client may be
//! slow for a while; what it has sent buys it time, at the slowest rate that
//! is allowed.

use super::limits::Limits;
use axum::body::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// Time a body may cost before its rate counts.
const GRACE: Duration = Duration::from_secs(10);
/// Longest silence, however much was sent before.
const SILENCE: Duration = Duration::from_secs(30);

/// How a request's body is coming along, in the request's extensions.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Mutex<State>>);

#[derive(Clone, Copy, Debug, Default)]
struct State {
    last: Option<Instant>,
    too_slow: bool,
}

impl Progress {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn state(&self) -> State {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When something last arrived.
    #[must_use]
    pub fn last_arrival(&self) -> Option<Instant> {
        self.state().last
    }

    /// Whether the body was given up.
    #[must_use]
    pub fn was_too_slow(&self) -> bool {
        self.state().too_slow
    }
}

/// The body was given up.
#[derive(Debug, thiserror::Error)]
#[error("the body arrives too slowly")]
pub struct TooSlow;

/// What reading a body may end with.
pub(super) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A body with a lower limit on its rate.
#[derive(Debug)]
pub(super) struct Paced<B = Incoming> {
    inner: B,
    rate: u32,
    received: u64,
    waited: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    progress: Progress,
}

impl<B> Paced<B> {
    pub(super) fn new(inner: B, limits: &Limits, progress: Progress) -> Self {
        Self {
            inner,
            rate: limits.body_rate.max(1),
            received: 0,
            waited: Duration::ZERO,
            waiting: None,
            progress,
        }
    }

    /// How much longer to wait for the next part.
    fn allowance(&self) -> Duration {
        let earned = Duration::from_secs(self.received / u64::from(self.rate));
        (GRACE + earned).saturating_sub(self.waited).min(SILENCE)
    }
}

impl<B> Body for Paced<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BodyError>,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) else {
            let allowance = this.allowance();
            let (_, timer) = this
                .waiting
                .get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(allowance))));
            ready!(timer.as_mut().poll(cx));
            this.progress.change(|state| state.too_slow = true);
            return Poll::Ready(Some(Err(TooSlow.into())));
        };
        let now = Instant::now();
        if let Some((since, _)) = this.waiting.take() {
            this.waited += now - since;
        }
        if let Some(Ok(frame)) = &frame {
            this.received += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        this.progress.change(|state| state.last = Some(now));
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt, StreamBody};
    use std::convert::Infallible;

    fn drops(count: usize, every: Duration) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
        let stream = futures_util::stream::unfold(0, move |sent| async move {
            if sent == count {
                return None;
            }
            tokio::time::sleep(every).await;
            let frame = Frame::data(Bytes::from_static(&[0; 100]));
            Some((Ok::<_, Infallible>(frame), sent + 1))
        });
        StreamBody::new(Box::pin(stream))
    }

    async fn read(count: usize, every: Duration) -> (Result<usize, BodyError>, bool) {
        let limits = Limits {
            body_rate: 100,
            ..Limits::default()
        };
        let progress = Progress::default();
        let body = Paced::new(drops(count, every), &limits, progress.clone());
        let read = body.collect().await.map(|body| body.to_bytes().len());
        (read, progress.was_too_slow())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_at_the_allowed_rate_may_take_its_time() {
        let (read, too_slow) = read(1000, Duration::from_secs(1)).await;
        assert_eq!((read.unwrap(), too_slow), (100_000, false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_given_up() {
        let started = Instant::now();
        let (read, too_slow) = read(1000, Duration::from_secs(5)).await;
        assert!(read.unwrap_err().is::<TooSlow>() && too_slow);
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silence_is_too_long_whatever_came_before() {
        let (read, _) = read(1, Duration::from_secs(40)).await;
        assert!(read.unwrap_err().is::<TooSlow>());
    }
}
