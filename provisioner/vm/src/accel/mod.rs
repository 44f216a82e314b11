//! How the guest's instructions are run: by KVM where it really works, else
//! emulated.
//!
//! `/dev/kvm` being there says little: on many rented machines it opens and
//! guests die in it. So a tiny guest ([`probe`]) is started, and the answer is
//! kept until the kernel, QEMU or the right to open the device changes.

pub mod probe;

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::state::State;

/// How the guest's instructions are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Accel {
    /// By the processor itself.
    Kvm,
    /// Translated by QEMU, one thread per virtual processor.
    Tcg,
}

impl Accel {
    /// QEMU's `-accel`.
    #[must_use]
    pub fn argument(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg,thread=multi",
        }
    }
}

impl fmt::Display for Accel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kvm => "KVM",
            Self::Tcg => "emulation",
        })
    }
}

/// An accelerator and why it was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The accelerator.
    pub accel: Accel,
    /// What the probe saw.
    pub reason: String,
}

/// An answer and what it depended on.
#[derive(Serialize, Deserialize)]
struct Cached {
    depends_on: String,
    choice: Choice,
}

/// The accelerator to use on this machine.
///
/// # Errors
/// When QEMU is missing or the state directory can't be written.
pub fn choose(state: &State, qemu: &Path) -> Result<Choice> {
    if !may_open_kvm() {
        return Ok(Choice {
            accel: Accel::Tcg,
            reason: "/dev/kvm can't be opened".into(),
        });
    }
    let depends_on = surroundings(qemu);
    let cached = fs::read(state.accel_cache())
        .ok()
        .and_then(|text| serde_json::from_slice::<Cached>(&text).ok())
        .filter(|cached| cached.depends_on == depends_on);
    if let Some(cached) = cached {
        return Ok(cached.choice);
    }
    let choice = match probe::run(qemu, &state.probe(), Accel::Kvm, "host")? {
        probe::Verdict::Works => Choice {
            accel: Accel::Kvm,
            reason: "it runs guests here".into(),
        },
        probe::Verdict::Fails(reason) => Choice {
            accel: Accel::Tcg,
            reason: format!("KVM runs no guest here: {reason}"),
        },
    };
    // Without the cache the next start only takes a little longer.
    if let Ok(text) = serde_json::to_vec(&Cached {
        depends_on,
        choice: choice.clone(),
    }) {
        let _ = fs::write(state.accel_cache(), text);
    }
    Ok(choice)
}

fn may_open_kvm() -> bool {
    fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/kvm")
        .is_ok()
}

/// Everything that may change the probe's answer.
fn surroundings(qemu: &Path) -> String {
    let uname = rustix::system::uname();
    let modified = fs::metadata(qemu)
        .map(|meta| meta.mtime())
        .unwrap_or_default();
    format!(
        "{} {} {} {modified}",
        uname.release().to_string_lossy(),
        uname.version().to_string_lossy(),
        qemu.display()
    )
}
