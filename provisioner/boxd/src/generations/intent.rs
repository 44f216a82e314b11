//! What an apply has set out to do, written before anything is switched and
//! removed when it is over. Whoever finds it came after a crash.

use super::StoreError;
use crate::disk::{Access, Disk};
use onebox_model::paths::GENERATION_INTENT;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Files and units are being changed, or it is not known whether that was good.
    Applying,
    /// It is good, and waits to be confirmed by somebody who still gets in.
    Unconfirmed,
}

/// What an apply has set out to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The generation to go back to.
    pub from: u64,
    /// The generation that is applied.
    pub to: u64,
    /// How far it is.
    pub phase: Phase,
    /// Until when it must be confirmed.
    #[serde(with = "time::serde::rfc3339::option")]
    pub until: Option<OffsetDateTime>,
}

impl Intent {
    /// What is under way; `None` at rest.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(disk: &Disk) -> Result<Option<Self>, StoreError> {
        let Some(bytes) = disk.read(GENERATION_INTENT)? else {
            return Ok(None);
        };
        let intent = serde_json::from_slice(&bytes).map_err(|error| StoreError::Damaged {
            path: GENERATION_INTENT.to_owned(),
            why: error.to_string(),
        })?;
        Ok(Some(intent))
    }

    /// Writes it down.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, disk: &Disk) -> Result<(), StoreError> {
        let text = serde_json::to_string(self).map_err(|error| StoreError::Damaged {
            path: GENERATION_INTENT.to_owned(),
            why: error.to_string(),
        })?;
        disk.write(GENERATION_INTENT, text.as_bytes(), Access::root(0o600))?;
        Ok(())
    }

    /// It is over.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn done(disk: &Disk) -> Result<(), StoreError> {
        disk.remove(GENERATION_INTENT)?;
        Ok(())
    }
}
