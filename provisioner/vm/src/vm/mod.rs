//! One virtual machine: made ([`create`](Vm::create)), opened
//! ([`open`](Vm::open)), started and stopped.
//!
//! Nothing here remembers whether the machine runs: QEMU's lock on its pid file
//! says so, also to the next program that asks.

mod create;
mod rehearse;
mod start;
mod stop;

use std::process::Command;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::qmp::Qmp;
use crate::serial::Serial;
use crate::ssh::Ssh;
use crate::{Settings, State, lock, process};

pub use create::Refresh;
pub use rehearse::Step;
pub use stop::Ended;

/// The program that is the machine.
pub const QEMU: &str = "qemu-system-x86_64";

/// The Debian package that has it.
pub const QEMU_PACKAGE: &str = "qemu-system-x86";

/// A virtual machine that was made and may run.
#[derive(Debug)]
pub struct Vm {
    state: State,
    settings: Settings,
    kill_on_drop: bool,
}

impl Vm {
    /// Where its files are.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What was chosen for it.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// QEMU's process, if it runs.
    ///
    /// # Errors
    /// When the pid file is there and can't be read.
    pub fn pid(&self) -> Result<Option<u32>> {
        lock::holder(&self.state.pid_file())
    }

    /// The way into the box by SSH.
    #[must_use]
    pub fn ssh(&self) -> Ssh {
        Ssh::new(&self.state, self.settings.ports.ssh)
    }

    /// The box's serial log since the last start.
    #[must_use]
    pub fn serial(&self) -> Serial {
        Serial::new(self.state.serial_log())
    }

    /// A connection to QEMU. Let it go soon: QEMU serves one at a time.
    ///
    /// # Errors
    /// When the machine does not run or does not answer.
    pub fn qmp(&self) -> Result<Qmp> {
        self.running()?;
        Qmp::connect(&self.state.qmp_socket())
    }

    /// What QEMU says the machine does (`running`, `paused`, …).
    ///
    /// # Errors
    /// When the machine does not run or does not answer.
    pub fn run_state(&self) -> Result<String> {
        let answer = self
            .qmp()?
            .execute("query-status", Value::Object(Default::default()))?;
        Ok(answer
            .get("status")
            .and_then(Value::as_str)
            .unwrap_or("unknown")
            .into())
    }

    /// Makes this value's end the machine's end, for tests.
    #[must_use]
    pub fn kill_on_drop(mut self) -> Self {
        self.kill_on_drop = true;
        self
    }

    fn running(&self) -> Result<u32> {
        self.pid()?
            .ok_or_else(|| Error::NotRunning(self.state.dir().into()))
    }

    fn stopped(&self) -> Result<()> {
        match self.pid()? {
            Some(pid) => Err(Error::Running {
                dir: self.state.dir().into(),
                pid,
            }),
            None => Ok(()),
        }
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        if self.kill_on_drop {
            // There is no one left to tell of a failure.
            let _ = self.kill();
        }
    }
}

/// QEMU's version, as it tells it.
///
/// # Errors
/// When QEMU is missing.
pub fn qemu_version() -> Result<String> {
    let output = process::run(Command::new(QEMU).arg("--version"), QEMU_PACKAGE)?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().into())
}
