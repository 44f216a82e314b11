//! `[secrets]`: the keys that seal what the database must not show.

use crate::config::error::Finding;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Sealing secrets in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    /// A file of keys, see [`crate::seal_keys`]; the service's credential or
    /// the box's own file when left out.
    pub key_file: Option<PathBuf>,
}

impl Secrets {
    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        Finding::of_path(
            "secrets.key_file",
            self.key_file.as_deref(),
            "/etc/wizamart/seal-keys",
        )
        .into_iter()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_at_the_root() {
        let of = |file: &str| Secrets {
            key_file: Some(file.into()),
        };
        assert!(Secrets::default().validate().is_empty());
        assert!(of("/etc/wizamart/seal-keys").validate().is_empty());
        assert_eq!(of("seal-keys").validate().len(), 1);
    }
}
