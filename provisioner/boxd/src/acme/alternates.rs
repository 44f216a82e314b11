//! Chains that lead elsewhere: authorities offer several for one certificate
//! (RFC 8555, 7.4.2). The library has no words for them, so the request is
//! signed here.

use super::account::Registered;
use super::error::HttpError;
use super::http::Http;
use super::order::Means;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::body::Bytes;
use axum::http::Method;
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// One bad nonce may follow another (`PEBBLE_WFE_NONCEREJECT`).
const TRIES: usize = 10;

/// The first chain that leads to the issuer; else the one offered first.
pub(super) async fn choose(
    means: &Means<'_>,
    registered: &Registered,
    first: String,
    issuer: &str,
    notes: &mut Vec<String>,
) -> String {
    if leads_to(&first, issuer) {
        return first;
    }
    for url in means.http.alternates() {
        match fetch(means, registered, &url).await {
            Ok(chain) if leads_to(&chain, issuer) => return chain,
            Ok(_) => {}
            Err(why) => notes.push(format!("another chain could not be fetched: {why}")),
        }
    }
    notes.push(format!(
        "no chain of the authority leads to {issuer:?} (acme.preferred_chain); the one it offers first was taken"
    ));
    first
}

/// Whether a certificate of the chain is of this issuer or signed by it.
pub(super) fn leads_to(chain: &str, issuer: &str) -> bool {
    CertificateDer::pem_slice_iter(chain.as_bytes())
        .filter_map(Result::ok)
        .any(|der| {
            X509Certificate::from_der(&der).is_ok_and(|(_, certificate)| {
                let mut names = certificate.issuer().iter_common_name();
                names.any(|name| name.as_str() == Ok(issuer))
            })
        })
}

/// A POST without payload, as authorities want it for reading (RFC 8555, 6.3).
async fn fetch(means: &Means<'_>, registered: &Registered, url: &str) -> Result<String, String> {
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &registered.key)
        .map_err(|error| format!("the account's key cannot be used: {error}"))?;
    let nonces = nonce_url(means.http, &means.registration.directory).await?;
    let mut last = "the authority refused every nonce".to_owned();
    for _ in 0..TRIES {
        let nonce = nonce(means.http, &nonces).await?;
        let body = signed(&key, registered.account.id(), &nonce, url)?;
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/jose+json"),
        );
        let answer = means
            .http
            .send(Method::POST, url.to_owned(), headers, Bytes::from(body))
            .await
            .map_err(|error: HttpError| error.to_string())?;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        if answer.status().is_success() {
            return Ok(text);
        }
        if !text.contains("badNonce") {
            return Err(format!("{}: {text}", answer.status()));
        }
        last = text;
    }
    Err(last)
}

async fn nonce_url(http: &Http, directory: &str) -> Result<String, String> {
    let answer = http
        .send(
            Method::GET,
            directory.to_owned(),
            HeaderMap::new(),
            Bytes::new(),
        )
        .await
        .map_err(|error| error.to_string())?;
    let directory: serde_json::Value =
        serde_json::from_slice(answer.body()).map_err(|error| error.to_string())?;
    let url = directory.get("newNonce").and_then(|url| url.as_str());
    url.map(str::to_owned)
        .ok_or_else(|| "the directory has no newNonce".to_owned())
}

async fn nonce(http: &Http, url: &str) -> Result<String, String> {
    let answer = http
        .send(Method::HEAD, url.to_owned(), HeaderMap::new(), Bytes::new())
        .await
        .map_err(|error| error.to_string())?;
    let nonce = answer.headers().get("replay-nonce");
    nonce
        .and_then(|nonce| nonce.to_str().ok())
        .map(str::to_owned)
        .ok_or_else(|| "the authority gave no nonce".to_owned())
}

/// RFC 7515, flattened, with an empty payload.
fn signed(key: &EcdsaKeyPair, account: &str, nonce: &str, url: &str) -> Result<String, String> {
    let header = serde_json::json!({"alg": "ES256", "kid": account, "nonce": nonce, "url": url});
    let protected = BASE64_URL_SAFE_NO_PAD.encode(header.to_string());
    let signature = key
        .sign(&SystemRandom::new(), format!("{protected}.").as_bytes())
        .map_err(|error| format!("the request cannot be signed: {error}"))?;
    let signature = BASE64_URL_SAFE_NO_PAD.encode(signature.as_ref());
    Ok(
        serde_json::json!({"protected": protected, "payload": "", "signature": signature})
            .to_string(),
    )
}
