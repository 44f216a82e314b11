//! `[imports]`: feeds of products and orders of other marketplaces.

use crate::config::error::Finding;
use crate::secret::Secret;
use serde::{Deserialize, Serialize};

/// What imports may reach, and how they say who they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Imports {
    /// Whether feeds may come from this machine and its own networks.
    pub allow_private_networks: bool,
    /// The marketplace whose orders are imported, as scheme, host and port.
    pub orders_origin: Option<String>,
    /// The token sent to [`Self::orders_origin`] and to nothing else.
    pub orders_token: Option<Secret>,
}

const FIX: &str = r#"write scheme and host only, such as "https://api.marketplace.example""#;

impl Imports {
    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        if let Some(origin) = &self.orders_origin {
            if !is_origin(origin) {
                let why = "this is not the origin of a web service";
                found.push(Finding::new("imports.orders_origin", origin, why, FIX));
            }
        } else if self.orders_token.is_some() {
            found.push(Finding::hidden(
                "imports.orders_token",
                "without imports.orders_origin nobody would be sent this token",
                "write imports.orders_origin too",
            ));
        }
        found
    }
}

/// Scheme, host and perhaps a port; no path, so that comparing is enough.
fn is_origin(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| {
        !host.is_empty()
            && host
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_path_and_no_login() {
        assert!(is_origin("https://api.example") && is_origin("http://127.0.0.1:8080"));
        for bad in [
            "",
            "https://",
            "api.example",
            "https://api.example/",
            "https://u:p@api.example",
            "ftp://api.example",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn a_token_needs_someone_to_be_sent_to() {
        let mut imports = Imports {
            orders_token: Some(Secret::given("x")),
            ..Imports::default()
        };
        assert_eq!(imports.validate().len(), 1);
        imports.orders_origin = Some("https://api.example".to_owned());
        assert!(imports.validate().is_empty());
    }
}
