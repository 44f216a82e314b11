//! `boxctl vm down`.

use std::process::ExitCode;
use std::time::Duration;

use onebox_vm::Vm;
use onebox_vm::vm::Ended;

use super::select::Select;
use crate::error::Error;

/// An emulated box takes a while to stop its services.
pub(crate) const POWERDOWN_LIMIT: Duration = Duration::from_secs(120);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    /// Cut the power instead of shutting down
    #[arg(long)]
    force: bool,
}

impl Args {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let vm = self.select.open()?;
        if self.force {
            vm.quit()?;
            eprintln!("The power was cut.");
            return Ok(ExitCode::SUCCESS);
        }
        let ended = vm.powerdown(POWERDOWN_LIMIT)?;
        match ended {
            Ended::Cleanly => eprintln!("The box has shut down."),
            Ended::Cut => eprintln!("The box did not shut down in time; its power was cut."),
        }
        Ok(exit(ended))
    }
}

/// Cuts the power of a machine that may have ended meanwhile.
pub(crate) fn cut(vm: &Vm) -> Result<(), Error> {
    match vm.quit() {
        Err(onebox_vm::Error::NotRunning(_)) => {}
        other => other?,
    }
    eprintln!("The power was cut.");
    Ok(())
}

/// A script must be able to tell that a box was not shut down in order.
pub(crate) fn exit(ended: Ended) -> ExitCode {
    match ended {
        Ended::Cleanly => ExitCode::SUCCESS,
        Ended::Cut => ExitCode::FAILURE,
    }
}
