//! What would change: desired minus actual.

use super::{Desired, Store, StoreError};
use crate::disk::{Disk, DiskError};
use crate::secrets;
use onebox_api::generations::{Action, FileChange, FileChangeKind, Plan, SettingChange};
use onebox_api::units::Verb;
use onebox_model::config::{ConfigError, KEYS, secrets_changed};
use onebox_model::effects::{self, Notice};
use onebox_model::paths::{CONFIG, EFFECTIVE_CONFIG, GENERATOR_DIR};
use onebox_model::render::{CREDENTIALS_NAME, DROPIN_NAME, RenderedFile};
use onebox_model::{Config, Machine};
use serde_json::Value;
use similar::TextDiff;

/// There is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The operator's file has mistakes.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The operator's file is not text.
    #[error("{path}: not UTF-8 text: {why}; write it anew")]
    NotText {
        /// Which.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// A secret is named and not stored.
    #[error(
        "{key} names the secret {name:?}, and there is none on this box; `boxctl secret set {name}` stores it"
    )]
    MissingSecret {
        /// The key.
        key: &'static str,
        /// The name.
        name: String,
    },
    /// A generation cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// The operator's file as it stands, with what follows from it.
///
/// # Errors
/// When it has mistakes or cannot be read.
pub(super) fn wanted(disk: &Disk, machine: &Machine) -> Result<Desired, PlanError> {
    let bytes = disk.read(CONFIG)?.unwrap_or_default();
    let text = String::from_utf8(bytes).map_err(|error| PlanError::NotText {
        path: CONFIG.to_owned(),
        why: error.to_string(),
    })?;
    parsed(disk, machine, text, CONFIG)
}

/// A text with what follows from it; `name` stands for it in errors.
///
/// # Errors
/// When it has mistakes.
pub(super) fn parsed(
    disk: &Disk,
    machine: &Machine,
    text: String,
    name: &str,
) -> Result<Desired, PlanError> {
    let config = Config::parse(&text, name.as_ref())?;
    Ok(Desired::of(disk, machine, config, text)?)
}

/// A generation with what follows from it.
///
/// # Errors
/// When it is not there, or has what are mistakes to this release.
pub(super) fn generation(
    disk: &Disk,
    machine: &Machine,
    number: u64,
) -> Result<Desired, PlanError> {
    let text = Store(disk).text(number)?;
    parsed(disk, machine, text, &format!("generation {number}"))
}

/// What applying `desired` would do.
///
/// # Errors
/// When the box cannot be looked at.
pub fn plan(disk: &Disk, machine: &Machine, desired: &Desired) -> Result<Plan, PlanError> {
    let stored = secrets::stored(disk)?;
    let missing = desired
        .config
        .named_secrets()
        .into_iter()
        .find(|(_, name)| !stored.contains_key(name));
    if let Some((key, name)) = missing {
        return Err(PlanError::MissingSecret { key, name });
    }
    let number = Store(disk).current()?;
    let current = number
        .map(|number| generation(disk, machine, number))
        .transpose()?;
    let mut notices = Vec::new();
    let mut files = Vec::new();
    for file in &desired.tree.files {
        let before = disk.read(&file.path)?;
        let Some(change) = changed(file, before.as_deref()) else {
            continue;
        };
        let text = String::from_utf8_lossy(before.as_deref().unwrap_or_default()).into_owned();
        if let Some((unit, notice)) = effects::of_file(&file.path, &text, &file.content) {
            notices.push((unit, notice));
        }
        files.push(change);
    }
    for change in dropins(disk, &desired.tree.dropins)? {
        notices.extend(effects::of_file(&change.path, "", ""));
        files.push(change);
    }
    let none = Config::default();
    let before = current.as_ref().map_or(&none, |current| &current.config);
    notices.extend(effects::of_config(before, &desired.config));
    let before_text = current.as_ref().map_or("", |current| &current.text);
    let settings = settings(before, before_text, desired);
    let actions = actions(notices);
    let only_the_copy = files.iter().all(|file| file.path == EFFECTIVE_CONFIG);
    Ok(Plan {
        current: number,
        text_only: before_text != desired.text
            && settings.is_empty()
            && only_the_copy
            && actions.is_empty(),
        needs_confirmation: number.is_some()
            && files.iter().any(|file| effects::could_lock_out(&file.path)),
        settings,
        actions,
        files,
        warnings: desired.tree.notes.clone(),
    })
}

/// Units to tell when one generation takes the place of another.
pub(super) fn actions_between(before: &Desired, after: &Desired) -> Vec<Action> {
    let mut notices = effects::of_config(&before.config, &after.config);
    for file in &after.tree.files {
        let old = before.tree.files.iter().find(|old| old.path == file.path);
        let old = old.map_or("", |old| &*old.content);
        if old != file.content
            && let Some((unit, notice)) = effects::of_file(&file.path, old, &file.content)
        {
            notices.push((unit, notice));
        }
    }
    actions(notices)
}

fn actions(notices: effects::Notices) -> Vec<Action> {
    effects::in_order(notices)
        .into_iter()
        .map(|(unit, notice)| Action {
            unit,
            verb: match notice {
                Notice::Reload => Verb::Reload,
                Notice::Restart => Verb::Restart,
            },
        })
        .collect()
}

fn changed(file: &RenderedFile, before: Option<&[u8]>) -> Option<FileChange> {
    if before == Some(file.content.as_bytes()) {
        return None;
    }
    let old = String::from_utf8_lossy(before.unwrap_or_default());
    Some(FileChange {
        path: file.path.clone(),
        kind: if before.is_some() {
            FileChangeKind::Changed
        } else {
            FileChangeKind::Added
        },
        // The operator's file may hold secrets; its keys are compared instead.
        diff: if file.path == EFFECTIVE_CONFIG {
            String::new()
        } else {
            unified(&old, &file.content)
        },
    })
}

fn unified(old: &str, new: &str) -> String {
    TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(1)
        .to_string()
}

/// Limits and secrets of units: what the generator wrote at the last reload
/// against what it would write.
fn dropins(disk: &Disk, wanted: &[RenderedFile]) -> Result<Vec<FileChange>, DiskError> {
    let mut changes = Vec::new();
    for file in wanted {
        changes.extend(changed(file, disk.read(&file.path)?.as_deref()));
    }
    for name in disk.names(GENERATOR_DIR)? {
        for file in [DROPIN_NAME, CREDENTIALS_NAME] {
            let path = format!("{GENERATOR_DIR}/{name}/{file}");
            if !name.ends_with(".d") || wanted.iter().any(|wanted| wanted.path == path) {
                continue;
            }
            if let Some(old) = disk.read(&path)? {
                changes.push(FileChange {
                    diff: unified(&String::from_utf8_lossy(&old), ""),
                    kind: FileChangeKind::Removed,
                    path,
                });
            }
        }
    }
    Ok(changes)
}

/// Keys whose values differ. Secrets are not written out, so the texts are
/// asked for those.
fn settings(before: &Config, before_text: &str, desired: &Desired) -> Vec<SettingChange> {
    let secrets = secrets_changed(before_text, &desired.text);
    let (before, after) = (value(before), value(&desired.config));
    KEYS.iter()
        .filter_map(|key| {
            let (before, after) = (at(&before, key.path), at(&after, key.path));
            let differs = if key.secret {
                secrets.contains(&key.path)
            } else {
                before != after
            };
            differs.then(|| SettingChange {
                key: key.path.to_owned(),
                before: if key.secret { Value::Null } else { before },
                after: if key.secret { Value::Null } else { after },
                secret: key.secret,
            })
        })
        .collect()
}

fn value(config: &Config) -> Value {
    serde_json::to_value(config).unwrap_or_default()
}

fn at(whole: &Value, path: &str) -> Value {
    path.split('.')
        .try_fold(whole, |value, part| value.get(part))
        .cloned()
        .unwrap_or_default()
}
