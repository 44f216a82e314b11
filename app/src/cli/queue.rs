//! `wizamart queue`.

use super::{CliError, runtime};
use crate::settings::Settings;
use crate::storage::connect::connect_patiently;
use crate::storage::jobs::{self, QueueStats};
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Depth and age of every queue that has jobs
    Stats {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<(), CliError> {
    let Args::Stats { json } = args;
    let stats = runtime::single(read(settings))??;
    if *json {
        println!("{}", serde_json::json!(stats));
    } else {
        table(&stats);
    }
    Ok(())
}

async fn read(settings: &Settings) -> Result<Vec<QueueStats>, CliError> {
    let patience = Duration::from_secs(5);
    let mut connection = connect_patiently(&settings.database, "wizamart queue", patience).await?;
    Ok(jobs::stats(&mut connection, OffsetDateTime::now_utc()).await?)
}

fn table(stats: &[QueueStats]) {
    println!(
        "{:<10} {:>8} {:>8} {:>10} {:>8} {:>8} {:>8}",
        "queue", "due", "oldest", "scheduled", "running", "done", "dead"
    );
    for queue in stats {
        let oldest = queue.oldest_due_at.map_or_else(
            || "-".to_owned(),
            |due| format!("{}s", (OffsetDateTime::now_utc() - due).whole_seconds()),
        );
        println!(
            "{:<10} {:>8} {:>8} {:>10} {:>8} {:>8} {:>8}",
            queue.queue, queue.due, oldest, queue.scheduled, queue.running, queue.done, queue.dead
        );
    }
}
