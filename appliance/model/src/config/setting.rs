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

pub(super) fn all(config: &Config, layers: &Layers) -> Vec<Setting> {
    let whole = serde_json::to_value(config).unwrap_or_default();
    let at = |path: &str| {
        path.split('.')
            .try_fold(&whole, |value, part| value.get(part))
            .cloned()
            .unwrap_or_default()
    };
    KEYS.iter()
        .map(|key| Setting {
            key: key.path,
            value: at(key.path),
            origin: layers.set_at(key.path),
        })
        .collect()
}
