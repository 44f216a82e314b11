//! Which configuration is in force.
//!
//! What was applied is in force: the current generation. Before the first one
//! it is the operator's file. A mistake must never keep the box from booting,
//! so there is an order: the generation, the file, its last good copy, the
//! defaults. Whoever falls back says so, in the journal and in a status file.

use crate::disk::Disk;
use crate::generations::Store;
use onebox_model::{Config, config, paths};
use serde::Serialize;

/// Where the configuration in force came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The generation that was applied last.
    Generation,
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
    /// Which generation, where it is one.
    pub generation: Option<u64>,
    /// What is wrong with the sources before it, and with an operator's file
    /// that was not applied yet.
    pub errors: Vec<String>,
}

/// Chooses the configuration of a system.
#[must_use]
pub fn choose(disk: &Disk) -> Effective {
    let mut errors = Vec::new();
    match generation(disk) {
        Ok(Some((number, config, text))) => {
            // What waits to be applied is only looked at for mistakes.
            if let Err(error) = read(disk, paths::CONFIG) {
                errors.push(error);
            }
            return Effective {
                config,
                text,
                source: Source::Generation,
                generation: Some(number),
                errors,
            };
        }
        Ok(None) => {}
        Err(error) => errors.push(error),
    }
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
                    generation: None,
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
        generation: None,
        errors,
    }
}

fn generation(disk: &Disk) -> Result<Option<(u64, Config, String)>, String> {
    let store = Store(disk);
    let said = |error: &dyn ToString| error.to_string();
    let Some(number) = store.current().map_err(|error| said(&error))? else {
        return Ok(None);
    };
    let text = store.text(number).map_err(|error| said(&error))?;
    let name = format!("generation {number}");
    let config = Config::parse(&text, name.as_ref()).map_err(|error| said(&error))?;
    Ok(Some((number, config, text)))
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
    /// What to tell the operator when the file has mistakes or another source
    /// is in force than should be.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let used = match self.source {
            Source::File => "it is in force itself".to_owned(),
            Source::Generation => format!(
                "generation {} is in force",
                self.generation.unwrap_or_default()
            ),
            Source::LastGood => "its last good copy is in force".to_owned(),
            Source::Defaults => "the DEFAULTS are in force".to_owned(),
        };
        (!self.errors.is_empty()).then(|| {
            format!(
                "{} has mistakes and is not applied, {used}; correct it and run `boxctl apply`:\n{}",
                paths::CONFIG,
                self.errors.join("\n")
            )
        })
    }
}
