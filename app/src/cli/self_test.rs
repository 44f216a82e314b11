//! `wizamart self-test`.

use super::{CliError, runtime, system};
use crate::hold::Hold;
use crate::lifecycle;
use crate::self_test::report::{Report, Step};
use crate::self_test::site::Site;
use crate::self_test::{Walk, run as walk};
use crate::settings::Settings;
use crate::storage::connect::connect_patiently;
use onebox_model::paths;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where the site is
    #[arg(long, value_name = "URL", default_value = "https://127.0.0.1")]
    url: String,
    /// Print JSON at the end instead of the steps as they are taken
    #[arg(long)]
    json: bool,
    /// Write the JSON to this file too
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// For all steps together
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Where fullchain.pem is, whose first certificate must be the served one
    #[arg(long, value_name = "DIR", default_value = paths::TLS_DIR)]
    tls_dir: PathBuf,
    /// Where the keeper says that an upgrade is on trial
    #[arg(long, value_name = "DIR", default_value = paths::TRIAL_DIR)]
    trial_dir: PathBuf,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<(), CliError> {
    runtime::single(test(args, settings))?
}

async fn test(args: &Args, settings: &Settings) -> Result<(), CliError> {
    if let Some(output) = &args.output {
        // An old answer must not pass for this one's.
        forget(output).map_err(system("remove the result of the last self-test"))?;
    }
    let (trigger, shutdown) = lifecycle::shutdown();
    lifecycle::stop_on_signals(trigger).map_err(system("listen for signals"))?;
    let timeout = Duration::from_secs(args.timeout);
    let opened = open(args, settings, timeout).await;
    let report = match opened {
        Ok(prepared) => {
            let told = |step: &Step| {
                if !args.json {
                    println!("{step}");
                }
            };
            walk(prepared, &shutdown, told).await
        }
        Err(error) => {
            let report = Report::never_began(error.to_string());
            for step in report.steps.iter().filter(|_| !args.json) {
                println!("{step}");
            }
            report
        }
    };
    let json = serde_json::json!(report).to_string();
    if args.json {
        println!("{json}");
    }
    if let Some(output) = &args.output {
        write(output, &json).map_err(system("write the result of the self-test"))?;
    }
    match report.failed() {
        None => Ok(()),
        Some(step) => Err(CliError::Input(format!(
            "the self-test failed at {:?}",
            step.name
        ))),
    }
}

async fn open(args: &Args, settings: &Settings, timeout: Duration) -> Result<Walk, CliError> {
    let chain = paths::in_dir(&args.tls_dir, paths::TLS_CHAIN);
    let token = paths::in_dir(&args.trial_dir, paths::TRIAL_TOKEN);
    let site =
        Site::at(&args.url, &chain, &token).map_err(|error| CliError::Input(error.to_string()))?;
    let connection =
        connect_patiently(&settings.sessions, "wizamart self-test", timeout / 2).await?;
    Ok(Walk {
        connection,
        site,
        on_trial: Hold::below(&args.trial_dir).is_on(),
        timeout,
    })
}

fn forget(file: &Path) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// In one step: whoever reads it finds the whole or nothing.
fn write(file: &Path, json: &str) -> io::Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    let mut unfinished = tempfile::NamedTempFile::new_in(dir)?;
    io::Write::write_all(&mut unfinished, format!("{json}\n").as_bytes())?;
    unfinished.persist(file)?;
    Ok(())
}
