//! `[web]`: what the world calls this box.

use super::web_limits::WebLimits;
use crate::config::error::Finding;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Names the box answers to, and how it answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Web {
    /// Host names, the first one is the canonical one.
    pub domains: Vec<String>,
    /// Directory whose files are served under `/static/`.
    pub static_dir: Option<PathBuf>,
    /// Whether answers are compressed for clients that can read it.
    pub compression: bool,
    /// How much clients may take.
    pub limits: WebLimits,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            static_dir: None,
            compression: true,
            limits: WebLimits::default(),
        }
    }
}

const FIX: &str = r#"write a plain host name such as "shop.example.com""#;

impl Web {
    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        let finding =
            |domain: &str, why: &str, fix: &str| Finding::new("web.domains", domain, why, fix);
        let mut found = self.limits.validate();
        found.extend(Finding::of_path(
            "web.static_dir",
            self.static_dir.as_deref(),
            "/var/lib/wizamart/static",
        ));
        let mut seen = BTreeSet::new();
        for (index, domain) in self.domains.iter().enumerate() {
            // The first name is the one that links lead to.
            let host = match domain.strip_prefix("*.") {
                Some(rest) if index > 0 => rest,
                _ => domain,
            };
            if let Err(why) = check_host_name(host) {
                found.push(finding(domain, why, FIX));
            } else if !seen.insert(domain) {
                found.push(finding(
                    domain,
                    "this name stands twice",
                    "remove one of them",
                ));
            }
        }
        found
    }
}

/// Host names as certificates and DNS know them; international names stand in
/// their xn-- form.
fn check_host_name(name: &str) -> Result<(), &'static str> {
    if name.contains("://") || name.contains('/') || name.contains(':') {
        return Err("this is an address, not a host name");
    }
    if name.len() > 253 {
        return Err("a host name has at most 253 characters");
    }
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("host names are written in lower case here");
    }
    if name.starts_with("*.") {
        return Err("the first name is the one that links lead to, it cannot be a wildcard");
    }
    if !name.contains('.') {
        return Err("a name the world can reach has a dot in it");
    }
    if name
        .split('.')
        .all(|part| part.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err("this is an IP address, not a host name");
    }
    let good_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if name.split('.').all(good_label) {
        Ok(())
    } else {
        Err("each part has 1 to 63 letters, digits or inner hyphens")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_names_pass() {
        for name in [
            "a.lu",
            "shop.example.com",
            "xn--bcher-kva.example",
            "1.example",
        ] {
            assert_eq!(check_host_name(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_is_no_host_name_is_refused() {
        for name in [
            "",
            "shop",
            "https://shop.example.com",
            "shop.example.com/",
            "shop.example.com:443",
            "shop.example.com.",
            "Shop.example.com",
            "-shop.example.com",
            "shop_1.example.com",
            "*.example.com",
            "shop..com",
            "192.0.2.1",
            "büch.example",
            "a.b\ndomains",
        ] {
            assert!(check_host_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_wildcard_may_stand_anywhere_but_first() {
        let found = |domains: &[&str]| {
            let web = Web {
                domains: domains.iter().map(|name| (*name).to_owned()).collect(),
                ..Web::default()
            };
            web.validate().len()
        };
        assert_eq!(found(&["example.com", "*.example.com"]), 0);
        assert_eq!(found(&["*.example.com", "example.com"]), 1);
        for bad in [
            "*",
            "*.",
            "*.com",
            "*.*.example.com",
            "a.*.example.com",
            "*a.example",
        ] {
            assert_eq!(found(&["example.com", bad]), 1, "{bad}");
        }
    }

    #[test]
    fn a_name_that_stands_twice_is_found() {
        let web = Web {
            domains: vec!["a.example".into(), "b.example".into(), "a.example".into()],
            ..Web::default()
        };
        assert_eq!(web.validate().len(), 1);
    }
}
