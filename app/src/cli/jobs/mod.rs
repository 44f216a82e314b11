//! `wizamart jobs`: the job dashboard for a terminal.

mod print;

use super::{CliError, runtime};
use crate::auth::audit::Entry;
use crate::cache::Cache;
use crate::controllers::jobs::JobView;
use crate::health::queue::ALIVE;
use crate::queue::control::{self, ControlError, Purged};
use crate::settings::Settings;
use crate::storage::jobs::{self, JobState, Search};
use crate::storage::{connect, cron, queues, workers};
use onebox_model::QueueName;
use serde::Serialize;
use sqlx::PgPool;
use std::io::{self, BufRead, Write};
use time::OffsetDateTime;
use uuid::Uuid;

/// Who acts, in the audit log.
const WHO: &str = "wizamart jobs";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    act: Act,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Jobs, newest first
    List(ListArgs),
    /// Everything about one job
    Show { id: Uuid },
    /// Make a waiting or dead job due at once
    Retry { id: Uuid },
    /// End a job that waits or runs
    Cancel { id: Uuid },
    /// Remove a job that does not run
    Delete { id: Uuid },
    /// How every queue stands
    Queues,
    /// Make workers leave a queue alone
    Pause { queue: QueueName },
    /// Let them serve it again
    Resume { queue: QueueName },
    /// Delete what waits in a queue, or what died in it
    Purge {
        queue: QueueName,
        /// Which jobs
        #[arg(value_enum)]
        state: Purged,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Every worker that is known, with what it runs
    Workers,
    /// Every periodic job
    Cron,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// queued, running, done or dead
    #[arg(long)]
    state: Option<JobState>,
    #[arg(long)]
    queue: Option<QueueName>,
    #[arg(long)]
    kind: Option<String>,
    /// Text in the arguments or in the last error
    #[arg(long)]
    text: Option<String>,
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=1000))]
    limit: i64,
    /// Only jobs older than this one
    #[arg(long, value_name = "ID")]
    before: Option<Uuid>,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<(), CliError> {
    runtime::single(async {
        let pool = connect::lazy_pool(&settings.sessions, 1, "wizamart jobs");
        let cache = Cache::from(&settings.redis)?;
        let result = act(args, &pool, &cache).await;
        pool.close().await;
        result
    })?
}

async fn act(args: &Args, pool: &PgPool, cache: &Cache) -> Result<(), CliError> {
    let now = OffsetDateTime::now_utc();
    let entry = |action| Entry::unattended(WHO, action, now);
    match &args.act {
        Act::List(list) => {
            let rows = jobs::search(pool, &list.search()).await?;
            let views: Vec<JobView> = rows.into_iter().map(JobView::from).collect();
            show(args.json, &views, || print::jobs(&views));
        }
        Act::Show { id } => {
            let row = jobs::find(pool, *id).await?;
            let view = JobView::from(row.ok_or(ControlError::NoJob(*id))?);
            show(true, &view, || ());
        }
        Act::Retry { id } => {
            control::retry(pool, *id, now, entry("job.retry")).await?;
            println!("the job is due now");
        }
        Act::Cancel { id } => {
            let row = control::cancel(pool, cache, *id, now, entry("job.cancel")).await?;
            match row.state {
                JobState::Running => println!("the job's worker was told to stop it"),
                _ => println!("the job is cancelled"),
            }
        }
        Act::Delete { id } => {
            control::delete(pool, *id, entry("job.delete")).await?;
            println!("the job is gone");
        }
        Act::Queues => {
            let names: Vec<&str> = onebox_model::queues::ALL
                .iter()
                .map(|queue| queue.as_str())
                .collect();
            let rows = queues::list(pool, &names, now, now - ALIVE).await?;
            show(args.json, &rows, || print::queues(&rows, now));
        }
        Act::Pause { queue } => {
            let changed = control::pause(pool, *queue, now, WHO, entry("queue.pause")).await?;
            let was = if changed { "is" } else { "was already" };
            println!("the queue {queue} {was} paused; what runs is finished");
        }
        Act::Resume { queue } => {
            let changed = control::resume(pool, *queue, entry("queue.resume")).await?;
            let was = if changed {
                "is served again"
            } else {
                "was not paused"
            };
            println!("the queue {queue} {was}");
        }
        Act::Purge { queue, state, yes } => {
            if !*yes && !confirmed(*queue, *state)? {
                println!("nothing was deleted");
                return Ok(());
            }
            let deleted = control::purge(pool, *queue, *state, entry("queue.purge")).await?;
            println!("{deleted} jobs are gone");
        }
        Act::Workers => {
            let rows = workers::list(pool).await?;
            show(args.json, &rows, || print::workers(&rows, now));
        }
        Act::Cron => {
            let rows = cron::list(pool).await?;
            show(args.json, &rows, || print::cron(&rows));
        }
    }
    Ok(())
}

impl ListArgs {
    fn search(&self) -> Search {
        Search {
            state: self.state,
            queue: self.queue.map(QueueName::as_str),
            kind: self.kind.clone(),
            text: self.text.clone(),
            vendor: None,
            before: self.before,
            limit: self.limit,
        }
    }
}

fn show(json: bool, value: &impl Serialize, table: impl FnOnce()) {
    if json {
        println!("{:#}", serde_json::json!(value));
    } else {
        table();
    }
}

/// Asks on the terminal; anything but the queue's name is a no.
fn confirmed(queue: QueueName, state: Purged) -> Result<bool, CliError> {
    let state = state.state();
    print!("This deletes every {state} job of {queue} for good. Type {queue} to go on: ");
    let mut answer = String::new();
    io::stdout()
        .flush()
        .and_then(|()| io::stdin().lock().read_line(&mut answer))
        .map_err(super::system("ask on the terminal"))?;
    Ok(answer.trim() == queue.as_str())
}
