//! What handlers return when they cannot answer.
//!
//! Which one to use: [`AppError::Problem`] when the client can do something
//! about it (its text leaves the process); [`AppError::Internal`] when only we
//! can (its text goes to the log, the client learns that it was our fault);
//! [`AppError::Unavailable`] when something we depend on is away and waiting
//! may help. All become problem documents (RFC 9457).

use crate::cache::CacheError;
use crate::domain::fault::Fault;
use crate::durability::NotWritten;
use crate::queue::enqueue::EnqueueError;
use crate::random::NoRandomness;
use crate::storage::StorageError;
use crate::storage::together::Failed;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Handlers' result.
pub type AppResult<T> = Result<T, AppError>;

/// A problem document.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip)]
    retry_after: Option<u64>,
}

/// What is wrong with one field of a request.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// The field's name.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The request is at fault.
    #[error("{}: {}", .0.title, .0.detail.as_deref().unwrap_or_default())]
    Problem(Box<Problem>),
    /// We are at fault.
    #[error("{0}")]
    Internal(String),
    /// Something we depend on is away.
    #[error("{0}")]
    Unavailable(String),
}

impl Problem {
    /// A problem with nothing but its status.
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: None,
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// Says more.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Names a field that is at fault.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError {
            field: field.into(),
            detail: detail.into(),
        });
        self
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The status in words.
    #[must_use]
    pub fn title(&self) -> &str {
        self.title
    }

    /// What was said beyond that.
    #[must_use]
    pub fn detail_text(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The fields at fault.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.errors
    }

    /// Says when to come back.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl AppError {
    /// The request's path names nothing.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::NOT_FOUND).detail(detail).into()
    }

    /// Nobody has logged in.
    #[must_use]
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::UNAUTHORIZED).detail(detail).into()
    }

    /// Someone has, but may not.
    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::FORBIDDEN).detail(detail).into()
    }

    /// The request does not go with how things stand.
    #[must_use]
    pub fn conflict(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::CONFLICT).detail(detail).into()
    }

    /// What was to be changed is not what the client has seen.
    #[must_use]
    pub fn changed_meanwhile() -> Self {
        Problem::new(StatusCode::PRECONDITION_FAILED)
            .detail("It was changed since you read it; read it again.")
            .into()
    }

    /// A vendor's plan has no room for this.
    #[must_use]
    pub fn plan_limit(what: &str) -> Self {
        Problem::new(StatusCode::FORBIDDEN)
            .detail(format!(
                "The plan allows no more {what}; choose a larger plan."
            ))
            .into()
    }

    /// Several fields of the request are at fault.
    #[must_use]
    pub fn faults(faults: Vec<Fault>) -> Self {
        faults
            .into_iter()
            .fold(nonsense(), |problem, fault| {
                problem.field(fault.field, fault.detail)
            })
            .into()
    }

    /// One field of the request is at fault.
    #[must_use]
    pub fn invalid(field: &str, detail: impl Into<String>) -> Self {
        nonsense().field(field, detail).into()
    }
}

fn nonsense() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY)
        .detail("The request was understood, but not all of it makes sense.")
}

impl From<Vec<Fault>> for AppError {
    fn from(faults: Vec<Fault>) -> Self {
        Self::faults(faults)
    }
}

impl From<Problem> for AppError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<StorageError> for AppError {
    fn from(error: StorageError) -> Self {
        Self::of(&error)
    }
}

impl From<Failed> for AppError {
    fn from(failed: Failed) -> Self {
        Self::of(failed.storage())
    }
}

impl AppError {
    fn of(error: &StorageError) -> Self {
        if let sqlx::Error::Database(inner) = &error.source
            && inner.code().as_deref() == Some(NO_TEXT)
        {
            return nonsense()
                .detail("A text in the request holds a NUL character, which no text may.")
                .into();
        }
        // An administrator may name any vendor, also one that is not there.
        if error
            .broken()
            .is_some_and(|name| name.ends_with("_vendor_id_fkey"))
        {
            return Self::not_found("There is no such vendor.");
        }
        let passes = match &error.source {
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_) => true,
            sqlx::Error::Database(inner) => inner.code().is_some_and(|code| passes(&code)),
            _ => false,
        };
        if passes {
            Self::Unavailable(error.to_string())
        } else {
            Self::Internal(error.to_string())
        }
    }
}

/// PostgreSQL was sent what it takes for no text; in UTF-8 that is only NUL.
const NO_TEXT: &str = "22021";

/// Whether an error of PostgreSQL says that the server has too much to do, is
/// stopping, or that others were in the way: the same request may do later.
fn passes(code: &str) -> bool {
    // Connection lost; resources short; stopped by an operator or a timeout.
    let class = ["08", "53", "57"]
        .iter()
        .any(|class| code.starts_with(class));
    // Serialization failure; deadlock; a lock not had in time; a transaction
    // that idled for too long.
    class || ["40001", "40P01", "55P03", "25P03"].contains(&code)
}

impl From<NotWritten> for AppError {
    fn from(error: NotWritten) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<CacheError> for AppError {
    fn from(error: CacheError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<EnqueueError> for AppError {
    fn from(error: EnqueueError) -> Self {
        match error {
            EnqueueError::Storage(error) => error.into(),
            error @ EnqueueError::Args { .. } => Self::Internal(error.to_string()),
        }
    }
}

impl From<NoRandomness> for AppError {
    fn from(error: NoRandomness) -> Self {
        Self::Internal(error.to_string())
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let problem = match self {
            Self::Problem(problem) => *problem,
            Self::Internal(text) => {
                tracing::error!("request failed: {text}");
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR)
                    .detail("The fault is ours and has been logged.")
            }
            Self::Unavailable(text) => {
                tracing::warn!("request not served: {text}");
                Problem::new(StatusCode::SERVICE_UNAVAILABLE)
                    .detail("Something this needs is away; please try again.")
                    .retry_after(5)
            }
        };
        problem.into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after;
        let mut response = (status, Json(&self)).into_response();
        // For the pages that browsers get instead.
        response.extensions_mut().insert(self);
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn what_is_internal_stays_inside() {
        let response = AppError::Internal("password=hunter2".into()).into_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(!String::from_utf8_lossy(&body).contains("hunter2"));
    }

    #[test]
    fn what_passes_by_itself_is_told_from_our_faults() {
        for code in ["53300", "57014", "57P01", "40P01", "55P03", "08006"] {
            assert!(passes(code), "{code}");
        }
        for code in ["23505", "42601", "40002", "22003"] {
            assert!(!passes(code), "{code}");
        }
    }

    #[tokio::test]
    async fn a_field_at_fault_is_named() {
        let response = AppError::invalid("email", "is missing").into_response();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(json["status"], 422);
        assert_eq!(json["errors"][0]["field"], "email");
    }
}
