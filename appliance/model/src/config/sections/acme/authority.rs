//! Who gives certificates, and how it is reached.

use crate::config::error::Finding;
use crate::config::url::is_api_url;
use crate::secret::Secret;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Let's Encrypt.
pub(super) const PRODUCTION: &str = "production";
/// Let's Encrypt's place for trying things out; browsers refuse what it gives.
const STAGING: &str = "staging";

/// External account binding (RFC 8555, 7.3.4): what authorities with accounts
/// of their own, such as ZeroSSL and Google, give out beforehand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Eab {
    /// Name of the key.
    pub kid: Option<String>,
    /// The key, in base64url as the authority shows it.
    pub hmac_key: Option<Secret>,
}

/// The authority to go to when the first one fails.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AcmeFallback {
    /// Its directory, as `acme.directory`.
    pub directory: Option<String>,
    /// Roots (PEM) of its server.
    pub ca_file: Option<String>,
    /// An account there that ours is bound to.
    pub eab: Eab,
}

/// An authority as it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcmeAuthority {
    /// URL of its directory.
    pub directory: String,
    /// Roots (PEM) of its server, in place of the system's.
    pub ca_file: Option<String>,
    /// An account there that ours is bound to: its key's name and the key.
    pub eab: Option<(String, Secret)>,
}

impl AcmeAuthority {
    pub(super) fn new(directory: &str, ca_file: Option<&String>, eab: &Eab) -> Self {
        let directory = match directory {
            PRODUCTION => "https://acme-v02.api.letsencrypt.org/directory",
            STAGING => "https://acme-staging-v02.api.letsencrypt.org/directory",
            url => url,
        };
        Self {
            directory: directory.to_owned(),
            ca_file: ca_file.cloned(),
            eab: eab.kid.clone().zip(eab.hmac_key.clone()),
        }
    }
}

impl AcmeFallback {
    pub(super) fn validate(&self) -> Vec<Finding> {
        validate(
            "acme.fallback",
            self.directory.as_ref(),
            self.ca_file.as_ref(),
            &self.eab,
        )
    }
}

pub(super) fn validate(
    section: &str,
    directory: Option<&String>,
    ca_file: Option<&String>,
    eab: &Eab,
) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(directory) = directory
        && ![PRODUCTION, STAGING].contains(&directory.as_str())
        && !is_api_url(directory)
    {
        found.push(Finding::new(
            &format!("{section}.directory"),
            directory,
            "this is not an authority",
            r#"write "production", "staging" or the https:// URL of a directory"#,
        ));
    }
    found.extend(Finding::of_path(
        &format!("{section}.ca_file"),
        ca_file.map(Path::new),
        "/var/lib/onebox/acme-ca.pem",
    ));
    if eab.kid.is_some() != eab.hmac_key.is_some() {
        found.push(Finding::hidden(
            &format!("{section}.eab"),
            "half of an external account is of no use",
            "set both kid and hmac_key, or neither",
        ));
    }
    found
}
