//! Names a self-signed certificate is for.

use onebox_model::Config;

/// The names any box answers to from itself, besides those configured.
const OWN: [&str; 4] = ["onebox", "localhost", "127.0.0.1", "::1"];

/// Configured domains first, then the machine's own names, each once.
pub(super) fn wanted(config: &Config, hostname: &str) -> Vec<String> {
    let mut names: Vec<String> = config.web.domains.clone();
    let own = OWN
        .into_iter()
        .chain([hostname].into_iter().filter(|name| is_dns(name)));
    for name in own {
        if !names.iter().any(|other| other == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// What may stand in a certificate as a name. A hostname is whatever somebody
/// set it to.
fn is_dns(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_stands_once_and_domains_come_first() {
        let mut config = Config::default();
        config.web.domains = vec!["shop.example".into()];
        assert_eq!(
            wanted(&config, "localhost"),
            ["shop.example", "onebox", "localhost", "127.0.0.1", "::1"]
        );
        assert!(wanted(&config, "vm7").contains(&"vm7".to_owned()));
    }

    #[test]
    fn a_hostname_that_is_no_name_is_left_out() {
        for hostname in ["", "(none)", "a_b", "-a", "a..b", "é"] {
            assert_eq!(wanted(&Config::default(), hostname).len(), 4, "{hostname}");
        }
    }
}
