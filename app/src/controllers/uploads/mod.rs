//! Files that vendors upload.

pub mod attach;
pub mod create;
pub mod delete;
pub mod list;
pub mod show;
pub mod url;

use crate::state::AppState;
use crate::storage::uploads::UploadRow;
use axum::extract::DefaultBodyLimit;
use serde::Serialize;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

/// Uploads.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    // Taking a file counts its bytes itself, against a limit of its own.
    let taking = OpenApiRouter::new()
        .routes(routes!(create::create))
        .layer(DefaultBodyLimit::disable());
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(show::show, delete::delete))
        .routes(routes!(url::url))
        .routes(routes!(attach::attach))
        .merge(taking)
}

/// An uploaded file as the API shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadView {
    id: Uuid,
    /// The name it was sent with.
    file_name: String,
    /// As found in its bytes.
    content_type: String,
    size_bytes: u64,
    /// As hexadecimal digits.
    sha256: String,
    /// Its path on this site, which is open to everybody while a product that
    /// is on sale shows it.
    path: String,
    /// Paths of the small versions by their longest side in pixels; a job
    /// makes them.
    thumbnails: BTreeMap<u32, String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<UploadRow> for UploadView {
    fn from(row: UploadRow) -> Self {
        let small = row.thumbnails.iter();
        Self {
            id: row.id,
            path: format!("/uploads/{}", row.key),
            thumbnails: small
                .map(|(size, small)| (*size, format!("/uploads/{}", small.key)))
                .collect(),
            file_name: row.file_name,
            content_type: row.content_type,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
            created_at: row.created_at,
        }
    }
}
