//! Reading a certificate and its key, and refusing a pair that would fail
//! every handshake.

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Names of the two files, under one directory.
#[derive(Clone, Debug)]
pub struct Files {
    /// The chain, the server's own certificate first.
    pub chain: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

type Parts = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Tells whether the files have changed since.
pub type Stamp = Option<(SystemTime, SystemTime)>;

/// The pair cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read or parsed.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What was wrong.
        #[source]
        source: pem::Error,
    },
    /// There is none in the file.
    #[error("{} holds no certificate", .0.display())]
    Empty(PathBuf),
    /// They do not belong together, or are of an unknown kind.
    #[error("the certificate {} and the key {} cannot be served: {source}", chain.display(), key.display())]
    Pair {
        /// The chain.
        chain: PathBuf,
        /// The key.
        key: PathBuf,
        /// What was wrong.
        #[source]
        source: rustls::Error,
    },
}

impl Files {
    /// The names that are used in a directory.
    #[must_use]
    pub fn under(dir: &Path) -> Self {
        Self {
            chain: dir.join("fullchain.pem"),
            key: dir.join("privkey.pem"),
        }
    }

    /// Reads the pair.
    ///
    /// # Errors
    /// When it cannot be served.
    pub fn read(&self) -> Result<CertifiedKey, CertificateError> {
        let (chain, key) = self.parts()?;
        CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
            .map_err(|source| self.unusable(source))
    }

    /// Reads the pair without holding the one against the other. A proof for
    /// an authority has to be read so: it is critical in an extension that no
    /// verifier knows (RFC 8737, 3), ours included.
    ///
    /// # Errors
    /// When a file cannot be read, or the key is of no kind we know.
    pub(super) fn read_proof(&self) -> Result<CertifiedKey, CertificateError> {
        let (chain, key) = self.parts()?;
        let key = aws_lc_rs::sign::any_supported_type(&key);
        key.map(|key| CertifiedKey::new(chain, key))
            .map_err(|source| self.unusable(source))
    }

    fn unusable(&self, source: rustls::Error) -> CertificateError {
        CertificateError::Pair {
            chain: self.chain.clone(),
            key: self.key.clone(),
            source,
        }
    }

    fn parts(&self) -> Result<Parts, CertificateError> {
        let unreadable = |path: &Path, source| CertificateError::Read {
            path: path.to_owned(),
            source,
        };
        let chain: Vec<_> = CertificateDer::pem_file_iter(&self.chain)
            .and_then(Iterator::collect)
            .map_err(|source| unreadable(&self.chain, source))?;
        if chain.is_empty() {
            return Err(CertificateError::Empty(self.chain.clone()));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|source| unreadable(&self.key, source))?;
        Ok((chain, key))
    }

    /// When the files were last written; `None` while one is missing.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        let written = |path: &Path| {
            std::fs::metadata(path)
                .and_then(|meta| meta.modified())
                .ok()
        };
        Some((written(&self.chain)?, written(&self.key)?))
    }
}
