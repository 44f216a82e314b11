//! The first boot under an accelerator that nobody has seen run a kernel: the
//! whole machine starts, and everything it writes is dropped.
//!
//! That the writes are dropped is what makes it safe to give up in the middle:
//! the boot loader has counted no try of the slot, and the next start finds the
//! disk as it was.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::Vm;
use crate::accel::Accel;
use crate::accel::trial::{Sight, Trial, Verdict};
use crate::command::Writes;
use crate::error::{Error, Result};

/// Between two looks at the machine.
const LOOK: Duration = Duration::from_millis(200);

/// What takes long in a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The box is started once to see whether KVM runs its kernel.
    Rehearsal,
}

impl Vm {
    /// Starts the machine by `accel`, watches it until the trial knows enough,
    /// and ends it. Returns why the accelerator can't be used, if it can't.
    pub(super) fn rehearse(
        &self,
        qemu: &Path,
        accel: Accel,
        trial: Trial,
        watch: impl FnMut() -> bool,
    ) -> Result<Option<String>> {
        if let Err(error) = self.launch(qemu, accel, Writes::Dropped) {
            return Ok(Some(error.to_string()));
        }
        let verdict = self.judge(trial, watch);
        self.kill()?;
        verdict
    }

    fn judge(&self, mut trial: Trial, mut watch: impl FnMut() -> bool) -> Result<Option<String>> {
        let begun = Instant::now();
        loop {
            // In this order: what is seen last decides.
            let run_state = self.run_state().ok();
            let log = self.serial().read()?;
            // A QEMU that is there and says nothing is busy.
            let run_state = self
                .pid()?
                .map(|_| run_state.unwrap_or_else(|| "running".into()));
            let sight = Sight {
                log: &log,
                run_state: run_state.as_deref(),
            };
            match trial.observe(begun.elapsed(), sight) {
                Verdict::Proven => return Ok(None),
                Verdict::Refuted(reason) => return Ok(Some(reason)),
                Verdict::Open if watch() => thread::sleep(LOOK),
                Verdict::Open => return Err(Error::Interrupted),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::FileExt;

    use crate::gpt::SECTOR;
    use crate::{Settings, State, ports, testing};

    /// Generous: other tests boot machines at the same time.
    const LIMIT: Duration = Duration::from_secs(60);

    fn machine(make: impl FnOnce(&Path)) -> (tempfile::TempDir, Vm) {
        let temp = tempfile::tempdir().unwrap();
        let image = temp.path().join("onebox.raw");
        make(&image);
        let settings = Settings {
            memory_mib: 64,
            cpus: 1,
            disk_gib: 1,
            ports: ports::free().unwrap(),
            ..Settings::default()
        };
        let vm = Vm::create(State::new(temp.path().join("box")), settings, &image).unwrap();
        (temp, vm.kill_on_drop())
    }

    fn rehearse(vm: &Vm, trial: Trial, watch: impl FnMut() -> bool) -> Result<Option<String>> {
        vm.rehearse(Path::new(super::super::QEMU), Accel::Tcg, trial, watch)
    }

    /// The sector that the guest which hangs has written to, if it has.
    fn spot(vm: &Vm) -> Vec<u8> {
        let mut bytes = vec![0; SECTOR as usize];
        let disk = fs::File::open(vm.state().disk()).unwrap();
        disk.read_exact_at(&mut bytes, testing::SPOT * SECTOR)
            .unwrap();
        bytes
    }

    #[test]
    fn a_guest_that_reaches_userspace_is_proof_and_is_ended() {
        let (_temp, vm) = machine(|image| testing::write_image(image, 1).unwrap());
        let refuted = rehearse(&vm, Trial::new(LIMIT, LIMIT), || true).unwrap();
        assert_eq!(refuted, None);
        assert_eq!(vm.pid().unwrap(), None);
    }

    #[test]
    fn a_guest_that_hangs_is_refuted_and_leaves_no_trace_on_the_disk() {
        let (_temp, vm) = machine(|image| testing::write_stuck_image(image).unwrap());
        // Long enough for a BIOS on a busy machine to come as far as its guest.
        let refuted = rehearse(&vm, Trial::new(LIMIT / 6, LIMIT), || true).unwrap();
        let reason = refuted.unwrap();
        assert!(reason.contains("no sign of life for 10 s"), "{reason}");
        assert_eq!(vm.pid().unwrap(), None);
        assert!(spot(&vm).iter().all(|byte| *byte == 0));

        // The same guest does write where writes are kept.
        vm.launch(Path::new(super::super::QEMU), Accel::Tcg, Writes::Kept)
            .unwrap();
        vm.serial().wait_for("starting slot A", LIMIT).unwrap();
        vm.quit().unwrap();
        assert!(spot(&vm).ends_with(&[0x55, 0xaa]));
    }

    #[test]
    fn a_start_can_be_interrupted_in_its_rehearsal() {
        let (_temp, vm) = machine(|image| testing::write_stuck_image(image).unwrap());
        let ended = rehearse(&vm, Trial::new(LIMIT, LIMIT), || false);
        assert!(matches!(ended, Err(Error::Interrupted)));
        assert_eq!(vm.pid().unwrap(), None);
    }

    #[test]
    fn an_accelerator_that_qemu_cannot_start_is_refuted() {
        let (_temp, mut vm) = machine(|image| testing::write_image(image, 1).unwrap());
        vm.reconfigure(|settings| settings.cpu = Some("no-such-cpu".into()))
            .unwrap();
        let refuted = rehearse(&vm, Trial::new(LIMIT, LIMIT), || true).unwrap();
        assert!(refuted.unwrap().contains("no-such-cpu"));
    }
}
