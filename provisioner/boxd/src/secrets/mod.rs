//! The operator's secrets: encrypted on the box, given to units as credentials
//! (systemd-creds(1)).
//!
//! They are encrypted with the key of this box, which systemd keeps in
//! `/var/lib/systemd/credential.secret`: a copy of the files is no use elsewhere.

mod creds;

pub use creds::{Creds, CredsError, Seal};

use crate::disk::{Access, Disk, DiskError};
use aws_lc_rs::digest::{SHA256, digest};
use onebox_api::secrets::SecretInfo;
use onebox_model::paths::{CONFIG, CREDSTORE_DIR};
use onebox_model::secret::is_name;
use onebox_model::{Config, Secret};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// The largest value; keys and passwords are far smaller.
const LARGEST: usize = 64 * 1024;

/// A secret cannot be stored, read or removed.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// No name for a secret.
    #[error(
        "{0:?} is no name for a secret; write letters, digits, hyphens, dots and underscores, such as \"stripe-key\""
    )]
    Name(String),
    /// Nothing, or too much.
    #[error(
        "the value of {name:?} has {length} bytes; it must have 1 to {LARGEST}, and is read from standard input"
    )]
    Length {
        /// Its name.
        name: String,
        /// Its length.
        length: usize,
    },
    /// More than one line, or not for text.
    #[error("the value of {0:?} has a line break or a NUL in it; a password or key is one line")]
    Lines(String),
    /// There is none.
    #[error("there is no secret {0:?}; `boxctl secret list` shows what there is")]
    Missing(String),
    /// It is still named.
    #[error("the secret {name:?} is named by {by}; change that and apply it first, or add --force")]
    Named {
        /// Its name.
        name: String,
        /// By which keys.
        by: String,
    },
    /// The system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// It cannot be encrypted or decrypted.
    #[error(transparent)]
    Creds(#[from] CredsError),
}

fn path(name: &str) -> String {
    format!("{CREDSTORE_DIR}/{name}")
}

/// What is stored: names, with a digest of each encrypted file.
///
/// # Errors
/// When it cannot be read.
pub fn stored(disk: &Disk) -> Result<BTreeMap<String, String>, DiskError> {
    let mut all = BTreeMap::new();
    for name in disk
        .names(CREDSTORE_DIR)?
        .into_iter()
        .filter(|name| is_name(name))
    {
        if let Some(bytes) = disk.read(&path(&name))? {
            let digest = digest(&SHA256, &bytes);
            let short = digest.as_ref().iter().take(6);
            all.insert(name, short.map(|byte| format!("{byte:02x}")).collect());
        }
    }
    Ok(all)
}

/// Stores a secret. Units get it with the next apply.
///
/// # Errors
/// When the name or value is not good, or the system refuses.
pub async fn set(
    disk: &Disk,
    seal: &dyn Seal,
    name: &str,
    value: &str,
) -> Result<(), SecretsError> {
    if !is_name(name) {
        return Err(SecretsError::Name(name.to_owned()));
    }
    if value.is_empty() || value.len() > LARGEST {
        return Err(SecretsError::Length {
            name: name.to_owned(),
            length: value.len(),
        });
    }
    if value.contains(['\n', '\r', '\0']) {
        return Err(SecretsError::Lines(name.to_owned()));
    }
    let sealed = seal.seal(name, value).await?;
    disk.directory(CREDSTORE_DIR, Access::root(0o700))?;
    disk.write(&path(name), &sealed, Access::root(0o600))?;
    Ok(())
}

/// Forgets a secret.
///
/// # Errors
/// When there is none, or it is named and `force` is false.
pub fn remove(disk: &Disk, name: &str, force: bool) -> Result<(), SecretsError> {
    if !is_name(name) || disk.read(&path(name))?.is_none() {
        return Err(SecretsError::Missing(name.to_owned()));
    }
    let by = named(disk).remove(name).unwrap_or_default();
    if !by.is_empty() && !force {
        return Err(SecretsError::Named {
            name: name.to_owned(),
            by: by.into_iter().collect::<Vec<_>>().join(", "),
        });
    }
    disk.remove(&path(name))?;
    Ok(())
}

/// What is stored and what is named, without values.
///
/// # Errors
/// When it cannot be read.
pub fn list(disk: &Disk) -> Result<Vec<SecretInfo>, SecretsError> {
    let stored = stored(disk)?;
    let mut named = named(disk);
    let names: BTreeSet<String> = stored.keys().chain(named.keys()).cloned().collect();
    Ok(names
        .into_iter()
        .map(|name| SecretInfo {
            stored_at: fs::metadata(disk.path(&path(&name)))
                .and_then(|is| is.modified())
                .ok()
                .map(OffsetDateTime::from),
            named_by: named
                .remove(&name)
                .unwrap_or_default()
                .into_iter()
                .collect(),
            name,
        })
        .collect())
}

/// Names with the keys that name them, in what is in force and in the
/// operator's file where that is sound.
fn named(disk: &Disk) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let file = disk.read(CONFIG).ok().flatten();
    let wanted = file
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| Config::parse(&text, CONFIG.as_ref()).ok());
    let in_force = crate::effective::choose(disk).config;
    for config in wanted.iter().chain([&in_force]) {
        for (key, name) in config.named_secrets() {
            all.entry(name).or_default().insert(key.to_owned());
        }
    }
    all
}

/// The value of a secret that the keeper itself needs.
///
/// # Errors
/// When it is only named, and not stored or cannot be decrypted.
pub fn reveal(disk: &Disk, secret: &Secret) -> Result<String, String> {
    let Some(name) = secret.name() else {
        let given = secret.reveal(&onebox_model::Credentials::default());
        return given.map_err(|error| error.to_string());
    };
    let file = disk.path(&path(name));
    if !file.exists() {
        return Err(format!(
            "there is no secret {name:?} on this box; `boxctl secret set {name}` stores it"
        ));
    }
    let value = Zeroizing::new(creds::open(name, &file).map_err(|error| error.to_string())?);
    Ok(value.trim_end_matches(['\n', '\r']).to_owned())
}
