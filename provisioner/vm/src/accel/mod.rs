//! How the guest's instructions are run: by KVM where it really works, else
//! emulated.
//!
//! `/dev/kvm` being there says little: on many rented machines it opens and
//! guests die in it. So a tiny guest ([`probe`]) is started first. One that ran
//! is no proof yet: KVM stays [`Finding::Unproven`] until a kernel reached
//! userspace under it once ([`trial`], driven by [`Vm::start`](crate::Vm::start)).
//! The answer is kept until the kernel, QEMU or the firmware changes.

pub mod probe;
pub mod trial;

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::firmware::Firmware;
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

/// What is known about this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Enough to start a box.
    Settled(Choice),
    /// KVM runs a tiny guest; nobody has seen it run a kernel.
    Unproven,
}

/// An answer and what it depended on.
#[derive(Serialize, Deserialize)]
struct Cached {
    depends_on: String,
    choice: Choice,
    /// Whether KVM was seen running a kernel; emulation needs no proof.
    #[serde(default)]
    proven: bool,
}

/// Where answers for one machine are kept and what they depend on.
#[derive(Debug)]
pub struct Memory<'a> {
    state: &'a State,
    qemu: &'a Path,
    depends_on: String,
}

impl<'a> Memory<'a> {
    /// The memory of `state` for starts by this QEMU and firmware.
    #[must_use]
    pub fn new(state: &'a State, qemu: &'a Path, firmware: Firmware) -> Self {
        Self {
            state,
            qemu,
            depends_on: surroundings(qemu, firmware),
        }
    }

    /// What is known, or what a probe finds now.
    ///
    /// # Errors
    /// When QEMU is missing or the state directory can't be written.
    pub fn find(&self) -> Result<Finding> {
        if !may_open_kvm() {
            return Ok(Finding::Settled(Choice {
                accel: Accel::Tcg,
                reason: "/dev/kvm can't be opened".into(),
            }));
        }
        let choice = match self.recall() {
            Some(finding) => return Ok(finding),
            None => match probe::run(self.qemu, &self.state.probe(), Accel::Kvm, "host")? {
                probe::Verdict::Works => return Ok(Finding::Unproven),
                probe::Verdict::Fails(reason) => refused("guest", &reason),
            },
        };
        self.keep(&choice);
        Ok(Finding::Settled(choice))
    }

    /// What an earlier start found. A KVM that was chosen and not proven is as
    /// good as unknown.
    fn recall(&self) -> Option<Finding> {
        let text = fs::read(self.state.accel_cache()).ok()?;
        let cached: Cached = serde_json::from_slice(&text).ok()?;
        let settled = cached.proven || cached.choice.accel == Accel::Tcg;
        (settled && cached.depends_on == self.depends_on).then_some(Finding::Settled(cached.choice))
    }

    /// Settles what a trial has shown.
    #[must_use]
    pub fn settle(&self, refuted: Option<&str>) -> Choice {
        let choice = match refuted {
            None => Choice {
                accel: Accel::Kvm,
                reason: "it runs the box's kernel here".into(),
            },
            Some(reason) => refused("kernel", reason),
        };
        self.keep(&choice);
        choice
    }

    /// Without the memory the next start only takes a little longer.
    fn keep(&self, choice: &Choice) {
        let cached = Cached {
            depends_on: self.depends_on.clone(),
            choice: choice.clone(),
            proven: choice.accel == Accel::Kvm,
        };
        if let Ok(text) = serde_json::to_vec(&cached) {
            let _ = fs::write(self.state.accel_cache(), text);
        }
    }
}

fn refused(what: &str, reason: &str) -> Choice {
    Choice {
        accel: Accel::Tcg,
        reason: format!("KVM runs no {what} here: {reason}"),
    }
}

fn may_open_kvm() -> bool {
    fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/kvm")
        .is_ok()
}

/// Everything that may change the answer.
fn surroundings(qemu: &Path, firmware: Firmware) -> String {
    let uname = rustix::system::uname();
    let modified = fs::metadata(qemu)
        .map(|meta| meta.mtime())
        .unwrap_or_default();
    format!(
        "{} {} {} {modified} {firmware}",
        uname.release().to_string_lossy(),
        uname.version().to_string_lossy(),
        qemu.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(state: &State, firmware: Firmware) -> Memory<'_> {
        Memory::new(state, Path::new("/usr/bin/qemu"), firmware)
    }

    #[test]
    fn what_a_trial_has_shown_is_remembered_with_its_reason() {
        let temp = tempfile::tempdir().unwrap();
        let state = State::new(temp.path());
        let memory = memory(&state, Firmware::Bios);
        assert_eq!(memory.recall(), None);
        let choice = memory.settle(Some("it hung"));
        assert_eq!(choice.accel, Accel::Tcg);
        assert_eq!(choice.reason, "KVM runs no kernel here: it hung");
        assert_eq!(memory.recall(), Some(Finding::Settled(choice)));
        let choice = memory.settle(None);
        assert_eq!(choice.accel, Accel::Kvm);
        assert_eq!(memory.recall(), Some(Finding::Settled(choice)));
    }

    #[test]
    fn another_firmware_and_a_choice_without_proof_are_tried_anew() {
        let temp = tempfile::tempdir().unwrap();
        let state = State::new(temp.path());
        let bios = memory(&state, Firmware::Bios);
        let choice = bios.settle(None);
        assert_eq!(memory(&state, Firmware::Uefi).recall(), None);
        let unproven = Cached {
            depends_on: bios.depends_on.clone(),
            choice,
            proven: false,
        };
        let text = serde_json::to_vec(&unproven).unwrap();
        fs::write(state.accel_cache(), text).unwrap();
        assert_eq!(bios.recall(), None);
    }
}
