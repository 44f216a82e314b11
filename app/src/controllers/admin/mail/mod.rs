//! Mail in the back office: what was sent, and what the templates look like.

pub mod list;
pub mod preview;
pub mod previews;
pub mod test;

use crate::state::AppState;
use axum::Router;
use axum::routing::{get, post};

/// The pages about mail.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/mail", get(list::list))
        .route("/admin/mail/test", post(test::test))
        .route("/admin/mail/preview", get(previews::previews))
        .route("/admin/mail/preview/{template}", get(preview::preview))
}
