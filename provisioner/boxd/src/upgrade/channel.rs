//! Reading the channel: what releases there are, and who says so.

use super::memory::{Channel, Memory};
use super::{UpgradeError, trust};
use crate::acme::http::{Patience, client};
use crate::disk::{Access, Disk};
use onebox_model::config::Config;
use onebox_model::paths::UPGRADES_DIR;
use onebox_release::channel::{Expected, INDEX, LIMIT, Previews, SIGNATURES, verify};
use onebox_release::{Index, Keyring, Version};
use std::time::Duration;
use time::OffsetDateTime;

/// How long a web server may take.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(15),
    answer: Duration::from_secs(60),
};
/// Index and signature are two files that may change between two downloads.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(2);

/// A bundle in the channel.
pub(super) struct Bundle {
    /// Where it is.
    pub(super) url: String,
    /// Which release it is said to be.
    pub(super) version: Version,
}

/// The bundle of a version, or of the newest.
///
/// # Errors
/// When there is no channel, it cannot be used, or has no such release.
pub(super) async fn bundle(
    disk: &Disk,
    config: &Config,
    version: Option<&Version>,
) -> Result<Bundle, UpgradeError> {
    let (address, index) = read(disk, config).await?;
    let entry = match version {
        Some(version) => index.find(version),
        None => index.newest(Previews::Excluded),
    };
    let entry = entry.ok_or_else(|| {
        let have: Vec<String> = index
            .releases
            .iter()
            .map(|one| one.version.to_string())
            .collect();
        UpgradeError::Channel {
            address: address.clone(),
            why: match version {
                Some(version) => format!("it has no release {version}; it has {}", have.join(", ")),
                None => "it has no release".to_owned(),
            },
        }
    })?;
    Ok(Bundle {
        url: format!("{address}/{}", entry.bundle.path),
        version: entry.version.clone(),
    })
}

/// Reads the channel and remembers what it said.
///
/// # Errors
/// When there is no channel or it cannot be used.
pub(super) async fn read(disk: &Disk, config: &Config) -> Result<(String, Index), UpgradeError> {
    let Some(address) = &config.updates.channel else {
        return Err(UpgradeError::Refused(
            "no channel is set, so there is nowhere to look for releases; set updates.channel, or name a bundle by its path or URL"
                .to_owned(),
        ));
    };
    let address = address.trim_end_matches('/').to_owned();
    let done = fetch(disk, config, &address).await;
    let mut memory = Memory::load(disk)?;
    match &done {
        Ok(index) => {
            memory.channel = Channel {
                serial: index.serial,
                address: Some(address.clone()),
                read_at: Some(OffsetDateTime::now_utc()),
                newest: index
                    .newest(Previews::Excluded)
                    .map(|entry| entry.version.to_string()),
                error: None,
            };
        }
        Err(error) => memory.channel.error = Some(error.to_string()),
    }
    memory.save(disk)?;
    Ok((address, done?))
}

async fn fetch(disk: &Disk, config: &Config, address: &str) -> Result<Index, UpgradeError> {
    let fault = |why: String| UpgradeError::Channel {
        address: address.to_owned(),
        why,
    };
    let keyring = trust::keyring(disk, config)?.ok_or_else(|| {
        fault(
            "this box trusts nobody's releases: set updates.roots_file to a file with the keyring of who makes them (ROOTDIR/keyring.pem of `boxctl release keys init`)"
                .to_owned(),
        )
    })?;
    let http = client(config.updates.ca_file.as_deref(), PATIENCE)
        .map_err(|error| fault(error.to_string()))?;
    let get = async |name: &str| -> Result<Vec<u8>, UpgradeError> {
        let url = format!("{address}/{name}");
        let mut answer = http
            .get(&url)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(|error| fault(causes(&error)))?;
        let mut bytes = Vec::new();
        while let Some(part) = answer
            .chunk()
            .await
            .map_err(|error| fault(causes(&error)))?
        {
            bytes.extend_from_slice(&part);
            if bytes.len() > LIMIT {
                return Err(fault(format!("{name} has more than {LIMIT} bytes")));
            }
        }
        Ok(bytes)
    };
    let memory = Memory::load(disk)?;
    // Another channel counts by itself.
    let same = memory.channel.address.as_deref() == Some(address);
    let last_serial = if same { memory.channel.serial } else { 0 };
    let mut tries = 1;
    loop {
        let (index, signatures) = (get(INDEX).await?, get(SIGNATURES).await?);
        let expected = Expected {
            channel: None,
            now: OffsetDateTime::now_utc(),
            last_serial,
        };
        match verify(&index, &signatures, &keyring, expected) {
            Ok(verified) => {
                if verified.news {
                    keep(disk, &verified.keyring)?;
                    trust::render(disk, config)?;
                }
                return Ok(verified.index);
            }
            Err(error) if error.is_transient() && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(fault(error.to_string())),
        }
    }
}

/// What was revoked holds for bundles too, from wherever they come.
fn keep(disk: &Disk, keyring: &Keyring) -> Result<(), UpgradeError> {
    disk.directory(UPGRADES_DIR, Access::root(0o700))?;
    let text = keyring.lists_pem();
    disk.write(trust::REVOKED, text.as_bytes(), Access::root(0o600))?;
    Ok(())
}

/// An error and what lies behind it.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
