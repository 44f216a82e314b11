//! What the rest of the box takes for granted of a configuration that was
//! taken: what the types say ("refused when the file was loaded"), and that
//! keys leave the machine encrypted.

use onebox_model::{Config, effects, secret};
use std::path::{Path, PathBuf};

/// Checks a configuration.
pub(crate) fn check(config: &Config) {
    lists(config);
    paths(config);
    addresses(config);
    assert_eq!(config, &config.clone());
    assert_eq!(effects::of_config(config, config), []);
    for (key, name) in config.named_secrets() {
        assert!(secret::is_name(&name), "{key}: {name:?}");
    }
}

/// Lists of texts are also given as what they stand for, and nothing is lost.
fn lists(config: &Config) {
    let acme = &config.acme;
    assert_eq!(acme.ip_addresses().len(), acme.addresses.len());
    assert_eq!(acme.name_servers().len(), acme.resolvers.len());
    assert_eq!(config.ssh.keys().count(), config.ssh.authorized_keys.len());
    let (v4, v6) = config.firewall.networks();
    assert_eq!(v4.len() + v6.len(), config.firewall.ssh_from.len());
    let listens = config.metrics.address().is_some();
    assert_eq!(listens, config.metrics.listen != "off");
}

/// Files are read by processes in other directories.
fn paths(config: &Config) {
    let (acme, smtp) = (&config.acme, &config.mail.smtp);
    let texts = [&acme.ca_file, &acme.fallback.ca_file, &smtp.ca_file];
    let texts = texts.into_iter().flatten().map(Path::new);
    let paths = [
        &config.web.static_dir,
        &config.secrets.key_file,
        &config.database.root_certificate,
        &config.redis.root_certificate,
    ];
    let paths = paths.into_iter().flatten().map(PathBuf::as_path);
    for path in texts.chain(paths) {
        assert!(path.is_absolute(), "{}", path.display());
    }
}

/// Where secrets are sent to.
fn addresses(config: &Config) {
    let authorities = config.acme.authorities();
    // One that is only named is looked at when it is used.
    let webhook = config.alerts.webhook.as_ref();
    let given = webhook.and_then(|secret| config.reveal(secret).ok());
    let fixed = [
        &config.acme.cloudflare.url,
        &config.cloudflare.url,
        &config.payments.stripe_url,
        &config.mail.sendgrid.url,
        &config.mail.mailgun.url,
    ];
    let urls = authorities
        .iter()
        .map(|authority| &authority.directory)
        .chain(fixed)
        .chain(&config.mail.ses.url)
        .chain(&config.alerts.pagerduty.url)
        .chain(&config.alerts.opsgenie.url)
        .chain(&given);
    for url in urls {
        assert!(is_private(url), "a secret would be sent to {url:?}");
    }
    let database = config.database.connect_url();
    assert!(database.scheme().starts_with("postgres"), "{database}");
    let redis = config.redis.connect_url();
    assert!(!redis.scheme().is_empty(), "{redis}");
}

/// Whether what is sent there can be read on the way. By the rules of those who
/// send it (WHATWG's): there a host ends at more than a slash, and what stands
/// before an @ is none.
fn is_private(url: &str) -> bool {
    if let Some(rest) = url.strip_prefix("https://") {
        return !authority(rest).is_empty();
    }
    let Some(rest) = url.strip_prefix("http://") else {
        return false;
    };
    let host = authority(rest);
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    ["localhost", "127.0.0.1", "[::1]"].contains(&host)
}

fn authority(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    let (_, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    host
}
