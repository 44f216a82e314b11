//! What is shown when a box does not get ready: the end of its serial log and,
//! where it can be reached, what failed in it.

use std::time::Duration;

use onebox_vm::{Vm, ready};

const LINES: usize = 30;

/// Prints everything that may explain the failure to stderr.
pub(crate) fn show(vm: &Vm) {
    eprintln!(
        "--- the last {LINES} lines of {}",
        vm.serial().path().display()
    );
    match vm.serial().tail(LINES) {
        Ok(lines) => lines.iter().for_each(|line| eprintln!("{line}")),
        Err(error) => eprintln!("{error}"),
    }
    if !matches!(vm.pid(), Ok(Some(_))) {
        return;
    }
    let ssh = vm.ssh().connect_limit(Duration::from_secs(10));
    match ssh.run("systemctl --failed --no-legend --plain --no-pager") {
        Ok(units) if units.trim().is_empty() => eprintln!("--- no unit has failed"),
        Ok(units) => eprintln!("--- failed units\n{}", units.trim_end()),
        Err(error) => {
            eprintln!("--- the box does not answer by SSH: {error}");
            return;
        }
    }
    match ready::pin(&ssh, vm.settings().ports.https).and_then(|client| ready::probe(&client)) {
        Ok(readiness) if readiness.is_ready() => eprintln!("--- the application is ready by now"),
        Ok(readiness) => {
            eprintln!("--- the application is not ready");
            readiness
                .failures()
                .iter()
                .for_each(|failure| eprintln!("{failure}"));
        }
        Err(error) => eprintln!("--- the application does not answer: {error}"),
    }
}
