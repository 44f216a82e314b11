//! Changing the box: the operator's file becomes a generation.
//!
//! [`plan`] says what would change. [`Applier`] does it: render, validate,
//! switch by renaming, tell the units that are affected, look whether the box
//! is healthy; then keep it, or go back by itself. What is under way is written
//! down first (`intent`), so that whoever comes after a crash goes back to the
//! generation before, which was good. At rest one generation is in force, wholly.

mod apply;
mod health;
mod intent;
mod lock;
mod plan;
mod reconciler;
mod store;
mod validate;

pub use apply::{Applier, ApplyError, PATIENCE, Request};
pub use health::{BoxHealth, Health};
pub use intent::{Intent, Phase};
pub use lock::{Busy, GenerationLock};
pub use plan::{PlanError, plan};
pub use reconciler::Generations;
pub use store::{Meta, Store, StoreError};
pub use validate::{Invalid, Validate, Validators};

use crate::disk::{Disk, DiskError};
use crate::rendered::{self, Tree};
use crate::secrets;
use onebox_model::{Config, Machine};

/// A configuration with what follows from it on this machine.
#[derive(Clone, Debug)]
pub struct Desired {
    /// What it says.
    pub config: Config,
    /// Its text.
    pub text: String,
    /// The files.
    pub tree: Tree,
}

impl Desired {
    /// What follows from a configuration.
    ///
    /// # Errors
    /// When the keys of this boot cannot be read.
    pub fn of(
        disk: &Disk,
        machine: &Machine,
        config: Config,
        text: String,
    ) -> Result<Self, DiskError> {
        let tree = Tree::of(
            &config,
            &text,
            machine,
            &rendered::boot_keys(disk)?,
            &secrets::stored(disk)?,
        );
        Ok(Self { config, text, tree })
    }
}
