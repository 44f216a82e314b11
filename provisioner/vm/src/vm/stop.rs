//! Three ways to end a machine: the power button (the box shuts down), `quit`
//! (a power cut, QEMU ends in order), and a signal that can't be refused.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::Vm;
use crate::error::{Error, Result};

/// QEMU ends within a moment once it was told to.
const QUIT_LIMIT: Duration = Duration::from_secs(20);

/// How a machine was brought to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The box shut down by itself.
    Cleanly,
    /// It did not in time, and the power was cut.
    Cut,
}

impl Vm {
    /// Presses the power button.
    ///
    /// # Errors
    /// When the machine does not run or QEMU does not answer.
    pub fn press_power_button(&self) -> Result<()> {
        self.qmp()?.execute("system_powerdown", json!({})).map(drop)
    }

    /// Presses the power button and waits; cuts the power after `limit`.
    ///
    /// # Errors
    /// When the machine does not run or can't be stopped.
    pub fn powerdown(&self, limit: Duration) -> Result<Ended> {
        self.running()?;
        // A QEMU that does not answer is one to be cut.
        if self.press_power_button().is_ok() && self.wait(limit)? {
            return Ok(Ended::Cleanly);
        }
        self.quit()?;
        Ok(Ended::Cut)
    }

    /// Cuts the power.
    ///
    /// # Errors
    /// When the machine does not run or can't be stopped.
    pub fn quit(&self) -> Result<()> {
        self.running()?;
        // QEMU may end before it answers; what counts is that it ends.
        let _ = self
            .qmp()
            .and_then(|mut qmp| qmp.execute("quit", json!({})));
        if self.wait(QUIT_LIMIT)? {
            Ok(())
        } else {
            self.kill()
        }
    }

    /// Kills QEMU, if it runs.
    ///
    /// # Errors
    /// When it does not end even so.
    pub fn kill(&self) -> Result<()> {
        let Some(pid) = self.pid()? else {
            return Ok(());
        };
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            // It may have ended just now.
            let _ = kill_process(pid, Signal::KILL);
        }
        if self.wait(QUIT_LIMIT)? {
            return Ok(());
        }
        let what = format!("the end of QEMU (process {pid})");
        Err(Error::Timeout {
            what,
            limit: QUIT_LIMIT,
        })
    }

    /// Waits until the machine has stopped; false when it still runs.
    ///
    /// # Errors
    /// When the pid file can't be read.
    pub fn wait(&self, limit: Duration) -> Result<bool> {
        let deadline = Instant::now() + limit;
        while self.pid()?.is_some() {
            if Instant::now() >= deadline {
                return Ok(false);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(true)
    }
}
