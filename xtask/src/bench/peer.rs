//! The application beside the stack it replaces: a release build against the
//! peer's own harness, in one run. What stands where is in `benches/peer/run.sh`.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    cargo::{self, CargoError},
    process,
    workspace::Workspace,
};

/// Builds the application as the image has it, measures both in turn and prints
/// the tables. `options` go to the harness.
pub(super) fn compare(
    workspace: &Workspace,
    peer: &Path,
    options: &[String],
) -> Result<(), CargoError> {
    let program = cargo::release(workspace, "wizamart")?;
    let mut command = Command::new(workspace.path("benches/peer/run.sh"));
    command
        .arg("bench")
        .args(options)
        .env("PEER", peer)
        .env("WIZAMART", program)
        .env("RUN", workspace.path("target/bench/peer"))
        .stdin(Stdio::null());
    process::run(&mut command, "measure the application beside its peer")?;
    Ok(())
}
