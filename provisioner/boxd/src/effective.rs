//! Which configuration is in force.
//!
//! A mistake in the operator's file must never keep the box from booting, so
//! there is an order: the file, its last good copy, the defaults. Whoever
//! falls back says so, in the journal and in a status file.

use crate::disk::Disk;
use onebox_model::{Config, config, paths};
use serde::Serialize;

/// Where the configuration in force came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The operator's file.
    File,
    /// The copy of the operator's file from when it was last valid.
    LastGood,
    /// Nothing of the operator's.
    Defaults,
}

/// The configuration in force, and why it is this one.
#[derive(Debug)]
pub struct Effective {
    /// What it says.
    pub config: Config,
    /// The text it was read from.
    pub text: String,
    /// Where that is from.
    pub source: Source,
    /// What is wrong with the sources before it.
    pub errors: Vec<String>,
}

/// Chooses the configuration of a system.
#[must_use]
pub fn choose(disk: &Disk) -> Effective {
    let mut errors = Vec::new();
    for (source, path) in [
        (Source::File, paths::CONFIG),
        (Source::LastGood, paths::CONFIG_LAST_GOOD),
    ] {
        match read(disk, path) {
            Ok(Some((config, text))) => {
                return Effective {
                    config,
                    text,
                    source,
                    errors,
                };
            }
            Ok(None) => {}
            Err(error) => errors.push(error),
        }
    }
    Effective {
        config: Config::default(),
        text: config::template(),
        source: Source::Defaults,
        errors,
    }
}

fn read(disk: &Disk, path: &str) -> Result<Option<(Config, String)>, String> {
    let Some(bytes) = disk.read(path).map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes)
        .map_err(|error| format!("{path}: not UTF-8 text: {error}; write it anew"))?;
    // The box's own environment is not the operator's: the file alone counts.
    let config = Config::parse(&text, path.as_ref()).map_err(|error| error.to_string())?;
    Ok(Some((config, text)))
}

impl Effective {
    /// What to tell the operator when the file is not in force.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let used = match self.source {
            Source::File => return None,
            Source::LastGood => "its last good copy is in force",
            Source::Defaults => "the DEFAULTS are in force",
        };
        (!self.errors.is_empty()).then(|| {
            format!(
                "{} has mistakes and is ignored, {used}; after correcting it restart {}:\n{}",
                paths::CONFIG,
                onebox_model::units::CONFIG,
                self.errors.join("\n")
            )
        })
    }
}
