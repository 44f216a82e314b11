//! `GET /version`: what is running?

use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use serde::Serialize;

/// The answer. What is about the image is null outside a box.
#[derive(Debug, Serialize)]
pub struct Version {
    app: &'static str,
    image: Option<String>,
    git_revision: Option<String>,
}

/// Application, image and revision.
pub async fn version(State(state): State<AppState>) -> Json<Version> {
    let release = state.release.as_ref();
    Json(Version {
        app: env!("CARGO_PKG_VERSION"),
        image: release.map(|release| release.version.clone()),
        git_revision: release.map(|release| release.git_revision.clone()),
    })
}
