//! The files that are rendered, as one tree that is switched as a whole.
//!
//! A tree lies in a directory of its own, named after what is in it. The fixed
//! names that units know (`/run/onebox/redis`, …) lead through one link, so
//! readers see all files of one tree or all of another.

use crate::disk::{Access, Change, Disk, DiskError};
use aws_lc_rs::digest::{Context, SHA256};
use onebox_model::config::{Config, PublicKey};
use onebox_model::paths::{BOOT_KEYS, GENERATOR_DIR, RENDERED_CURRENT, RENDERED_DIR, RUN_DIR};
use onebox_model::render::{self, RenderedFile};
use onebox_model::{Machine, Sizing};
use std::collections::{BTreeMap, BTreeSet};

/// Rendered files that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// With the fixed names they are known by.
    pub files: Vec<RenderedFile>,
    /// Limits and secrets of units, below [`GENERATOR_DIR`]; written by the
    /// generator, not with the tree.
    pub dropins: Vec<RenderedFile>,
    /// What the operator should know.
    pub notes: Vec<String>,
    name: String,
}

impl Tree {
    /// What follows from a configuration on this machine.
    #[must_use]
    pub fn of(
        config: &Config,
        text: &str,
        machine: &Machine,
        boot_keys: &[PublicKey],
        secrets: &BTreeMap<String, String>,
    ) -> Self {
        let sizing = Sizing::for_machine(machine, config);
        let files = render::all(config, text, &sizing, boot_keys);
        let mut dropins = render::dropins(&sizing, GENERATOR_DIR);
        dropins.extend(render::credentials(config, secrets, GENERATOR_DIR));
        dropins.extend(render::network(&config.backups, GENERATOR_DIR));
        let mut hash = Context::new(&SHA256);
        for file in &files {
            let head = format!(
                "{} {:o} {:?} {:?} {}\n",
                file.path,
                file.mode,
                file.owner,
                file.group,
                file.content.len()
            );
            hash.update(head.as_bytes());
            hash.update(file.content.as_bytes());
        }
        let digest = hash.finish();
        let name = digest
            .as_ref()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            files,
            dropins,
            notes: sizing.notes,
            name,
        }
    }

    /// Where a file of the tree lies; the fixed name leads there once the tree
    /// is in force.
    #[must_use]
    pub fn place(&self, path: &str) -> String {
        format!("{RENDERED_DIR}/{}{}", self.name, below(path))
    }

    /// Puts the files into the tree's own directory. Nobody reads them yet.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, disk: &Disk) -> Result<(), DiskError> {
        disk.directory(RENDERED_DIR, Access::root(0o755))?;
        disk.directory(
            &format!("{RENDERED_DIR}/{}", self.name),
            Access::root(0o755),
        )?;
        for file in &self.files {
            let place = self.place(&file.path);
            if let Some((parent, _)) = place.rsplit_once('/') {
                disk.directory(parent, Access::root(0o755))?;
            }
            disk.write(&place, file.content.as_bytes(), access(file))?;
        }
        // The fixed names; made once, and the same for every tree.
        for entry in self.entries() {
            disk.link(&format!("{RUN_DIR}/{entry}"), &format!("current/{entry}"))?;
        }
        Ok(())
    }

    /// Makes the fixed names lead to this tree, which was written.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn switch(&self, disk: &Disk) -> Result<Change, DiskError> {
        disk.link(RENDERED_CURRENT, &format!("rendered/{}", self.name))
    }

    /// Removes all trees but this one and those named in `keep`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn prune(&self, disk: &Disk, keep: &[&Self]) -> Result<(), DiskError> {
        for name in disk.names(RENDERED_DIR)? {
            if name != self.name && keep.iter().all(|kept| kept.name != name) {
                disk.remove_tree(&format!("{RENDERED_DIR}/{name}"))?;
            }
        }
        Ok(())
    }

    /// What stands directly under `/run/onebox` by a fixed name.
    fn entries(&self) -> BTreeSet<&str> {
        self.files
            .iter()
            .filter_map(|file| below(&file.path).split('/').nth(1))
            .collect()
    }
}

/// Who may read it.
fn access(file: &RenderedFile) -> Access {
    Access {
        mode: file.mode,
        owner: file.owner,
        group: file.group,
    }
}

/// The part of a fixed name after `/run/onebox`.
fn below(path: &str) -> &str {
    path.strip_prefix(RUN_DIR).unwrap_or(path)
}

/// The SSH keys that came with this boot.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn boot_keys(disk: &Disk) -> Result<Vec<PublicKey>, DiskError> {
    let bytes = disk.read(BOOT_KEYS)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().filter_map(|line| line.parse().ok()).collect())
}
