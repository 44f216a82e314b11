//! `boxctl vm ssh`.

use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use onebox_vm::Error as VmError;

use super::select::Select;
use crate::error::Error;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    /// Command to run there instead of a shell
    #[arg(last = true, value_name = "CMD")]
    command: Vec<String>,
}

impl Args {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let vm = self.select.open()?;
        if vm.pid()?.is_none() {
            return Err(VmError::NotRunning(vm.state().dir().into()).into());
        }
        let ssh = vm.ssh();
        // This process becomes ssh: terminal, signals and exit status are its.
        let error = ssh.interactive(&self.command).exec();
        Err(ssh.not_started(&error).into())
    }
}
