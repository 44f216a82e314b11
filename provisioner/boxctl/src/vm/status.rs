//! `boxctl vm status`: exit status 0 when the box is ready, 3 when it is not or
//! does not run.

use std::process::ExitCode;
use std::time::Duration;

use onebox_model::paths;
use onebox_vm::{Vm, ready};

use super::report::Report;
use super::select::Select;
use crate::admin::Credential;
use crate::error::Error;
use crate::output;

/// A box that boots does not answer yet; a status should not take long.
const SSH_LIMIT: Duration = Duration::from_secs(15);

/// What service managers say for "not running".
const NOT_READY: u8 = 3;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let vm = self.select.open()?;
        let report = ask(&vm, Report::of(&vm)?);
        if self.json {
            output::json(&report)?;
        } else {
            let line = format!("{} is {}", report.name, state(&report));
            output::text_line(&format!("{line}\n{}", report.block(&self.select.options())))?;
        }
        let ready = report.ready == Some(true);
        Ok(if ready {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(NOT_READY)
        })
    }
}

/// Adds what the box itself says, as far as it says anything.
fn ask(vm: &Vm, mut report: Report) -> Report {
    if report.pid.is_none() {
        return report;
    }
    let ssh = vm.ssh().connect_limit(SSH_LIMIT);
    let Ok(client) = ready::pin(&ssh, report.ports.https) else {
        return report;
    };
    if let Ok(readiness) = ready::probe(&client) {
        report.ready = Some(readiness.is_ready());
        report.not_ready = readiness.failures();
    }
    if let Ok(text) = ssh.run(&format!("cat {}", paths::INITIAL_ADMIN)) {
        report.admin = Credential::parse(&text, paths::INITIAL_ADMIN).ok();
    }
    report
}

fn state(report: &Report) -> String {
    match (report.pid, report.ready) {
        (None, _) => "stopped".into(),
        (Some(pid), Some(true)) => format!("ready (process {pid})"),
        (Some(pid), Some(false)) => {
            format!(
                "running (process {pid}), not ready: {}",
                report.not_ready.join("; ")
            )
        }
        (Some(pid), None) => format!("running (process {pid}), the application does not answer"),
    }
}
