//! Answers: JSON, problems (RFC 9457), and steps of what takes long.

use crate::steps::Steps;
use axum::Json;
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use onebox_api::progress::{self, Event};
use onebox_api::{Problem, problem};
use serde::Serialize;

/// A problem as an answer.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Problem);

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = [(header::CONTENT_TYPE, problem::MEDIA_TYPE)];
        (status, kind, Json(self.0)).into_response()
    }
}

/// An answer that tells the steps of `work` as they happen and its result at
/// the end. The work goes on when the client goes away: what was begun is
/// ended.
pub fn follow<T, W>(work: impl FnOnce(Steps) -> W) -> Response
where
    T: Serialize + Send + 'static,
    W: Future<Output = Result<T, Problem>> + Send + 'static,
{
    let (told, steps) = Steps::new();
    let work = tokio::spawn(work(told));
    let lines = stream::unfold(Some((steps, work)), |state| async {
        let (mut steps, work) = state?;
        if let Some(step) = steps.recv().await {
            return Some((line(&Event::<()>::Step(step)), Some((steps, work))));
        }
        let last = match work.await {
            Ok(Ok(result)) => Event::Done(result),
            Ok(Err(problem)) => Event::Failed(problem),
            Err(error) => Event::Failed(Problem::failed(format!(
                "a programming error stopped it: {error}; please report it"
            ))),
        };
        Some((line(&last), None))
    });
    (
        [(header::CONTENT_TYPE, progress::MEDIA_TYPE)],
        Body::from_stream(lines),
    )
        .into_response()
}

fn line<T: Serialize>(event: &Event<T>) -> Result<String, serde_json::Error> {
    serde_json::to_string(event).map(|text| text + "\n")
}
