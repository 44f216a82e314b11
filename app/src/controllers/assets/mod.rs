//! Files that pages need. Their names hold a digest of their content, so they
//! may be kept for ever and are never stale.

pub mod show;

use crate::random;
use crate::state::AppState;
use axum::Router;
use axum::routing::get;
use std::sync::LazyLock;

/// Styles and pictures of the pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/assets/{name}", get(show::show))
}

const CSS: &str = include_str!("../../../assets/app.css");

/// The style sheet's path.
pub static CSS_PATH: LazyLock<String> = LazyLock::new(|| {
    let digest = random::sha256_hex(CSS.as_bytes());
    format!("/assets/app-{}.css", digest.get(..12).unwrap_or(&digest))
});
