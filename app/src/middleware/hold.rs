//! Requests wait while an upgrade is on trial, and go on when it is committed:
//! to a visitor the page took long. What says how the process is does not
//! wait, nor does the trial's own self-test.
//!
//! A layer of its own kind and not a function: every request passes it, and
//! outside a trial it costs one look at a flag.

use crate::errors::Problem;
use crate::hold::{Hold, token};
use crate::metrics::Metrics;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::future::{BoxFuture, Either};
use std::convert::Infallible;
use std::task::{Context, Poll};
use tower::{Layer, Service, ServiceExt};

/// When to ask again, in seconds.
const RETRY_AFTER: u64 = 10;

/// Puts the hold before a service.
#[derive(Clone, Debug)]
pub struct HoldLayer {
    hold: Hold,
    metrics: Metrics,
}

impl HoldLayer {
    /// The hold of a process, which counts whom it holds.
    #[must_use]
    pub fn new(hold: Hold, metrics: Metrics) -> Self {
        Self { hold, metrics }
    }
}

impl<S> Layer<S> for HoldLayer {
    type Service = Held<S>;

    fn layer(&self, inner: S) -> Held<S> {
        Held {
            inner,
            hold: self.hold.clone(),
            metrics: self.metrics.clone(),
        }
    }
}

/// A service behind the hold.
#[derive(Clone, Debug)]
pub struct Held<S> {
    inner: S,
    hold: Hold,
    metrics: Metrics,
}

type Answer = Result<Response, Infallible>;

impl<S> Service<Request> for Held<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, BoxFuture<'static, Answer>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if !self.hold.is_on() || says_how_it_is(request.uri().path()) || self.admits(&request) {
            return Either::Left(self.inner.call(request));
        }
        // Nothing of the body is read and nothing upgraded: it has not begun.
        let (inner, hold) = (self.inner.clone(), self.hold.clone());
        let counted = self.metrics.hold();
        Either::Right(Box::pin(async move {
            let passed = hold.pass().await;
            drop(counted);
            match passed {
                Ok(_turn) => inner.oneshot(request).await,
                Err(refusal) => {
                    tracing::warn!("refused a request: {refusal}");
                    Ok(Problem::new(StatusCode::SERVICE_UNAVAILABLE)
                        .detail("The site is being upgraded; please try again in a moment.")
                        .retry_after(RETRY_AFTER)
                        .into_response())
                }
            }
        }))
    }
}

impl<S> Held<S> {
    fn admits(&self, request: &Request) -> bool {
        let shown = request.headers().get(token::HEADER);
        shown.is_some_and(|shown| self.hold.admits(shown.as_bytes()))
    }
}

/// What monitors ask, and authorities.
fn says_how_it_is(path: &str) -> bool {
    matches!(path, "/health" | "/ready" | "/version" | "/metrics")
        || path.starts_with("/.well-known/acme-challenge/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monitors_do_not_wait_and_nothing_else_is_like_them() {
        for path in ["/ready", "/health", "/.well-known/acme-challenge/abc"] {
            assert!(says_how_it_is(path), "{path}");
        }
        for path in [
            "/",
            "/ready/x",
            "/healthy",
            "/admin",
            "/api/v1/products",
            "/ws",
        ] {
            assert!(!says_how_it_is(path), "{path}");
        }
    }
}
