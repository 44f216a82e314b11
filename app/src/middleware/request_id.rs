//! Every request has an id. It is in the answer's `x-request-id` and in every
//! log line of the request, so that a complaint finds its lines. Here requests
//! are also counted, logged and reported.

use crate::cloudflare::Visitor;
use crate::error_reports::{End, Reporter, Work};
use crate::metrics::Metrics;
use crate::services::Services;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use onebox_model::config::Access;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tracing::Instrument;
use tracing::field::{Empty, display};
use uuid::Uuid;

const NAME: HeaderName = HeaderName::from_static("x-request-id");
/// What takes longer has a line among the problems.
const SLOW: Duration = Duration::from_secs(1);

/// Who is told of requests.
#[derive(Clone, Debug)]
pub struct Observers {
    metrics: Metrics,
    reporter: Reporter,
    access: Access,
}

impl Observers {
    /// Those of a process.
    #[must_use]
    pub fn of(services: &Services) -> Self {
        Self {
            metrics: services.metrics.clone(),
            reporter: services.reporter.clone(),
            access: services.config.log.access,
        }
    }

    fn tell(&self, method: &str, route: &str, status: StatusCode, took: Duration) {
        let number = status.as_u16();
        self.metrics.answered(method, route, number, took);
        let problem = status.is_server_error() || took > SLOW;
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        match self.access {
            Access::Problems if problem => {
                tracing::warn!(status = number, duration_ms = millis, "answered");
            }
            Access::All => tracing::info!(status = number, duration_ms = millis, "answered"),
            Access::Off | Access::Problems => {}
        }
        if self.reporter.wants_times() {
            let tags = BTreeMap::from([
                ("method".to_owned(), method.to_owned()),
                ("status".to_owned(), number.to_string()),
            ]);
            let end = match status.is_server_error() {
                true => End::Failed,
                false => End::Well,
            };
            let name = format!("{method} {route}");
            self.reporter
                .transaction(Work::Request, &name, end, took, tags);
        }
    }
}

/// Gives the request an id, a log span and a closing line. An id sent by the
/// client is not believed: it would let strangers write into the log.
pub async fn apply(State(observers): State<Observers>, request: Request, next: Next) -> Response {
    let id = Uuid::now_v7();
    let started = Instant::now();
    let _in_flight = observers.metrics.begin();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("-", MatchedPath::as_str);
    let method = request.method().clone();
    let visitor = request.extensions().get::<Visitor>();
    let country = visitor.and_then(|visitor| visitor.country).map(display);
    let span = tracing::info_span!(
        "request", %id, %method, route, country, vendor = Empty, user = Empty
    );
    async {
        let mut response = next.run(request).await;
        observers.tell(method.as_str(), route, response.status(), started.elapsed());
        if let Ok(value) = HeaderValue::try_from(id.to_string()) {
            response.headers_mut().insert(NAME, value);
        }
        response
    }
    .instrument(span)
    .await
}
