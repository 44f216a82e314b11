//! `[acme]`: certificates from an authority (RFC 8555).

use super::admin::is_address;
use super::web::Web;
use crate::config::error::Finding;
use crate::config::url::is_api_url;
use crate::secret::Secret;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};

mod authority;

pub use authority::{AcmeAuthority, AcmeFallback, Eab};

/// Certificates that the box gets and renews by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Acme {
    /// Whether it does; without it certificates are the operator's to bring.
    pub enabled: bool,
    /// Whether the operator agrees to the authority's terms.
    pub terms_agreed: bool,
    /// Where the authority writes to when something is wrong.
    pub email: Option<String>,
    /// `production`, `staging` (both Let's Encrypt) or a directory's URL.
    pub directory: String,
    /// Roots (PEM) of a private authority's own server.
    pub ca_file: Option<String>,
    /// An account elsewhere that this one is bound to.
    pub eab: Eab,
    /// How names are proven.
    pub challenge: AcmeChallenge,
    /// One of the authority's profiles; its default when left out.
    pub profile: Option<String>,
    /// Name of the issuer that the chain should end with.
    pub preferred_chain: Option<String>,
    /// Kind of private keys.
    pub key_type: AcmeKeyType,
    /// Whether a renewed certificate keeps the key of the one before.
    pub reuse_key: bool,
    /// IP addresses that the certificate is also for.
    pub addresses: Vec<String>,
    /// Name servers to ask instead of the system's.
    pub resolvers: Vec<String>,
    /// Where DNS-01 proofs are put.
    pub cloudflare: AcmeCloudflare,
    /// The authority to go to when the first one fails over and over.
    pub fallback: AcmeFallback,
}

/// How an authority is shown that a name is ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AcmeChallenge {
    /// A file on port 80 (RFC 8555, 8.3).
    #[default]
    #[serde(rename = "http-01")]
    Http01,
    /// A certificate on port 443 (RFC 8737).
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
    /// A TXT record (RFC 8555, 8.4); the only way to wildcards.
    #[serde(rename = "dns-01")]
    Dns01,
}

/// Kinds of private keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AcmeKeyType {
    /// ECDSA on P-256: small and known everywhere.
    #[default]
    #[serde(rename = "ecdsa-p256")]
    EcdsaP256,
    /// ECDSA on P-384.
    #[serde(rename = "ecdsa-p384")]
    EcdsaP384,
    /// RSA of 2048 bits, for clients from before 2010.
    #[serde(rename = "rsa-2048")]
    Rsa2048,
}

/// Cloudflare as the place of DNS-01 proofs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AcmeCloudflare {
    /// An API token that may edit the zone's DNS.
    pub token: Option<Secret>,
    /// Where the API is.
    pub url: String,
}

impl Default for AcmeCloudflare {
    fn default() -> Self {
        Self {
            token: None,
            url: "https://api.cloudflare.com".to_owned(),
        }
    }
}

impl Default for Acme {
    fn default() -> Self {
        Self {
            enabled: true,
            terms_agreed: false,
            email: None,
            directory: authority::PRODUCTION.to_owned(),
            ca_file: None,
            eab: Eab::default(),
            challenge: AcmeChallenge::default(),
            profile: None,
            preferred_chain: None,
            key_type: AcmeKeyType::default(),
            reuse_key: false,
            addresses: Vec::new(),
            resolvers: Vec::new(),
            cloudflare: AcmeCloudflare::default(),
            fallback: AcmeFallback::default(),
        }
    }
}

/// Let's Encrypt's limit; a longer list needs a wildcard.
const MOST_NAMES: usize = 100;

impl Acme {
    /// The authorities in the order in which they are asked.
    #[must_use]
    pub fn authorities(&self) -> Vec<AcmeAuthority> {
        let first = AcmeAuthority::new(&self.directory, self.ca_file.as_ref(), &self.eab);
        let second = self.fallback.directory.as_ref().map(|directory| {
            AcmeAuthority::new(
                directory,
                self.fallback.ca_file.as_ref(),
                &self.fallback.eab,
            )
        });
        [first].into_iter().chain(second).collect()
    }

    /// The addresses; those that are none were refused when the file was loaded.
    #[must_use]
    pub fn ip_addresses(&self) -> Vec<IpAddr> {
        let parsed = self.addresses.iter().filter_map(|text| text.parse().ok());
        parsed.collect()
    }

    /// The name servers; those that are none were refused when the file was
    /// loaded.
    #[must_use]
    pub fn name_servers(&self) -> Vec<SocketAddr> {
        self.resolvers
            .iter()
            .filter_map(|text| server(text))
            .collect()
    }

    pub(in crate::config) fn validate(&self, web: &Web) -> Vec<Finding> {
        let mut found = self.validate_names(web);
        if self.email.as_ref().is_some_and(|email| !is_address(email)) {
            found.push(Finding::hidden(
                "acme.email",
                "this is not a mail address",
                r#"write an address such as "you@example.com""#,
            ));
        }
        found.extend(authority::validate(
            "acme",
            Some(&self.directory),
            self.ca_file.as_ref(),
            &self.eab,
        ));
        found.extend(self.fallback.validate());
        for address in &self.addresses {
            if address.parse::<IpAddr>().is_err() {
                found.push(Finding::new(
                    "acme.addresses",
                    address,
                    "this is not an IP address",
                    r#"write an address such as "203.0.113.7"; names stand in web.domains"#,
                ));
            }
        }
        for resolver in self.resolvers.iter().filter(|text| server(text).is_none()) {
            found.push(Finding::new(
                "acme.resolvers",
                resolver,
                "this is not the address of a name server",
                r#"write an address such as "9.9.9.9" or "127.0.0.1:8053""#,
            ));
        }
        if !is_api_url(&self.cloudflare.url) {
            found.push(Finding::new(
                "acme.cloudflare.url",
                &self.cloudflare.url,
                "the token must not cross a network in the clear",
                r#"write a URL such as "https://api.cloudflare.com""#,
            ));
        }
        found
    }

    fn validate_names(&self, web: &Web) -> Vec<Finding> {
        let mut found = Vec::new();
        let by_dns = self.challenge == AcmeChallenge::Dns01;
        if web.domains.len() + self.addresses.len() > MOST_NAMES {
            found.push(Finding::hidden(
                "web.domains",
                "authorities put at most 100 names into a certificate",
                r#"remove some, or write a wildcard such as "*.example.com" and set acme.challenge = "dns-01""#,
            ));
        }
        let wildcard = web.domains.iter().find(|name| name.starts_with("*."));
        if let Some(name) = wildcard.filter(|_| self.enabled && !by_dns) {
            found.push(Finding::new(
                "web.domains",
                name,
                "an authority gives wildcards for a proof in DNS only",
                r#"set acme.challenge = "dns-01", or acme.enabled = false and bring a certificate"#,
            ));
        }
        if by_dns && self.cloudflare.token.is_none() {
            found.push(Finding::hidden(
                "acme.challenge",
                "a proof in DNS needs a way to write into the zone",
                r#"set acme.cloudflare.token, or take "http-01""#,
            ));
        }
        if by_dns && !self.addresses.is_empty() {
            found.push(Finding::hidden(
                "acme.addresses",
                "an address cannot be proven in DNS (RFC 8738)",
                r#"set acme.challenge to "http-01" or "tls-alpn-01""#,
            ));
        }
        found
    }
}

/// A name server, with or without its port.
fn server(text: &str) -> Option<SocketAddr> {
    let plain = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53));
    plain.or_else(|_| text.parse()).ok()
}

#[cfg(test)]
mod tests;
