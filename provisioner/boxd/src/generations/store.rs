//! Generations on disk: a directory each, with the operator's file as it was
//! and what became of it.

use crate::disk::{Access, Disk, DiskError};
use onebox_api::generations::{Fate, Generation};
use onebox_model::paths::{GENERATION_CURRENT, GENERATIONS_DIR};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// How many are kept; older ones are removed.
const KEPT: usize = 50;

/// A generation cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// There is no such generation.
    #[error("there is no generation {0}; `boxctl history` lists those that are kept")]
    Missing(u64),
    /// A file is not what was written.
    #[error("{path} is damaged: {why}; remove its directory to do without that generation")]
    Damaged {
        /// Which.
        path: String,
        /// What is wrong.
        why: String,
    },
}

/// What is known of a generation besides its configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Meta {
    /// When it was applied.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// By which account, or by what.
    pub by: String,
    /// Why.
    pub message: String,
    /// What became of it.
    pub fate: Fate,
}

/// The generations of a box.
#[derive(Clone, Copy)]
pub struct Store<'a>(pub &'a Disk);

fn directory(number: u64) -> String {
    format!("{GENERATIONS_DIR}/{number}")
}

fn meta_path(number: u64) -> String {
    format!("{}/meta.json", directory(number))
}

impl Store<'_> {
    /// Makes the place where generations are; private, because the operator's
    /// file may hold secrets.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn prepare(self) -> Result<(), StoreError> {
        self.0.directory(GENERATIONS_DIR, Access::root(0o700))?;
        Ok(())
    }

    /// The generation in force; `None` before the first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn current(self) -> Result<Option<u64>, StoreError> {
        let Some(bytes) = self.0.read(GENERATION_CURRENT)? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&bytes);
        let number = text.trim().parse().map_err(|_| StoreError::Damaged {
            path: GENERATION_CURRENT.to_owned(),
            why: format!("{text:?} is not a number"),
        })?;
        Ok(Some(number))
    }

    /// Puts a generation in force, for this and later boots.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_current(self, number: u64) -> Result<(), StoreError> {
        let text = format!("{number}\n");
        self.0
            .write(GENERATION_CURRENT, text.as_bytes(), Access::root(0o600))?;
        Ok(())
    }

    /// Numbers of all that are kept, oldest first.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn numbers(self) -> Result<Vec<u64>, StoreError> {
        let names = self.0.names(GENERATIONS_DIR)?;
        // What has no meta was not written to its end, and was never in force.
        let mut numbers: Vec<u64> = names
            .iter()
            .filter_map(|name| name.parse().ok())
            .filter(|number| self.0.path(&meta_path(*number)).exists())
            .collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Writes a new generation, which is not in force, and returns its number.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create(self, text: &str, meta: &Meta) -> Result<u64, StoreError> {
        let last = self.numbers()?.last().copied().unwrap_or(0);
        let number = last.max(self.current()?.unwrap_or(0)) + 1;
        self.0.remove_tree(&directory(number))?;
        self.0.directory(&directory(number), Access::root(0o700))?;
        let file = format!("{}/onebox.toml", directory(number));
        self.0.write(&file, text.as_bytes(), Access::root(0o600))?;
        self.write_meta(number, meta)?;
        Ok(number)
    }

    /// The operator's file of a generation.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn text(self, number: u64) -> Result<String, StoreError> {
        let path = format!("{}/onebox.toml", directory(number));
        let bytes = self.0.read(&path)?.ok_or(StoreError::Missing(number))?;
        String::from_utf8(bytes).map_err(|error| StoreError::Damaged {
            path,
            why: error.to_string(),
        })
    }

    /// What is known of a generation.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn meta(self, number: u64) -> Result<Meta, StoreError> {
        let path = meta_path(number);
        let bytes = self.0.read(&path)?.ok_or(StoreError::Missing(number))?;
        serde_json::from_slice(&bytes).map_err(|error| StoreError::Damaged {
            path,
            why: error.to_string(),
        })
    }

    /// Notes what became of a generation.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn set_fate(self, number: u64, fate: Fate) -> Result<(), StoreError> {
        let meta = self.meta(number)?;
        self.write_meta(number, &Meta { fate, ..meta })
    }

    fn write_meta(self, number: u64, meta: &Meta) -> Result<(), StoreError> {
        let path = meta_path(number);
        let text = serde_json::to_string_pretty(meta).map_err(|error| StoreError::Damaged {
            path: path.clone(),
            why: error.to_string(),
        })?;
        self.0.write(&path, text.as_bytes(), Access::root(0o600))?;
        Ok(())
    }

    /// A generation for people to see.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn show(self, number: u64) -> Result<Generation, StoreError> {
        let meta = self.meta(number)?;
        Ok(Generation {
            number,
            at: meta.at,
            by: meta.by,
            message: meta.message,
            fate: meta.fate,
            current: self.current()? == Some(number),
        })
    }

    /// All that can be read, newest first.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn history(self) -> Result<Vec<Generation>, StoreError> {
        let numbers = self.numbers()?;
        Ok(numbers
            .into_iter()
            .rev()
            .filter_map(|number| self.show(number).ok())
            .collect())
    }

    /// The last one before `number` that was kept.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn kept_before(self, number: u64) -> Result<Option<u64>, StoreError> {
        let history = self.history()?;
        Ok(history
            .into_iter()
            .find(|one| one.number < number && one.fate == Fate::Kept)
            .map(|one| one.number))
    }

    /// Removes the oldest beyond the number that is kept; never the one in force.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn prune(self) -> Result<(), StoreError> {
        let numbers = self.numbers()?;
        let current = self.current()?;
        let surplus = numbers.len().saturating_sub(KEPT);
        for number in numbers.into_iter().take(surplus) {
            if Some(number) != current {
                self.0.remove_tree(&directory(number))?;
            }
        }
        Ok(())
    }
}
