//! The job dashboard: the queues with their plots, the workers, and every job
//! to be looked at, tried again, cancelled or removed. It works without
//! scripts: each act is a form, and a purge asks first.

pub mod act;
pub mod index;
pub mod plots;
pub mod purge;
pub mod queue;
pub mod show;

use crate::state::AppState;
use axum::Router;
use axum::routing::{get, post};

/// Where the dashboard is.
pub const PATH: &str = "/admin/jobs";

/// The pages and forms.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/jobs", get(index::index))
        .route("/admin/jobs/{id}", get(show::show))
        .route("/admin/jobs/{id}/{verb}", post(act::act))
        .route("/admin/queues/{name}/{verb}", post(queue::act))
        .route(
            "/admin/queues/{name}/purge",
            get(purge::ask).post(purge::purge),
        )
}

/// A time span as a person reads it: the two largest units.
fn span(length: time::Duration) -> String {
    let seconds = length.whole_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    #[test]
    fn spans_show_their_two_largest_units() {
        let shown = [5, 65, 3_700, 90_000, -3].map(|seconds| span(Duration::seconds(seconds)));
        assert_eq!(shown, ["5 s", "1 min 5 s", "1 h 1 min", "1 d 1 h", "0 s"]);
    }
}
