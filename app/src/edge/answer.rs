//! One request: what is refused at the door, what is answered from memory,
//! and what goes to the application.

use super::Peer;
use super::counters::Active;
use super::limits::Limits;
use super::pace::{Paced, Progress};
use super::pulse::Pulse;
use super::serve::Service;
use super::strict;
use crate::errors::Problem;
use crate::lifecycle::Shutdown;
use crate::middleware::security_headers;
use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use hyper::body::{Body as _, Incoming};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tower::ServiceExt;

/// A year, which is what browsers' lists ask for. Names below this one are
/// not ours to decide about.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What the requests of a connection share.
pub(super) struct Connection {
    service: Arc<Service>,
    peer: SocketAddr,
    shutdown: Shutdown,
    begun: AtomicBool,
    pulse: Option<Arc<Pulse>>,
    /// Whether the certificate is one that browsers accept.
    public: bool,
    _active: Active,
}

impl Connection {
    pub(super) fn new(
        service: &Arc<Service>,
        peer: SocketAddr,
        shutdown: Shutdown,
        http2: bool,
        public: bool,
    ) -> Self {
        Self {
            _active: service.counters.connected(service.tls.is_some()),
            service: Arc::clone(service),
            peer,
            shutdown,
            begun: AtomicBool::new(false),
            pulse: http2.then(|| Arc::new(Pulse::new())),
            public,
        }
    }

    pub(super) fn limits(&self) -> Limits {
        self.service.limits
    }

    pub(super) fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    pub(super) fn peer(&self) -> SocketAddr {
        self.peer
    }

    pub(super) fn pulse(&self) -> Option<&Pulse> {
        self.pulse.as_deref()
    }

    pub(super) fn is_http2(&self) -> bool {
        self.pulse.is_some()
    }

    /// Whether there has been a request.
    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }
}

pub(super) async fn answer(
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    connection.begun.store(true, Ordering::Relaxed);
    let thinking = connection.pulse.as_ref().map(Pulse::think);
    let http1 = request.version() < Version::HTTP_2;
    let (mut response, last) = respond(&connection, request).await;
    if connection.public {
        response
            .headers_mut()
            .insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    if http1 && (last || connection.shutdown.is_requested()) {
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(match thinking {
        Some(thinking) => response.map(|body| thinking.send(body)),
        None => response,
    })
}

/// The answer, and whether it must be the connection's last: after a refused
/// head or a body that was given up, what follows cannot be trusted.
async fn respond(connection: &Connection, request: Request<Incoming>) -> (Response, bool) {
    let service = &connection.service;
    let (mut head, body) = request.into_parts();
    if let Err(problem) = strict::check(&head, &service.limits) {
        return (refusal(problem), true);
    }
    if !service.hold.is_on()
        && let Some(response) = service.statics.quick(&head)
    {
        service.counters.served_from_memory();
        return (response, false);
    }
    head.extensions.insert(Peer(connection.peer));
    if body.is_end_stream() {
        let request = Request::from_parts(head, Body::empty());
        return (run(service, request).await, false);
    }
    let progress = Progress::default();
    head.extensions.insert(progress.clone());
    let body = Paced::new(body, &service.limits, progress.clone());
    let response = run(service, Request::from_parts(head, Body::new(body))).await;
    if progress.was_too_slow() {
        let problem = Problem::new(StatusCode::REQUEST_TIMEOUT)
            .detail("The body of the request arrived too slowly.");
        return (refusal(problem), true);
    }
    (response, false)
}

async fn run(service: &Service, request: Request<Body>) -> Response {
    match service.router.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn refusal(problem: Problem) -> Response {
    let mut response = problem.into_response();
    security_headers::insert(response.headers_mut());
    response
}
