//! `[payments]`: how vendors pay for the platform.

use crate::config::error::Finding;
use crate::config::url::is_api_url;
use crate::secret::Secret;
use serde::{Deserialize, Serialize};

/// Where Stripe's API is.
const STRIPE: &str = "https://api.stripe.com";

/// Stripe. Off while there is no key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Payments {
    /// Key of the account.
    pub stripe_secret_key: Option<Secret>,
    /// What webhooks are signed with.
    pub webhook_secret: Option<Secret>,
    /// The one before, while it is being replaced.
    pub webhook_secret_old: Option<Secret>,
    /// Address of the API.
    pub stripe_url: String,
}

impl Default for Payments {
    fn default() -> Self {
        Self {
            stripe_secret_key: None,
            webhook_secret: None,
            webhook_secret_old: None,
            stripe_url: STRIPE.to_owned(),
        }
    }
}

impl Payments {
    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        if is_api_url(&self.stripe_url) {
            return Vec::new();
        }
        vec![Finding::hidden(
            "payments.stripe_url",
            "this is no address that a key may be sent to",
            r#"write a URL that begins with "https://""#,
        )]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sent_over_tls_only() {
        assert!(Payments::default().validate().is_empty());
        for url in [
            "http://api.stripe.com",
            "",
            "ftp://localhost:1",
            "http://localhost:1@api.example",
        ] {
            let payments = Payments {
                stripe_url: url.to_owned(),
                ..Payments::default()
            };
            assert_eq!(payments.validate().len(), 1, "{url}");
        }
    }
}
