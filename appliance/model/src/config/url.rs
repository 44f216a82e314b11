//! Addresses: of databases, which may hold a password and never show it, and of
//! services that secrets are sent to.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// A connection URL. `Debug`, `Display` and serialization leave out user
/// information and query; [`ConnectionUrl::expose`] gives the whole.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ConnectionUrl(String);

impl ConnectionUrl {
    /// The whole URL, password included: for connecting, not for showing.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Part before `://`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.0.split_once("://").map_or("", |(scheme, _)| scheme)
    }

    fn redacted(&self) -> String {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            // Not a URL: nothing of it is known to be harmless.
            return "…".to_owned();
        };
        let (rest, query) = match rest.split_once('?') {
            // A password typed without escaping may hold a ?: nobody can tell
            // where the place begins.
            Some((_, query)) if query.contains('@') => return format!("{scheme}://…"),
            Some((rest, _)) => (rest, "?…"),
            None => (rest, ""),
        };
        // The last @: such a password may hold one, or a /.
        match rest.rsplit_once('@') {
            Some((_, place)) => format!("{scheme}://…@{place}{query}"),
            None => format!("{scheme}://{rest}{query}"),
        }
    }
}

impl From<&str> for ConnectionUrl {
    fn from(url: &str) -> Self {
        Self(url.to_owned())
    }
}

impl fmt::Display for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl fmt::Debug for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionUrl({})", self.redacted())
    }
}

impl Serialize for ConnectionUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.redacted())
    }
}

/// Whether a secret may be sent there: by HTTPS, or by plain HTTP to this
/// machine (for tests). Nobody logs in at the address itself, and an @ would
/// make a name before it look like the host.
pub(super) fn is_api_url(url: &str) -> bool {
    let (rest, encrypted) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) => return false,
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let here = ["127.0.0.1", "localhost", "[::1]"].contains(&name);
    // Some read a backslash as a slash and some do not.
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '\\';
    !name.is_empty() && !host.contains('@') && url.chars().all(plain) && (encrypted || here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for url in [
            "postgres://shop:hunter2@db.example/shop",
            "postgres://shop:hun@ter2/hunter2@db.example/shop",
            "postgres://shop:hunter2?hunter2@db.example/shop",
            "postgres://db.example/shop?password=hunter2",
            "redis://:hunter2@cache.example:6379/0",
            "hunter2",
        ] {
            let url = ConnectionUrl::from(url);
            let shown = format!("{url} {url:?} {}", serde_json::to_string(&url).unwrap());
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn the_place_is_shown() {
        let url = ConnectionUrl::from("postgres://shop:pw@db.example:5432/shop");
        assert_eq!(url.to_string(), "postgres://…@db.example:5432/shop");
        assert_eq!(url.scheme(), "postgres");
        assert_eq!(url.expose(), "postgres://shop:pw@db.example:5432/shop");
    }

    #[test]
    fn a_secret_is_sent_encrypted_or_stays_here() {
        for url in [
            "https://api.eu.mailgun.net",
            "https://api.example:8443/v2?a=b@c",
            "http://127.0.0.1:8080",
            "http://localhost/",
            "http://[::1]",
            "http://[::1]:8080/v2",
        ] {
            assert!(is_api_url(url), "{url}");
        }
        for url in [
            "",
            "api.example",
            "ftp://a",
            "http://api.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost:80@api.example",
            "http://localhost:80\\@api.example",
            "https://",
            "https://:443",
            "https://?api.example",
            "https://u:p@example.com",
            "https://a b",
            "https://a\tb",
        ] {
            assert!(!is_api_url(url), "{url}");
        }
    }
}
