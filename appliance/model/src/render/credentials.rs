//! Which units are given the operator's secrets, as systemd drop-ins.

use super::{Account, RenderedFile};
use crate::config::Config;
use crate::{paths, queues, units};
use std::collections::{BTreeMap, BTreeSet};

/// File name of these drop-ins.
pub const CREDENTIALS_NAME: &str = "60-onebox-secrets.conf";

/// Sections whose secrets the keeper uses itself.
const KEEPERS: [&str; 3] = ["acme.", "alerts.", "backups."];

/// Drop-ins that give the application the secrets its configuration names.
/// `stored` has the digest of each that is there: systemd starts no unit whose
/// credential is missing, so one that is not stored is left out and the
/// application says what it lacks. The digest makes a new value a change.
///
/// Secrets of `[acme]`, `[alerts]` and `[backups]` are the keeper's, who asks for them when
/// it needs them.
#[must_use]
pub fn credentials(
    config: &Config,
    stored: &BTreeMap<String, String>,
    directory: &str,
) -> Vec<RenderedFile> {
    let wanted: BTreeSet<String> = config
        .named_secrets()
        .into_iter()
        .filter(|(key, _)| !KEEPERS.iter().any(|section| key.starts_with(section)))
        .map(|(_, name)| name)
        .collect();
    let lines: Vec<String> = wanted
        .iter()
        .filter_map(|name| {
            let digest = stored.get(name)?;
            let file = format!("{}/{name}", paths::CREDSTORE_DIR);
            Some(format!(
                "# {name}: {digest}\nLoadCredentialEncrypted={name}:{file}\n"
            ))
        })
        .collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let content = format!(
        "# Secrets that the operator's file names.\n[Service]\n{}",
        lines.concat()
    );
    let workers = queues::ALL.into_iter().map(units::worker);
    workers
        .chain(
            [
                units::WEB,
                units::SCHEDULER,
                units::FILES_CHECK,
                units::SELF_TEST,
            ]
            .map(str::to_owned),
        )
        .map(|unit| RenderedFile {
            path: format!(
                "{}/{unit}.d/{CREDENTIALS_NAME}",
                directory.trim_end_matches('/')
            ),
            mode: 0o644,
            owner: Account::Root,
            group: Account::Root,
            content: content.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "[payments]\nstripe_secret_key = { secret = \"stripe\" }\n\
        [acme.cloudflare]\ntoken = { secret = \"dns\" }\n";

    #[test]
    fn the_application_gets_what_is_named_and_stored() {
        let config = Config::parse(CONFIG, "x".as_ref()).unwrap();
        let stored = |name: &str| BTreeMap::from([(name.to_owned(), "abc".to_owned())]);
        assert_eq!(credentials(&config, &BTreeMap::new(), "/g"), []);
        assert_eq!(credentials(&config, &stored("dns"), "/g"), []);
        let files = credentials(&config, &stored("stripe"), "/g");
        assert_eq!(files.len(), queues::ALL.len() + 4);
        let web = "/g/wizamart-web.service.d/60-onebox-secrets.conf";
        let web = files.iter().find(|file| file.path == web).unwrap();
        assert!(web.content.contains("# stripe: abc\n"));
        let line = "LoadCredentialEncrypted=stripe:/var/lib/onebox/credstore/stripe\n";
        assert!(web.content.contains(line), "{}", web.content);
    }
}
