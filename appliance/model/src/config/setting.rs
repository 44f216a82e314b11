//! The configuration in force, key by key, for people to look at.

use super::Config;
use super::error::Origin;
use super::keys::KEYS;
use super::layers::Layers;
use serde::Serialize;
use serde_json::Value;

/// One key with its value and where that is from. Secrets are left out of the
/// value, as wherever the configuration is written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    /// The dotted key.
    pub key: &'static str,
    /// The value in force; null where leaving the key out is the value.
    pub value: Value,
    /// Where it was set; `None` for a default.
    pub origin: Option<Origin>,
}

/// Keys whose secrets are only named, with the names.
pub(super) fn named_secrets(config: &Config) -> Vec<(&'static str, String)> {
    let whole = serde_json::to_value(config).unwrap_or_default();
    KEYS.iter()
        .filter(|key| key.secret)
        .filter_map(|key| {
            let value = key
                .path
                .split('.')
                .try_fold(&whole, |value, part| value.get(part))?;
            Some((key.path, value.get("secret")?.as_str()?.to_owned()))
        })
        .collect()
}

/// Keys that may hold secrets and stand differently in two texts. What they say
/// is shown nowhere, that they changed is.
#[must_use]
pub fn secrets_changed(before: &str, after: &str) -> Vec<&'static str> {
    let table = |text: &str| text.parse::<toml::Table>().unwrap_or_default();
    let (before, after) = (table(before), table(after));
    KEYS.iter()
        .filter(|key| key.secret && at(&before, key.path) != at(&after, key.path))
        .map(|key| key.path)
        .collect()
}

/// Secrets that stand in a text themselves, for those who must not let them
/// through anywhere.
#[must_use]
pub fn inline_secrets(text: &str) -> Vec<String> {
    let table = text.parse::<toml::Table>().unwrap_or_default();
    KEYS.iter()
        .filter(|key| key.secret)
        .filter_map(|key| Some(at(&table, key.path)?.as_str()?.to_owned()))
        .filter(|value| !value.is_empty())
        .collect()
}

/// The value of a dotted key.
fn at(table: &toml::Table, path: &str) -> Option<toml::Value> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let whole = table.get(first).cloned();
    rest.split('.')
        .filter(|part| !part.is_empty())
        .try_fold(whole?, |value, part| value.get(part).cloned())
}

pub(super) fn all(config: &Config, layers: &Layers) -> Vec<Setting> {
    let whole = serde_json::to_value(config).unwrap_or_default();
    let at = |path: &str| {
        path.split('.')
            .try_fold(&whole, |value, part| value.get(part))
            .cloned()
            .unwrap_or_default()
    };
    KEYS.iter()
        .zip(layers.set_at(KEYS.iter().map(|key| key.path)))
        .map(|(key, origin)| Setting {
            key: key.path,
            value: at(key.path),
            origin,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_secrets_are_found_with_their_keys() {
        let text = "[payments]\nstripe_secret_key = { secret = \"stripe\" }\nwebhook_secret = \"whsec_x\"\n";
        let config = Config::parse(text, "x".as_ref()).unwrap();
        let named = [("payments.stripe_secret_key", "stripe".to_owned())];
        assert_eq!(config.named_secrets(), named);
    }

    #[test]
    fn secrets_that_stand_in_the_text_are_found() {
        let text = "[mail.smtp]\npassword = \"hunter2\"\n[payments]\nstripe_secret_key = { secret = \"stripe\" }\n";
        assert_eq!(inline_secrets(text), ["hunter2"]);
        assert!(inline_secrets("not = toml = at all").is_empty());
    }

    #[test]
    fn a_secret_that_changed_is_named_and_not_shown() {
        let one = "[database]\nurl = \"postgres://a@h/d\"\n[time]\nzone = \"UTC\"\n";
        let other = one.replace("a@h", "b@h");
        assert_eq!(secrets_changed(one, &other), ["database.url"]);
        assert_eq!(secrets_changed(one, one), [""; 0]);
        assert_eq!(secrets_changed("", one), ["database.url"]);
    }
}
