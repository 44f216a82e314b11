//! Whom a box believes: roots, and each root's list of what it took back.
//!
//! As a file it is PEM with certificates and lists in it, which is what RAUC's
//! `[keyring] path=` reads, so that a box has one for both.

use time::OffsetDateTime;
use webpki::{BorrowedCertRevocationList, CertRevocationList};
use x509_parser::prelude::{CertificateRevocationList as ParsedList, FromDer};

use crate::certificate::{self, CertificateError, Described};
use crate::digest::hex;
use crate::keys::{KeyError, Revocations};
use crate::moment::moment;
use crate::pem;

/// Roots and revocations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyring {
    roots: Vec<Vec<u8>>,
    /// At most one for each root, the newest.
    lists: Vec<List>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct List {
    /// Index of its root.
    root: usize,
    der: Vec<u8>,
    content: Revocations,
}

/// A keyring cannot be used, or does not vouch for a signer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// It is no PEM.
    #[error("the keyring is damaged: {0}; take it anew from where the root is")]
    Damaged(String),
    /// It has no root.
    #[error("the keyring has no root certificate: add one (`boxctl release keys init`)")]
    Empty,
    /// Two roots have one name: which one a list is of could not be told.
    #[error("the keyring has two roots of the name {0}: remove one")]
    SameName(String),
    /// A root cannot be one.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A list cannot be read.
    #[error(transparent)]
    List(#[from] KeyError),
    /// A list is not by any of the roots.
    #[error(
        "a list of revoked certificates in the keyring is not signed by any of its roots: \
         take the list from where the root is"
    )]
    ForeignList,
    /// A list is of a kind that cannot be judged.
    #[error(
        "a list of revoked certificates is not one that `boxctl release keys` makes: {0}; \
         make it anew"
    )]
    UnknownList(String),
    /// Nothing leads from a root to the signer.
    #[error(
        "{signer} was not certified by a root this machine believes ({roots}): \
         take the release from who made this box's, or add the maker's root to the keyring"
    )]
    WrongKey {
        /// Whose signature it is.
        signer: String,
        /// The roots.
        roots: String,
    },
    /// Its certificate was taken back.
    #[error(
        "{signer} (serial {serial}) was revoked: do not use what it signed, ask the maker for a \
         release that is signed anew"
    )]
    Revoked {
        /// Whose it was.
        signer: String,
        /// Serial number in hexadecimal.
        serial: String,
    },
    /// The root has no list.
    #[error(
        "the keyring has no list of revoked certificates of {root}: add it \
         (`boxctl release keys revoke` makes one)"
    )]
    NoList {
        /// The root.
        root: String,
    },
    /// The root's list is out of date: what was revoked since is unknown.
    #[error(
        "the list of revoked certificates of {root} was good until {}, the clock says {}: \
         the maker must make a new one (`boxctl release keys revoke`) and publish it, or the \
         clock is wrong",
        moment(.until),
        moment(.now)
    )]
    StaleList {
        /// The root.
        root: String,
        /// When the next was due.
        until: OffsetDateTime,
        /// The moment that was asked for.
        now: OffsetDateTime,
    },
}

/// Whether lists that ran out are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// They are not: what was revoked since is unknown.
    Required,
    /// They are, for a maker's look at what it published itself.
    Ignored,
}

impl Keyring {
    /// Reads a keyring's file.
    ///
    /// # Errors
    /// When it is damaged, has no root, or a list that is by none of its roots.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let blocks = pem::decode(text).map_err(KeyringError::Damaged)?;
        let mut keyring = Self {
            roots: Vec::new(),
            lists: Vec::new(),
        };
        for (_, der) in blocks.iter().filter(|(label, _)| label == pem::CERTIFICATE) {
            keyring.add_root(der)?;
        }
        if keyring.roots.is_empty() {
            return Err(KeyringError::Empty);
        }
        for (_, der) in blocks.iter().filter(|(label, _)| label == pem::REVOCATIONS) {
            keyring.add_list(der)?;
        }
        Ok(keyring)
    }

    fn add_root(&mut self, der: &[u8]) -> Result<(), KeyringError> {
        let new = certificate::parse(der)?;
        certificate::check_root(&new)?;
        for root in &self.roots {
            if root == der {
                return Ok(());
            }
            if certificate::parse(root)?.subject().as_raw() == new.subject().as_raw() {
                return Err(KeyringError::SameName(certificate::subject(&new)));
            }
        }
        self.roots.push(der.to_owned());
        Ok(())
    }

    /// Whether the list was newer than what there was.
    fn add_list(&mut self, der: &[u8]) -> Result<bool, KeyringError> {
        let parsed = match ParsedList::from_der(der) {
            Ok(([], list)) => list,
            _ => return Err(KeyringError::UnknownList("it is damaged".to_owned())),
        };
        // Partial, indirect and delta lists would leave revocations out.
        let strict = BorrowedCertRevocationList::from_der(der)
            .map_err(|error| KeyringError::UnknownList(error.to_string()))?;
        if CertRevocationList::from(strict)
            .issuing_distribution_point()
            .is_some()
        {
            return Err(KeyringError::UnknownList("it is a partial one".to_owned()));
        }
        let mut root = None;
        for (index, der) in self.roots.iter().enumerate() {
            if certificate::listed(&certificate::parse(der)?, &parsed) {
                root = Some(index);
            }
        }
        let root = root.ok_or(KeyringError::ForeignList)?;
        let content = Revocations::parse(&pem::encode(pem::REVOCATIONS, der))?;
        let old = self.lists.iter().position(|list| list.root == root);
        let old = old.and_then(|at| self.lists.get_mut(at));
        let der = der.to_owned();
        let new = List { root, der, content };
        match old {
            Some(old) if old.content.number >= new.content.number => return Ok(false),
            Some(old) => *old = new,
            None => self.lists.push(new),
        }
        Ok(true)
    }

    /// Takes over lists from elsewhere that are by its roots and newer than its
    /// own, and says whether there were any. They prove themselves, so anybody
    /// may bring them; others are left alone.
    pub fn adopt(&mut self, lists: &str) -> bool {
        let blocks = pem::decode(lists).unwrap_or_default();
        let mut any = false;
        for (_, der) in blocks.iter().filter(|(label, _)| label == pem::REVOCATIONS) {
            any |= self.add_list(der).unwrap_or(false);
        }
        any
    }

    /// Adds what another keyring has: for a time, boxes believe both an old and
    /// a new root.
    ///
    /// # Errors
    /// When they cannot be one keyring.
    pub fn join(&mut self, other: &Self) -> Result<(), KeyringError> {
        for root in &other.roots {
            self.add_root(root)?;
        }
        for list in &other.lists {
            self.add_list(&list.der)?;
        }
        Ok(())
    }

    /// The keyring's file, for RAUC and for [`Self::parse`].
    #[must_use]
    pub fn to_pem(&self) -> String {
        let roots = self
            .roots
            .iter()
            .map(|der| pem::encode(pem::CERTIFICATE, der));
        roots.collect::<String>() + &self.lists_pem()
    }

    /// Only its lists of revoked certificates.
    #[must_use]
    pub fn lists_pem(&self) -> String {
        let lists = self.lists.iter();
        lists
            .map(|list| pem::encode(pem::REVOCATIONS, &list.der))
            .collect()
    }

    /// Its roots.
    ///
    /// # Errors
    /// When one is damaged, which parsing excludes.
    pub fn roots(&self) -> Result<Vec<Described>, KeyringError> {
        let described = |der: &Vec<u8>| Ok(certificate::describe(&certificate::parse(der)?));
        self.roots.iter().map(described).collect()
    }

    /// Whether RAUC's `check-crl=true` would accept anything at this time: every
    /// root needs a list that is not out of date.
    ///
    /// # Errors
    /// With what is missing.
    pub fn can_check_revocation(&self, now: OffsetDateTime) -> Result<(), KeyringError> {
        for index in 0..self.roots.len() {
            self.list(index, Freshness::Required, now)?;
        }
        Ok(())
    }

    fn list(
        &self,
        root: usize,
        freshness: Freshness,
        now: OffsetDateTime,
    ) -> Result<&List, KeyringError> {
        let name = || {
            let der = self.roots.get(root).map(Vec::as_slice).unwrap_or_default();
            certificate::parse(der)
                .map_or_else(|_| "a root".to_owned(), |c| certificate::subject(&c))
        };
        let list = self.lists.iter().find(|list| list.root == root);
        let list = list.ok_or_else(|| KeyringError::NoList { root: name() })?;
        if freshness == Freshness::Required && now > list.content.next_update {
            return Err(KeyringError::StaleList {
                root: name(),
                until: list.content.next_update,
                now,
            });
        }
        Ok(list)
    }

    /// Whether a signer's certificate (DER) may sign releases at this time.
    ///
    /// # Errors
    /// With what speaks against it.
    pub fn check(
        &self,
        signer: &[u8],
        freshness: Freshness,
        now: OffsetDateTime,
    ) -> Result<(), KeyringError> {
        let parsed = certificate::parse(signer)?;
        for (index, der) in self.roots.iter().enumerate() {
            let root = certificate::parse(der)?;
            if !certificate::issued(&root, &parsed) {
                continue;
            }
            // First what is worst: a revoked one may be out of date as well.
            let serial = parsed.serial.to_bytes_be();
            let list = self.list(index, Freshness::Ignored, now)?;
            if list.content.revoked.iter().any(|one| one.serial == serial) {
                return Err(KeyringError::Revoked {
                    signer: certificate::subject(&parsed),
                    serial: hex(&serial),
                });
            }
            self.list(index, freshness, now)?;
            let root = certificate::describe(&root);
            if now < root.from || now > root.until {
                return Err(CertificateError::Validity {
                    subject: root.subject,
                    from: root.from,
                    until: root.until,
                    now,
                }
                .into());
            }
            return Ok(certificate::check_signer(&parsed, now)?);
        }
        let roots = self.roots()?.into_iter().map(|root| root.subject);
        Err(KeyringError::WrongKey {
            signer: certificate::subject(&parsed),
            roots: roots.collect::<Vec<_>>().join(", "),
        })
    }
}
