//! `boxctl reconciler`: the keeper's recurring work.

use std::process::ExitCode;

use clap::Subcommand;
use onebox_api::reconcilers::{LIST, Outcome, RUN, ReconcilerStatus, Run};
use time::OffsetDateTime;

use crate::error::Error;
use crate::keeper::Keeper;
use crate::output;
use crate::words::{seconds, table};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what each looks after, when it ran, how that ended and when it runs next
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        keeper: Keeper,
    },
    /// Run one now and show how it ended; exits with 1 when it failed
    Run {
        /// Which; `boxctl reconciler list` has the names
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        keeper: Keeper,
    },
}

impl Command {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::List { json, keeper } => {
                let all: Vec<ReconcilerStatus> = keeper.client().get(LIST)?;
                if json {
                    output::json(&all)?;
                } else {
                    output::text_line(list(&all, OffsetDateTime::now_utc()).trim_end())?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Self::Run { name, json, keeper } => {
                let status: ReconcilerStatus = keeper.client().post(RUN, &Run { name })?;
                if json {
                    output::json(&status)?;
                } else {
                    let summary = status.summary.as_deref().unwrap_or_default();
                    output::text_line(&format!("{}: {summary}", outcome(status.last_outcome)))?;
                }
                Ok(match status.last_outcome {
                    Some(Outcome::Failed) => ExitCode::FAILURE,
                    _ => ExitCode::SUCCESS,
                })
            }
        }
    }
}

fn outcome(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        None => "not run yet",
        Some(Outcome::Ok) => "ok",
        Some(Outcome::Attention) => "attention",
        Some(Outcome::Failed) => "failed",
    }
}

fn list(all: &[ReconcilerStatus], now: OffsetDateTime) -> String {
    let head = ["NAME", "LAST RUN", "OUTCOME", "NEXT", "WHAT IT SAID"].map(str::to_owned);
    let apart = |one: Option<OffsetDateTime>, sign: i64| {
        one.map(|one| (now - one).whole_seconds() * sign)
            .and_then(|apart| u64::try_from(apart).ok())
            .map(seconds)
    };
    let mut rows = vec![head.to_vec()];
    rows.extend(all.iter().map(|one| {
        vec![
            one.name.clone(),
            apart(one.last_run, 1).map_or_else(|| "never".to_owned(), |ago| format!("{ago} ago")),
            if one.running {
                "running".to_owned()
            } else {
                outcome(one.last_outcome).to_owned()
            },
            apart(one.next_run, -1).map_or_else(|| "now".to_owned(), |ahead| format!("in {ahead}")),
            one.summary
                .clone()
                .unwrap_or_else(|| one.description.clone()),
        ]
    }));
    table(&rows, &[], |_, _, cell| cell.to_owned())
}
