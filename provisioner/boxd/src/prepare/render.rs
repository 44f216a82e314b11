//! Everything under `/run/onebox` that follows from configuration and machine.

use super::{Report, StepError, World};
use crate::disk::{Access, Disk};
use crate::effective::Effective;
use crate::rendered::{self, Tree};
use crate::secrets;
use onebox_model::config::PublicKey;
use onebox_model::paths::{BOOT_KEYS, RENDERED_CURRENT};
use std::path::Path;

/// The credential with the keys of this boot.
const SSH_CREDENTIAL: &str = "ssh.authorized_keys.root";

pub(super) fn render(
    disk: &Disk,
    world: &World,
    chosen: &Effective,
    report: &mut Report,
) -> Result<(), StepError> {
    // Without credentials this is no boot but somebody who renders again, and
    // who must not be locked out by that.
    let keys = match world.credentials.as_deref() {
        Some(directory) => boot_keys(directory, report),
        None => rendered::boot_keys(disk)?,
    };
    let lines: Vec<String> = keys.iter().map(|key| format!("{key}\n")).collect();
    let change = disk.write(BOOT_KEYS, lines.concat().as_bytes(), Access::root(0o600))?;
    report.note(BOOT_KEYS, change);
    let tree = Tree::of(
        &chosen.config,
        &chosen.text,
        &world.machine,
        &keys,
        &secrets::stored(disk)?,
    );
    report.warnings.extend(tree.notes.iter().cloned());
    let before: Vec<_> = tree
        .files
        .iter()
        .map(|file| disk.read(&file.path))
        .collect();
    tree.write(disk)?;
    let switched = tree.switch(disk)?;
    report.note(RENDERED_CURRENT, switched);
    for (file, before) in tree.files.iter().zip(before) {
        report.note(&file.path, change_of(before?.as_deref(), &file.content));
    }
    tree.prune(disk, &[])?;
    Ok(())
}

fn change_of(before: Option<&[u8]>, after: &str) -> crate::disk::Change {
    use crate::disk::Change;
    match before {
        None => Change::Created,
        Some(before) if before == after.as_bytes() => Change::Kept,
        Some(_) => Change::Updated,
    }
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
