//! TLS with certificates that may change while connections are open. New
//! handshakes get the newest good ones; a broken one never replaces any.
//!
//! The directory has the default pair, and in directories below it further
//! pairs, each served to clients that ask for one of its names. Of two pairs for
//! a name, that of the directory whose name comes last is served.

use super::acme::{self, Proofs, Resolver};
use super::certificate::{CertificateError, Files, Stamp};
use super::trust;
use rustls::crypto::aws_lc_rs::{self, Ticketer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ALL_VERSIONS, ServerConfig};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio_rustls::TlsAcceptor;

/// How connections become encrypted.
#[derive(Clone)]
pub struct Tls {
    pub(super) acceptor: TlsAcceptor,
    pub(super) certificates: Arc<Certificates>,
}

/// The certificates in force.
#[derive(Debug)]
pub struct Certificates {
    dir: PathBuf,
    current: RwLock<Arc<Current>>,
    stamps: Mutex<BTreeMap<PathBuf, Stamp>>,
}

#[derive(Debug, Default)]
struct Current {
    default: Option<Served>,
    /// By the directory they are from.
    further: BTreeMap<PathBuf, Served>,
    /// Which of the further ones a name means; `*.` stands before the rest of
    /// a name whose first part is open.
    by_name: HashMap<String, PathBuf>,
}

#[derive(Clone, Debug)]
struct Served {
    pair: Arc<CertifiedKey>,
    public: bool,
}

impl Served {
    fn read(dir: &Path) -> Result<Self, CertificateError> {
        let pair = Files::under(dir).read()?;
        Ok(Self {
            public: trust::is_public(&pair.cert),
            pair: Arc::new(pair),
        })
    }
}

impl Current {
    fn find(&self, name: Option<&str>) -> Option<&Served> {
        name.and_then(|name| self.named(name))
            .or(self.default.as_ref())
    }

    fn named(&self, name: &str) -> Option<&Served> {
        let name = name.to_ascii_lowercase();
        let dir = self.by_name.get(&name).or_else(|| {
            let (_, rest) = name.split_once('.')?;
            self.by_name.get(&format!("*.{rest}"))
        })?;
        self.further.get(dir)
    }

    fn index(&mut self) {
        self.by_name = self
            .further
            .iter()
            .flat_map(|(dir, served)| {
                trust::names(&served.pair.cert)
                    .into_iter()
                    .map(|name| (name, dir.clone()))
            })
            .collect();
    }
}

impl Certificates {
    /// Nothing yet; [`Self::reload`] reads the directory.
    #[must_use]
    pub fn new(dir: &Path) -> Arc<Self> {
        Arc::new(Self {
            dir: dir.to_owned(),
            current: RwLock::default(),
            stamps: Mutex::default(),
        })
    }

    /// Reads the files and serves what they hold from now on.
    ///
    /// # Errors
    /// The first pair that cannot be served. What was served in its place
    /// stays, and the others are served all the same.
    pub fn reload(&self) -> Result<(), CertificateError> {
        // The stamps are taken first: files that change while they are read
        // look changed afterwards. A broken pair is not looked at again until
        // it changes.
        let stamps = self.stamps();
        let before = self.current();
        let mut next = Current::default();
        let mut fault = None;
        match Served::read(&self.dir) {
            Ok(served) => next.default = Some(served),
            Err(error) => {
                next.default.clone_from(&before.default);
                fault = Some(error);
            }
        }
        for dir in stamps.keys().filter(|dir| **dir != self.dir) {
            match Served::read(dir) {
                Ok(served) => {
                    next.further.insert(dir.clone(), served);
                }
                Err(error) => {
                    if let Some(served) = before.further.get(dir) {
                        next.further.insert(dir.clone(), served.clone());
                    }
                    fault = fault.or(Some(error));
                }
            }
        }
        next.index();
        *self.stamps.lock().unwrap_or_else(PoisonError::into_inner) = stamps;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        fault.map_or(Ok(()), Err)
    }

    /// Whether files have been written, added or removed since they were read.
    #[must_use]
    pub fn changed(&self) -> bool {
        let stamps = self.stamps();
        // A default pair that is being replaced may be half there.
        let whole = stamps.values().any(Option::is_some);
        whole && stamps != *self.stamps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is one to serve.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.current().default.is_some()
    }

    /// Whether browsers accept what a client that asked for this name got.
    pub(super) fn is_public(&self, name: Option<&str>) -> bool {
        self.current()
            .find(name)
            .is_some_and(|served| served.public)
    }

    fn current(&self) -> Arc<Current> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    fn stamps(&self) -> BTreeMap<PathBuf, Stamp> {
        let below = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let pairs = below
            .map(|entry| entry.path())
            .map(|dir| (Files::under(&dir).stamp(), dir))
            .filter(|(stamp, _)| stamp.is_some())
            .map(|(stamp, dir)| (dir, stamp));
        let default = (self.dir.clone(), Files::under(&self.dir).stamp());
        pairs.chain([default]).collect()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current();
        let served = current.find(hello.server_name())?;
        Some(Arc::clone(&served.pair))
    }
}

impl Tls {
    /// Versions 1.2 and 1.3, HTTP/2 preferred, sessions resumed by tickets
    /// whose keys change every six hours and never leave the process. An
    /// authority that checks a name gets its proof.
    ///
    /// # Errors
    /// When the cryptography provider has no suite for those versions or no
    /// randomness.
    pub fn new(certificates: Arc<Certificates>, proofs: Proofs) -> Result<Self, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(ALL_VERSIONS)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Resolver {
                certificates: Arc::clone(&certificates),
                proofs,
            }));
        config.alpn_protocols = [b"h2".as_slice(), b"http/1.1", acme::ALPN]
            .map(<[u8]>::to_vec)
            .to_vec();
        config.ticketer = Ticketer::new()?;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificates,
        })
    }
}
