//! A boot of the bare system, from power-on to its line on the serial console.

use std::{
    thread,
    time::{Duration, Instant},
};

use onebox_vm::Vm;

use crate::error::Error;

/// An emulated machine takes a minute.
pub(crate) const BOOT_LIMIT: Duration = Duration::from_secs(600);

/// How often the serial log is looked at: the error of what is read off it.
const LOOK: Duration = Duration::from_millis(20);

/// How long a shutdown may take.
pub(crate) const DOWN_LIMIT: Duration = Duration::from_secs(90);

/// Between two presses of the power button.
const AGAIN: Duration = Duration::from_secs(5);

/// What the bare system writes when it is up.
const UP: &str = "BARE-READY";

/// Boots, and returns how long it took.
pub(crate) fn boot(vm: &Vm) -> Result<f64, Error> {
    let begun = Instant::now();
    vm.start()?;
    wait_for(vm, begun, UP, "the bare system's start")?;
    let took = begun.elapsed().as_secs_f64();
    // The next boot must find a file system as clean as the box's, and the power
    // button is heard only once logind has found it.
    let pressed = Instant::now();
    while pressed.elapsed() < DOWN_LIMIT {
        vm.press_power_button()?;
        if vm.wait(AGAIN)? {
            return Ok(took);
        }
    }
    vm.quit()?;
    Ok(took)
}

/// Waits until `sign` is on the serial console.
pub(crate) fn wait_for(
    vm: &Vm,
    begun: Instant,
    sign: &str,
    what: &'static str,
) -> Result<(), Error> {
    while !vm.serial().read()?.contains(sign) {
        out_of_time(vm, begun, what)?;
        thread::sleep(LOOK);
    }
    Ok(())
}

/// Fails when the boot takes too long.
pub(crate) fn out_of_time(vm: &Vm, begun: Instant, what: &'static str) -> Result<(), Error> {
    if begun.elapsed() < BOOT_LIMIT {
        return Ok(());
    }
    Err(Error::Timeout {
        what,
        limit: BOOT_LIMIT,
        log: vm.state().serial_log(),
    })
}
