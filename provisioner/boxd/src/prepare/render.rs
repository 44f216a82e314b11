//! Everything under `/run/onebox` that follows from configuration and machine.

use super::{Report, StepError, World};
use crate::disk::{Access, Disk};
use crate::effective::Effective;
use onebox_model::config::PublicKey;
use onebox_model::{Sizing, render};
use std::path::Path;

/// The credential with the keys of this boot.
const SSH_CREDENTIAL: &str = "ssh.authorized_keys.root";

pub(super) fn render(
    disk: &Disk,
    world: &World,
    chosen: &Effective,
    report: &mut Report,
) -> Result<(), StepError> {
    let sizing = Sizing::for_machine(&world.machine, &chosen.config);
    report.warnings.extend(sizing.notes.iter().cloned());
    let keys = world
        .credentials
        .as_deref()
        .map(|directory| boot_keys(directory, report))
        .unwrap_or_default();
    for file in render::all(&chosen.config, &chosen.text, &sizing, &keys) {
        let access = Access {
            mode: file.mode,
            owner: file.owner,
            group: file.group,
        };
        let change = disk.write(&file.path, file.content.as_bytes(), access)?;
        report.note(&file.path, change);
    }
    Ok(())
}

/// The good keys of the credential. A bad line is told and skipped: the other
/// keys may be the only way in.
fn boot_keys(directory: &Path, report: &mut Report) -> Vec<PublicKey> {
    let path = directory.join(SSH_CREDENTIAL);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            let warning = format!("cannot read the credential {}: {error}", path.display());
            report.warnings.push(warning);
            return Vec::new();
        }
    };
    let mut keys = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        match line.parse() {
            Ok(key) => keys.push(key),
            Err(why) => report.warnings.push(format!(
                "line {} of the credential {SSH_CREDENTIAL} is skipped: {why}",
                index + 1
            )),
        }
    }
    keys
}
