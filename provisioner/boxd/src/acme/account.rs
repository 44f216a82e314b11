//! Accounts at authorities: made once, kept, and made again when the authority
//! has forgotten one.

use super::error::OrderError;
use super::http::Http;
use crate::disk::{Access, Disk};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use instant_acme::{Account, AccountCredentials, ExternalAccountKey, NewAccount};
use onebox_model::paths::ACME_ACCOUNTS;
use serde::{Deserialize, Serialize};

/// Who we are to an authority.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    /// URL of the authority's directory.
    pub(crate) directory: String,
    /// Where it may write to.
    pub(crate) email: Option<String>,
    /// External account: the key's name and the key in base64.
    pub(crate) eab: Option<(String, String)>,
}

/// What is kept of an account.
#[derive(Serialize, Deserialize)]
struct Kept {
    email: Option<String>,
    /// Name of the external account it is bound to.
    eab: Option<String>,
    credentials: AccountCredentials,
}

/// The account at an authority, with its key for requests that the library has
/// no words for.
pub(crate) struct Registered {
    pub(crate) account: Account,
    /// PKCS #8.
    pub(crate) key: Vec<u8>,
}

/// Gives the account, making one where there is none.
pub(crate) async fn open(
    disk: &Disk,
    http: &Http,
    registration: &Registration,
) -> Result<Registered, OrderError> {
    let path = path(&registration.directory);
    let kept = match disk.read(&path).map_err(own)? {
        Some(bytes) => match serde_json::from_slice::<Kept>(&bytes) {
            Ok(kept) => Some(kept),
            Err(error) => {
                let aside = disk.set_aside(&path).map_err(own)?;
                tracing::warn!("{path} is damaged ({error}); it is now {}", aside.display());
                None
            }
        },
        None => None,
    };
    let bound_to = registration.eab.as_ref().map(|(kid, _)| kid.clone());
    match kept {
        Some(kept) if kept.eab == bound_to => restore(disk, http, registration, kept).await,
        _ => create(disk, http, registration).await,
    }
}

/// Forgets an account that the authority does not know any more.
pub(crate) fn forget(disk: &Disk, directory: &str) -> Result<(), OrderError> {
    let path = path(directory);
    if disk.read(&path).map_err(own)?.is_some() {
        disk.set_aside(&path).map_err(own)?;
    }
    Ok(())
}

async fn restore(
    disk: &Disk,
    http: &Http,
    registration: &Registration,
    mut kept: Kept,
) -> Result<Registered, OrderError> {
    let key = kept.credentials.private_key().secret_pkcs8_der().to_vec();
    let text = serde_json::to_vec(&kept.credentials).map_err(own)?;
    let credentials = serde_json::from_slice(&text).map_err(own)?;
    let account = Account::builder_with_http(Box::new(http.clone()))
        .from_credentials(credentials)
        .await?;
    if kept.email != registration.email {
        let contact = contact(registration);
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        match account.update_contacts(&contact).await {
            Ok(()) => {
                kept.email.clone_from(&registration.email);
                keep(disk, &registration.directory, &kept)?;
            }
            // A certificate matters more than an address to write to.
            Err(error) => tracing::warn!("the authority keeps the old acme.email: {error}"),
        }
    }
    Ok(Registered { account, key })
}

async fn create(
    disk: &Disk,
    http: &Http,
    registration: &Registration,
) -> Result<Registered, OrderError> {
    let contact = contact(registration);
    let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
    let external = registration.eab.as_ref().map(external).transpose()?;
    let (account, credentials) =
        super::patiently!(Account::builder_with_http(Box::new(http.clone())).create(
            &NewAccount {
                contact: &contact,
                terms_of_service_agreed: true,
                only_return_existing: false,
            },
            registration.directory.clone(),
            external.as_ref(),
        ))?;
    let key = credentials.private_key().secret_pkcs8_der().to_vec();
    let kept = Kept {
        email: registration.email.clone(),
        eab: registration.eab.as_ref().map(|(kid, _)| kid.clone()),
        credentials,
    };
    keep(disk, &registration.directory, &kept)?;
    Ok(Registered { account, key })
}

fn keep(disk: &Disk, directory: &str, kept: &Kept) -> Result<(), OrderError> {
    disk.directory(ACME_ACCOUNTS, Access::root(0o700))
        .map_err(own)?;
    let text = serde_json::to_vec_pretty(kept).map_err(own)?;
    disk.write(&path(directory), &text, Access::root(0o600))
        .map_err(own)?;
    Ok(())
}

fn contact(registration: &Registration) -> Vec<String> {
    let email = registration.email.iter();
    email.map(|email| format!("mailto:{email}")).collect()
}

/// Authorities show the key in base64url, some in plain base64.
fn external((kid, key): &(String, String)) -> Result<ExternalAccountKey, OrderError> {
    let key = key.trim();
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(key.trim_end_matches('='))
        .or_else(|_| BASE64_STANDARD.decode(key))
        .or_else(|_| BASE64_URL_SAFE.decode(key))
        .map_err(|_| {
            OrderError::Own(
                "acme.eab.hmac_key is not base64; copy it as the authority shows it".to_owned(),
            )
        })?;
    Ok(ExternalAccountKey::new(kid.clone(), &bytes))
}

/// One file an authority: its host for people, a digest of the URL for the rest.
fn path(directory: &str) -> String {
    let rest = directory
        .split_once("://")
        .map_or(directory, |(_, rest)| rest);
    let host: String = rest
        .split(['/', ':', '?'])
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        .take(100)
        .collect();
    let digest = digest::digest(&digest::SHA256, directory.as_bytes());
    let short = digest.as_ref().get(..6).unwrap_or_default();
    let short = BASE64_URL_SAFE_NO_PAD.encode(short);
    format!("{ACME_ACCOUNTS}/{host}-{short}.json")
}

fn own(error: impl std::fmt::Display) -> OrderError {
    OrderError::Own(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_directory_has_its_file_and_none_leads_elsewhere() {
        let one = path("https://ca.example:14000/dir");
        assert!(
            one.starts_with("/var/lib/onebox/acme/accounts/ca.example-"),
            "{one}"
        );
        assert_ne!(one, path("https://ca.example:14000/other"));
        let odd = path("https://../../etc/x");
        assert!(
            !odd.contains("/../") && odd.starts_with(ACME_ACCOUNTS),
            "{odd}"
        );
    }

    #[test]
    fn a_key_may_be_in_either_alphabet() {
        for key in [
            "zWNDZM6eQGHWpSRTPal5",
            "zWND+M6e/GHWpSRTPal5",
            "zWNDZM6eQGHWpSRTPg==",
        ] {
            assert!(
                external(&("kid".to_owned(), key.to_owned())).is_ok(),
                "{key}"
            );
        }
        assert!(external(&("kid".to_owned(), "not base64!".to_owned())).is_err());
    }
}
