//! `boxd cert`: certificates without the daemon, for root.

use crate::acme::{self, Manager};
use crate::disk::Disk;
use crate::systemd::SystemBus;
use clap::Subcommand;
use onebox_api::certificates::{Haste, Reason, State};
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show the certificate that is served and every name's, as JSON
    List,
    /// Order what is missing or due; steps go to standard error
    Renew {
        /// Order anew, due or not
        #[arg(long)]
        force: bool,
    },
    /// Look for what would keep an authority from validating, as JSON; exits with 1 when something does
    Test,
    /// Have the authority revoke the certificate in use; the next run orders another one
    Revoke {
        /// unspecified, key-compromise, superseded or cessation-of-operation
        #[arg(long, default_value = "unspecified", value_parser = reason)]
        reason: Reason,
    },
}

fn reason(text: &str) -> Result<Reason, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

impl Command {
    pub(super) fn run(self, disk: Disk) -> Result<ExitCode, Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(self.go(Arc::new(disk)))
    }

    async fn go(self, disk: Arc<Disk>) -> Result<ExitCode, Box<dyn Error>> {
        let config = acme::config_in_force(&disk);
        let manager = Manager::of_box(disk, Arc::new(SystemBus::default()));
        match self {
            Self::List => print(&manager.status(&config))?,
            Self::Renew { force } => {
                let say = |line: String| eprintln!("boxd: {line}");
                let haste = if force { Haste::Anew } else { Haste::Now };
                let status = manager.run(&config, haste, &say).await.status;
                print(&status)?;
                if status.problem.is_some() {
                    return Ok(ExitCode::FAILURE);
                }
            }
            Self::Test => {
                let report = manager.test(&config).await;
                print(&report)?;
                if report.worst() == State::Bad {
                    return Ok(ExitCode::FAILURE);
                }
            }
            Self::Revoke { reason } => {
                manager.revoke(&config, reason).await?;
                print(&manager.status(&config))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(value: &impl serde::Serialize) -> Result<(), Box<dyn Error>> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}
