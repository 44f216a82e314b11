//! The systemd generator: limits and secrets of units as drop-ins.
//!
//! Runs in every boot and every reload, before any unit and with nothing
//! mounted but the file systems of the initrd. It must be quick, must not
//! touch the network, and must never make the boot fail.

use crate::accounts::Ownership;
use crate::disk::{Access, Disk, DiskError};
use crate::{effective, secrets};
use onebox_model::{Machine, MachineError, Sizing, render};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// The drop-ins can't be written.
#[derive(Debug, thiserror::Error)]
pub enum GeneratorError {
    /// Called without arguments.
    #[error("a generator is given the directory to write to; run `boxd generator DIR`")]
    NoDirectory,
    /// The machine's size is unknown.
    #[error("units get no limits: {0}")]
    Machine(#[from] MachineError),
    /// A file can't be written.
    #[error("units get no limits: {0}")]
    Disk(#[from] DiskError),
}

/// Writes the drop-ins of a system's configuration into `directory`.
///
/// # Errors
/// When they can't be written.
pub fn generate(directory: &Path, root: &Path, machine: &Machine) -> Result<(), GeneratorError> {
    let system = Disk::new(root, Ownership::Skip);
    let chosen = effective::choose(&system);
    let stored = secrets::stored(&system)?;
    let sizing = Sizing::for_machine(machine, &chosen.config);
    let output = Disk::new(directory, Ownership::Skip);
    let mut files = render::dropins(&sizing, "/");
    files.extend(render::credentials(&chosen.config, &stored, "/"));
    files.extend(render::network(&chosen.config.backups, "/"));
    for file in files {
        if let Some((parent, _)) = file.path.rsplit_once('/') {
            output.directory(parent, Access::root(0o755))?;
        }
        output.write(&file.path, file.content.as_bytes(), Access::root(file.mode))?;
    }
    Ok(())
}

/// Tells what went wrong where it can be read: no journal is up yet, so to the
/// kernel's log as well.
pub fn complain(error: &GeneratorError) {
    eprintln!("onebox-generator: {error}");
    if let Ok(mut log) = OpenOptions::new().write(true).open("/dev/kmsg") {
        // Nothing is left to be told if the kernel won't listen.
        let _ = writeln!(log, "<3>onebox-generator: {error}");
    }
}
