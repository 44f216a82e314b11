//! `[cloudflare]`: the box behind Cloudflare's network.

use crate::config::error::Finding;
use crate::config::url::is_api_url;
use serde::{Deserialize, Serialize};

/// Cloudflare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cloudflare {
    /// Whether requests come through it; then its word on who asks is believed.
    pub enabled: bool,
    /// Where its API is; the list of its networks comes from there.
    pub url: String,
}

impl Default for Cloudflare {
    fn default() -> Self {
        Self {
            enabled: false,
            url: "https://api.cloudflare.com".to_owned(),
        }
    }
}

impl Cloudflare {
    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        if is_api_url(&self.url) {
            return Vec::new();
        }
        vec![Finding::new(
            "cloudflare.url",
            &self.url,
            "whoever answers there decides whose word is believed, so it must be HTTPS",
            r#"write a URL such as "https://api.cloudflare.com""#,
        )]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_comes_over_tls_only() {
        assert!(Cloudflare::default().validate().is_empty());
        for url in ["http://api.cloudflare.com", "", "https://me@example.com"] {
            let section = Cloudflare {
                url: url.to_owned(),
                ..Cloudflare::default()
            };
            assert_eq!(section.validate().len(), 1, "{url}");
        }
    }
}
