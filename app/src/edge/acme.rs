//! Answers to certificate authorities that check whether names are ours.
//!
//! The keeper writes proofs into a directory, this reads them when somebody
//! asks: files for HTTP-01 (RFC 8555, 8.3), certificates for TLS-ALPN-01 (RFC
//! 8737). Whoever asks may be anybody, so what is asked for is checked letter
//! by letter before it becomes part of a path, and nothing is remembered: a
//! proof is gone as soon as the keeper takes it away.

use super::certificate::Files;
use super::tls::Certificates;
use crate::errors::AppError;
use axum::Router;
use axum::extract::{Path as UrlPath, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a client that only checks a name offers in place of HTTP.
pub(super) const ALPN: &[u8] = b"acme-tls/1";

/// A token, a dot and a thumbprint are less than 200 bytes.
const LARGEST_PROOF: u64 = 4096;
/// Authorities send 43 characters.
const LONGEST_TOKEN: usize = 200;

/// The directory with the proofs.
#[derive(Clone, Debug)]
pub struct Proofs {
    dir: PathBuf,
}

impl Proofs {
    /// Proofs are in `http-01` and `tls-alpn-01` below this directory, which
    /// need not be there.
    #[must_use]
    pub fn below(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
        }
    }

    /// What to answer to a token; `None` when it is none of ours.
    fn http(&self, token: &str) -> io::Result<Option<Vec<u8>>> {
        if !is_token(token) {
            return Ok(None);
        }
        let file = match std::fs::File::open(self.dir.join("http-01").join(token)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut proof = Vec::new();
        file.take(LARGEST_PROOF).read_to_end(&mut proof)?;
        Ok(Some(proof))
    }

    /// The certificate that proves a name; `None` when nobody is checking it.
    fn certificate(&self, name: &str) -> Option<CertifiedKey> {
        if !is_host(name) {
            return None;
        }
        let files = Files::under(&self.dir.join("tls-alpn-01").join(name));
        files.stamp()?;
        match files.read_proof() {
            Ok(pair) => Some(pair),
            Err(error) => {
                tracing::error!("{error}; an authority that checks {name} gets no answer");
                None
            }
        }
    }
}

/// The letters of base64url (RFC 8555, 8.3), which lead out of no directory.
fn is_token(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LONGEST_TOKEN).contains(&text.len()) && text.bytes().all(letter)
}

/// A host name in lower case: its labels have something in them, so that there
/// is no `..`.
fn is_host(text: &str) -> bool {
    let letter = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
    };
    let label = |label: &str| !label.is_empty() && label.bytes().all(letter);
    text.len() <= 253 && text.split('.').all(label)
}

/// Answers to HTTP-01.
pub fn router(proofs: Proofs) -> Router {
    Router::new()
        .route("/.well-known/acme-challenge/{token}", get(answer))
        // Never anything else: neither the application nor a redirect.
        .route("/.well-known/acme-challenge/", any(unknown))
        .route("/.well-known/acme-challenge/{token}/", any(unknown))
        .route("/.well-known/acme-challenge/{token}/{*rest}", any(unknown))
        .with_state(proofs)
}

async fn answer(State(proofs): State<Proofs>, UrlPath(token): UrlPath<String>) -> Response {
    let read = tokio::task::spawn_blocking(move || proofs.http(&token));
    match read.await {
        Ok(Ok(Some(proof))) => (
            [
                (header::CONTENT_TYPE, "application/octet-stream"),
                (header::CACHE_CONTROL, "no-store"),
            ],
            proof,
        )
            .into_response(),
        Ok(Ok(None)) => unknown().await.into_response(),
        Ok(Err(error)) => {
            tracing::error!("a proof for an authority cannot be read: {error}");
            unknown().await.into_response()
        }
        Err(error) => {
            tracing::error!("reading a proof ended by itself: {error}");
            unknown().await.into_response()
        }
    }
}

async fn unknown() -> AppError {
    AppError::not_found("There is no such challenge.")
}

/// The certificate of a handshake: a proof for who offers nothing but
/// `acme-tls/1`, else one of those in force.
#[derive(Debug)]
pub(super) struct Resolver {
    pub(super) certificates: Arc<Certificates>,
    pub(super) proofs: Proofs,
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut offered = hello.alpn().into_iter().flatten();
        if offered.next() == Some(ALPN) && offered.next().is_none() {
            // Without a proof there is no handshake (RFC 8737, 3): the
            // certificate in force would prove nothing.
            let name = hello.server_name()?.to_ascii_lowercase();
            return self.proofs.certificate(&name).map(Arc::new);
        }
        self.certificates.resolve(hello)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_out_of_the_directory_is_neither_token_nor_host() {
        for bad in ["", ".", "..", "../x", "a/b", "a\\b", "a\0b", "é", "a b"] {
            assert!(!is_token(bad) && !is_host(bad), "{bad:?}");
        }
        for bad in [".a", "a.", "a..b", "A.example", "*.example"] {
            assert!(!is_host(bad), "{bad:?}");
        }
        assert!(!is_token("a.b") && !is_token(&"a".repeat(201)));
        assert!(is_token("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr_oA"));
        assert!(is_host("shop.example") && is_host("7.113.0.203.in-addr.arpa"));
    }
}
