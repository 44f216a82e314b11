//! The route of the directory, for what is not answered at the door.

use super::cache::{Found, Statics};
use crate::errors::{AppError, AppResult};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use tower_http::services::ServeFile;

impl Statics {
    /// The file below the prefix, or 404.
    ///
    /// # Errors
    /// As problem documents.
    pub async fn serve(self, name: String, request: Request) -> AppResult<Response> {
        let headers = request.headers().clone();
        let found = tokio::task::spawn_blocking(move || self.find(&name, &headers))
            .await
            .map_err(|error| AppError::Internal(format!("cannot pack a static file: {error}")))?
            .map_err(|error| AppError::Internal(format!("cannot read a static file: {error}")))?;
        match found {
            Found::Kept(response) => Ok(response),
            Found::Nothing => Err(AppError::not_found("There is no such file.")),
            Found::Large(file, lasting) => {
                // It knows ranges and dates, and never holds the whole.
                let sent = ServeFile::new(file).oneshot(request).await;
                let mut response = match sent {
                    Ok(response) => response.map(Body::new).into_response(),
                    Err(never) => match never {},
                };
                let status = response.status();
                if status.is_success() || status == StatusCode::NOT_MODIFIED {
                    let kept = HeaderValue::from_static(lasting.cache_control());
                    response.headers_mut().insert(header::CACHE_CONTROL, kept);
                }
                Ok(response)
            }
        }
    }
}
