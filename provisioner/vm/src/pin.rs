//! Which certificate the box may show.
//!
//! A box makes its own certificate on first boot, so no authority vouches for
//! it. Its SSH login does: the key was made for this machine and given to it at
//! start, so what is read over SSH comes from the box. Until that was read, a
//! connection may only find out *whether* something answers
//! ([`Trust::Reachability`]): nothing secret may be sent over it and nothing
//! believed that comes from it.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};

use crate::error::{Error, Result};

/// Which certificate is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Any: only good for finding out whether something answers.
    Reachability,
    /// Exactly this one.
    Pinned(CertificateDer<'static>),
}

impl Trust {
    /// Pins the first certificate of the chain in `pem`, which came from
    /// `origin`.
    ///
    /// # Errors
    /// When there is no certificate in it.
    pub fn pin(pem: &str, origin: &str) -> Result<Self> {
        CertificateDer::from_pem_slice(pem.as_bytes())
            .map(Self::Pinned)
            .map_err(|error| Error::Certificate {
                origin: origin.into(),
                detail: error.to_string(),
            })
    }
}

/// Compares the certificate byte by byte and checks that the server has its key.
#[derive(Debug)]
pub(crate) struct Verifier {
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(crate) fn new(trust: Trust, algorithms: WebPkiSupportedAlgorithms) -> Arc<Self> {
        Arc::new(Self { trust, algorithms })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.trust {
            Trust::Pinned(pinned) if pinned != end_entity => Err(
                rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure),
            ),
            Trust::Pinned(_) | Trust::Reachability => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
