//! `wizamart migrate`.

use super::{CliError, admin, runtime};
use crate::clock::{Clock, SystemClock};
use crate::migrations::{self, runner, state, status};
use crate::secrets::{Sealer, sealing};
use crate::settings::Settings;
use crate::storage::connect::{self, connect_patiently};
use crate::storage::sealing as sealing_rows;
use sqlx::PgConnection;
use std::path::PathBuf;
use std::time::Duration;

/// The first schema with sealed secrets.
const SEALED_SINCE: i32 = 14;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Show what is applied and what is not, and change nothing
    #[arg(long, conflicts_with = "revert_to")]
    status: bool,
    /// Print the status as JSON
    #[arg(long, requires = "status")]
    json: bool,
    /// Revert everything after this migration; 0 empties the database
    #[arg(long, value_name = "N")]
    revert_to: Option<i32>,
    /// How long to wait for PostgreSQL to answer
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    wait: u64,
    /// Afterwards create the first administrator, unless there is one, from
    /// this file with {"email": …, "password": …}
    #[arg(long, value_name = "FILE", conflicts_with_all = ["status", "revert_to"])]
    ensure_admin: Option<PathBuf>,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<(), CliError> {
    runtime::single(migrate(args, settings))?
}

async fn migrate(args: &Args, settings: &Settings) -> Result<(), CliError> {
    let patience = Duration::from_secs(args.wait);
    let mut connection =
        connect_patiently(&settings.sessions, "wizamart migrate", patience).await?;
    if args.status {
        return status(&mut connection, args.json).await;
    }
    match args.revert_to {
        Some(target) => {
            if target < SEALED_SINCE {
                unseal(settings).await?;
            }
            let done = runner::revert_to(&mut connection, target).await?;
            println!("reverted {}; the schema is {target}", numbers(&done));
        }
        None => {
            let done = runner::migrate(&mut connection, migrations::ALL).await?;
            println!(
                "applied {}; {}",
                numbers(&done),
                state::fit(&mut connection).await?
            );
            // One process and one connection: every boot waits for this.
            if let Some(credential) = &args.ensure_admin {
                admin::ensure(&mut connection, credential).await?;
            }
        }
    }
    Ok(())
}

/// What earlier releases cannot read is put in clear for them.
async fn unseal(settings: &Settings) -> Result<(), CliError> {
    let pool = connect::lazy_pool(&settings.sessions, 1, "wizamart migrate");
    let sealed = match sealing_rows::counts(&pool).await {
        Ok(counts) => counts.iter().any(|count| count.key.is_some()),
        // There are no such columns yet, or any more.
        Err(error) if error.is_of_schema() => false,
        Err(error) => return Err(error.into()),
    };
    if sealed {
        let sealer = Sealer::load(&settings.config)?;
        let walked = sealing::unseal(&pool, &sealer, SystemClock.now()).await?;
        for (place, rows) in &walked.changed {
            println!("{}: {rows} put in clear", place.name());
        }
        if let Some(failure) = walked.failed.first() {
            return Err(CliError::Input(failure.error.clone()));
        }
    }
    Ok(())
}

async fn status(connection: &mut PgConnection, json: bool) -> Result<(), CliError> {
    let status = status::read(connection).await?;
    if json {
        println!("{}", serde_json::json!(status));
        return Ok(());
    }
    for line in runner::status(connection, migrations::ALL).await? {
        let when = line.applied_at.unwrap_or_else(|| "not applied".to_owned());
        let whose = if line.known {
            ""
        } else {
            "  (of a newer release)"
        };
        println!("{:04}  {:<20}  {when}{whose}", line.version, line.name);
    }
    println!("{}", state::fit(connection).await?);
    if let Some(failed) = status.failed {
        println!("failed: {}", failed.error);
    }
    if let Some(seconds) = status.running_seconds {
        println!("a migration has been running for {seconds} s");
    }
    Ok(())
}

fn numbers(done: &[i32]) -> String {
    if done.is_empty() {
        return "nothing".to_owned();
    }
    done.iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
