//! The pictures of a product, for those who work for its vendor. They are
//! shown at it with `POST /api/v1/products/{id}/images`.

pub mod detach;
pub mod list;

use crate::state::AppState;
use crate::storage::product_images::ImageRow;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

/// Pictures of products.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(detach::detach))
}

/// A picture of a product as the API shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PictureView {
    /// The uploaded file.
    upload_id: Uuid,
    /// What it shows, for those who cannot see it.
    alt: String,
    /// Its path on this site, which is open to everybody while a product that
    /// is on sale shows it.
    path: String,
    /// Paths of the small versions by their longest side in pixels; a job
    /// makes them.
    thumbnails: BTreeMap<u32, String>,
    /// Pixels across; known with the small versions.
    width: Option<u32>,
    /// Pixels down; known with the small versions.
    height: Option<u32>,
}

impl From<ImageRow> for PictureView {
    fn from(row: ImageRow) -> Self {
        let small = row.thumbnails.iter();
        Self {
            upload_id: row.upload_id,
            path: format!("/uploads/{}", row.key),
            thumbnails: small
                .map(|(size, small)| (*size, format!("/uploads/{}", small.key)))
                .collect(),
            alt: row.alt,
            width: row.sides.map(|sides| sides.width),
            height: row.sides.map(|sides| sides.height),
        }
    }
}
