//! TLS with a certificate that may change while connections are open. New
//! handshakes get the newest good one; a broken one never replaces it.

use super::certificate::{CertificateError, Files, Stamp};
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ALL_VERSIONS, ServerConfig};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio_rustls::TlsAcceptor;

/// The certificate in force.
#[derive(Debug)]
pub struct Certificates {
    files: Files,
    current: RwLock<Option<Arc<CertifiedKey>>>,
    stamp: Mutex<Stamp>,
}

impl Certificates {
    /// Nothing yet; [`Self::reload`] reads it.
    #[must_use]
    pub fn new(files: Files) -> Arc<Self> {
        Arc::new(Self {
            files,
            current: RwLock::new(None),
            stamp: Mutex::new(None),
        })
    }

    /// Reads the files and serves what they hold from now on.
    ///
    /// # Errors
    /// When they cannot be served; then nothing changes.
    pub fn reload(&self) -> Result<(), CertificateError> {
        // The stamp is taken first: files that change while they are read
        // look changed afterwards.
        let stamp = self.files.stamp();
        let read = self.files.read();
        // A broken pair is not looked at again until it changes.
        *self.stamp.lock().unwrap_or_else(PoisonError::into_inner) = stamp;
        let new = Arc::new(read?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(new);
        Ok(())
    }

    /// Whether the files have been written since they were read.
    #[must_use]
    pub fn changed(&self) -> bool {
        let stamp = self.files.stamp();
        stamp.is_some() && stamp != *self.stamp.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is one to serve.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// What makes TLS of TCP: versions 1.2 and 1.3, HTTP/2 preferred.
///
/// # Errors
/// When the cryptography provider has no suite for those versions.
pub fn acceptor(certificates: Arc<Certificates>) -> Result<TlsAcceptor, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(ALL_VERSIONS)?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
