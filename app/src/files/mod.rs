//! Where files are kept: one [`store::FileStore`], two of them. [`local`] is a
//! directory of the box, [`s3`] is a bucket elsewhere (S3, R2).
//!
//! Bytes pass through as streams: no file is ever whole in memory, whatever
//! its size, except a picture while its small versions are made ([`thumbnail`]).
//! What a file is is found in its bytes ([`sniff`]) and never believed; how it
//! is handed out follows from that ([`delivery`]). A row of the tables
//! `uploads` and `reports` says which store has a file, so both can be in use
//! while files are moved ([`migrate`]).
//!
//! Start reading at [`Files`].

pub mod check;
pub mod delivery;
mod error;
pub mod intake;
pub mod key;
pub mod local;
pub mod migrate;
pub mod names;
pub mod range;
pub mod removal;
pub mod s3;
pub mod signed;
pub mod sniff;
pub mod store;
pub mod tally;
pub mod thumbnail;

pub use error::FileError;

use local::Local;
use onebox_model::Config;
use onebox_model::config::StoreChoice;
use s3::S3;
use signed::Signer;
use std::path::Path;
use std::sync::Arc;
use store::{FileStore, StoreKind};
use thumbnail::{Made, Unfit};
use tokio::sync::Semaphore;

/// The stores of a process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Files {
    choice: StoreKind,
    local: Arc<Local>,
    /// Where reports were before they went to a store.
    earlier: Arc<Local>,
    /// Or why there is none, in words for the operator.
    s3: Result<Arc<S3>, Arc<str>>,
    signer: Arc<Signer>,
    max_upload_bytes: u64,
    pictures: Arc<Semaphore>,
}

impl Files {
    /// The stores that the configuration names. One that cannot be used says
    /// so when it is asked for, not before: the rest of the site works.
    #[must_use]
    pub fn new(config: &Config, state_dir: &Path) -> Self {
        let s3 = S3::from_config(config).map(Arc::new).map_err(Arc::from);
        let choice = match config.storage.store {
            StoreChoice::Local => StoreKind::Local,
            StoreChoice::S3 => StoreKind::S3,
        };
        if let (StoreKind::S3, Err(why)) = (choice, &s3) {
            tracing::error!("files go to S3, but it cannot be used: {why}");
        }
        Self {
            choice,
            earlier: Arc::new(Local::new(state_dir.to_owned())),
            local: Arc::new(Local::new(state_dir.join("files"))),
            s3,
            signer: Arc::new(Signer::new(state_dir.join("files.key"))),
            max_upload_bytes: config.storage.max_upload_bytes,
            pictures: Arc::new(Semaphore::new(1)),
        }
    }

    /// Where new files go.
    ///
    /// # Errors
    /// When that store is not configured.
    pub fn current(&self) -> Result<Arc<dyn FileStore>, FileError> {
        self.store(self.choice)
    }

    /// A store by its kind.
    ///
    /// # Errors
    /// When it is not configured.
    pub fn store(&self, kind: StoreKind) -> Result<Arc<dyn FileStore>, FileError> {
        match (kind, &self.s3) {
            (StoreKind::Local, _) => Ok(Arc::clone(&self.local) as Arc<dyn FileStore>),
            (StoreKind::S3, Ok(s3)) => Ok(Arc::clone(s3) as Arc<dyn FileStore>),
            (StoreKind::S3, Err(why)) => Err(FileError::NotConfigured(why.to_string())),
        }
    }

    /// Every store that can be used.
    #[must_use]
    pub fn usable(&self) -> Vec<Arc<dyn FileStore>> {
        [StoreKind::Local, StoreKind::S3]
            .into_iter()
            .filter_map(|kind| self.store(kind).ok())
            .collect()
    }

    /// Where a report is that its row says is in this store. Releases before
    /// the column kept reports beside the stores.
    ///
    /// # Errors
    /// When that store is not configured.
    pub fn of_report(&self, kind: Option<StoreKind>) -> Result<Arc<dyn FileStore>, FileError> {
        match kind {
            Some(kind) => self.store(kind),
            None => Ok(Arc::clone(&self.earlier) as Arc<dyn FileStore>),
        }
    }

    /// What signs the addresses of private files.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Largest upload, in bytes.
    #[must_use]
    pub const fn max_upload_bytes(&self) -> u64 {
        self.max_upload_bytes
    }

    /// Makes the small versions of a picture. One picture at a time in a
    /// process: a decoded one is large, and the box may be small.
    ///
    /// # Errors
    /// When the picture is not fit; trying again cannot help.
    pub async fn thumbnails(&self, bytes: Vec<u8>, content_type: String) -> Result<Made, Unfit> {
        // The semaphore is never closed; without a permit it still works.
        let _turn = self.pictures.acquire().await;
        let work = move || thumbnail::make(&bytes, &content_type);
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|error| Err(Unfit::Decoder(error.to_string())))
    }
}
