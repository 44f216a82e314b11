//! `[admin]`: the first administrator.

use crate::config::error::Finding;
use serde::{Deserialize, Serialize};

/// The account made on first boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    /// Its login.
    pub email: String,
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            email: "admin@localhost".to_owned(),
        }
    }
}

impl Admin {
    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        if is_address(&self.email) {
            return Vec::new();
        }
        vec![Finding::new(
            "admin.email",
            &self.email,
            "this is not a mail address",
            r#"write an address such as "you@example.com""#,
        )]
    }
}

/// As loose as a login needs: one @, something on both sides, no blanks.
pub(super) fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    text.len() <= 254
        && text.chars().all(|c| !c.is_whitespace() && !c.is_control())
        && parts
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_an_address() {
        assert!(Admin::default().validate().is_empty());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "admin", "@host", "admin@", "a@b@c", "a b@c", "a@b\n"] {
            assert!(!is_address(text), "{text:?}");
        }
    }
}
