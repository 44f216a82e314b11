//! Files that pages need. Their names hold a digest of their content, so they
//! may be kept for ever and are never stale.

pub mod show;

use crate::edge::statics::{Lasting, Pack};
use crate::random;
use crate::state::AppState;
use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use std::sync::LazyLock;

/// One file of the pages.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    stem: &'static str,
    extension: &'static str,
    content_type: &'static str,
    content: &'static str,
}

const CSS: Asset = Asset {
    stem: "app",
    extension: "css",
    content_type: "text/css; charset=utf-8",
    content: include_str!("../../../assets/dist/app.css"),
};

const JS: Asset = Asset {
    stem: "app",
    extension: "js",
    content_type: "text/javascript; charset=utf-8",
    content: include_str!("../../../assets/js/app.js"),
};

const ICON: Asset = Asset {
    stem: "icon",
    extension: "svg",
    content_type: "image/svg+xml",
    content: include_str!("../../../assets/icon.svg"),
};

/// The style sheet's path.
pub static CSS_PATH: LazyLock<String> = LazyLock::new(|| CSS.path());
/// The script's path.
pub static JS_PATH: LazyLock<String> = LazyLock::new(|| JS.path());

/// The path of the picture in the browser's tab.
pub static ICON_PATH: LazyLock<String> = LazyLock::new(|| ICON.path());

/// Styles and scripts of the pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/assets/{name}", get(show::show))
}

impl Asset {
    fn path(&self) -> String {
        let digest = random::sha256_hex(self.content.as_bytes());
        let digest = digest.get(..12).unwrap_or(&digest);
        format!("/assets/{}-{digest}.{}", self.stem, self.extension)
    }

    /// The file whose current name this is.
    fn packed(name: &str) -> Option<&'static Pack> {
        static ALL: LazyLock<Vec<(String, Pack)>> = LazyLock::new(|| {
            let pack = |asset: Asset| {
                let content = Bytes::from_static(asset.content.as_bytes());
                Pack::new(content, asset.content_type, true, Lasting::Immutable)
                    .map(|pack| (asset.path(), pack))
                    .inspect_err(|error| tracing::error!("cannot pack {}: {error}", asset.path()))
            };
            [CSS, JS, ICON].into_iter().flat_map(pack).collect()
        });
        let found = ALL
            .iter()
            .find(|(path, _)| path.strip_prefix("/assets/") == Some(name));
        found.map(|(_, pack)| pack)
    }
}
