//! Starts QEMU, after everything that would make it fail was looked at.

use std::env;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{QEMU, QEMU_PACKAGE, Step, Vm};
use crate::accel::trial::{self, Trial};
use crate::accel::{Accel, Choice, Finding, Memory};
use crate::command::{self, Spec, Writes};
use crate::credentials::Credential;
use crate::error::{Error, IoContext, Result};
use crate::firmware::{self, Firmware};
use crate::state::OLD_LOGS;
use crate::{State, host, lock, ports, process};

impl Vm {
    /// Starts the machine and returns what runs its instructions. QEMU goes to
    /// the background, into a session of its own: Ctrl-C does not reach it.
    ///
    /// # Errors
    /// When it runs already, a port is taken, memory is short, or QEMU or its
    /// firmware is missing or fails.
    pub fn start(&self) -> Result<Choice> {
        self.start_watched(|_| true)
    }

    /// The same; `watch` hears what takes long, several times a second, and
    /// ends the start by returning false.
    ///
    /// # Errors
    /// As above, and [`Error::Interrupted`].
    pub fn start_watched(&self, mut watch: impl FnMut(Step) -> bool) -> Result<Choice> {
        let _lock = lock::take(self.state.dir(), &self.state.lock())?;
        self.stopped()?;
        if self.settings.image.is_none() {
            return Err(Error::HalfWritten(self.state.disk()));
        }
        let qemu = find_program(QEMU, QEMU_PACKAGE)?;
        host::check_memory(self.settings.memory_mib)?;
        ports::check_free(&self.settings.ports)?;
        let choice = self.choose(&qemu, &mut watch)?;
        self.launch(&qemu, choice.accel, Writes::Kept)?;
        Ok(choice)
    }

    fn choose(&self, qemu: &Path, watch: &mut impl FnMut(Step) -> bool) -> Result<Choice> {
        if let Some(accel) = self.settings.accel {
            let reason = "as it was told to".into();
            return Ok(Choice { accel, reason });
        }
        let memory = Memory::new(&self.state, qemu, self.settings.firmware);
        match memory.find()? {
            Finding::Settled(choice) => Ok(choice),
            Finding::Unproven => {
                let trial = Trial::new(trial::PATIENCE, trial::LIMIT);
                let refuted = self.rehearse(qemu, Accel::Kvm, trial, || watch(Step::Rehearsal))?;
                Ok(memory.settle(refuted.as_deref()))
            }
        }
    }

    /// Starts QEMU; everything that can be checked was.
    pub(super) fn launch(&self, qemu: &Path, accel: Accel, writes: Writes) -> Result<()> {
        let ovmf = match self.settings.firmware {
            Firmware::Bios => None,
            Firmware::Uefi => Some(firmware::with_own_vars(&self.state.uefi_vars())?),
        };
        let key = fs::read(self.state.key_pub()).at("read", &self.state.key_pub())?;
        clear(&self.state)?;
        self.ssh().write_config()?;
        let spec = Spec {
            state: &self.state,
            settings: &self.settings,
            accel,
            ovmf: ovmf.as_ref(),
            credentials: &[Credential::ssh_key(key)],
            writes,
        };
        let mut command = Command::new(qemu);
        command
            .args(command::arguments(&spec))
            .current_dir(self.state.dir())
            // Where QEMU puts what is dropped.
            .env("TMPDIR", self.state.dir());
        // QEMU takes a session of its own when it goes to the background; until
        // then its own group keeps a Ctrl-C away from it.
        command.process_group(0).stdin(Stdio::null());
        process::run(&mut command, QEMU_PACKAGE).map(drop)
    }
}

/// Sockets of an earlier start make QEMU fail; logs are kept for a while.
fn clear(state: &State) -> Result<()> {
    for path in [state.qmp_socket(), state.console_socket(), state.pid_file()] {
        match fs::remove_file(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            other => other.at("remove", &path)?,
        }
    }
    for number in (0..OLD_LOGS).rev() {
        let from = if number == 0 {
            state.serial_log()
        } else {
            state.old_serial_log(number)
        };
        if from.is_file() {
            fs::rename(&from, state.old_serial_log(number + 1)).at("rename", &from)?;
        }
    }
    Ok(())
}

/// The program's full path, or the package that has it.
fn find_program(name: &str, package: &'static str) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|candidate| is_program(candidate))
        .ok_or_else(|| Error::MissingProgram {
            program: name.into(),
            package,
        })
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
