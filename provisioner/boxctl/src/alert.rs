//! `boxctl alert`.

use std::process::ExitCode;

use clap::Subcommand;
use onebox_api::alerts::{STATUS, Status, TEST, Tried};
use time::OffsetDateTime;

use crate::error::Error;
use crate::keeper::Keeper;
use crate::output;
use crate::paint::Paint;
use crate::words::seconds;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show who is told, what is wrong, and what could not be delivered yet
    List(Args),
    /// Tell every channel that this is a test; exits with 1 when one does not take it
    Test(Args),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeper: Keeper,
}

impl Command {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::List(args) => list(&args),
            Self::Test(args) => test(&args),
        }
    }
}

fn list(args: &Args) -> Result<ExitCode, Error> {
    let status: Status = args.keeper.client().get(STATUS)?;
    if args.json {
        output::json(&status)?;
    } else {
        let now = OffsetDateTime::now_utc();
        output::text_line(&render(&status, now, Paint::for_stdout()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn test(args: &Args) -> Result<ExitCode, Error> {
    let client = args.keeper.client();
    let tried: Vec<Tried> = client.post(TEST, &serde_json::json!({}))?;
    let paint = Paint::for_stdout();
    if args.json {
        output::json(&tried)?;
    } else if tried.is_empty() {
        output::text_line(NOBODY)?;
    }
    for one in tried.iter().filter(|_| !args.json) {
        output::text_line(&match &one.error {
            None => format!("{} {}", paint.good("taken  "), one.channel),
            Some(error) => format!("{} {}: {error}", paint.bad("REFUSED"), one.channel),
        })?;
    }
    let all = !tried.is_empty() && tried.iter().all(|one| one.error.is_none());
    Ok(if all {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

const NOBODY: &str = "nobody is told: set alerts.mail, alerts.webhook, alerts.pagerduty.key or alerts.opsgenie.key (`boxctl config edit`)";

fn render(status: &Status, now: OffsetDateTime, paint: Paint) -> String {
    let mut lines = Vec::new();
    if status.channels.is_empty() {
        lines.push(paint.warn(NOBODY));
    } else {
        lines.push(format!("told: {}", status.channels.join(", ")));
    }
    let ago = |at: OffsetDateTime| {
        let age = u64::try_from((now - at).whole_seconds()).unwrap_or(0);
        seconds(age)
    };
    for trouble in &status.troubles {
        let told = match trouble.told {
            Some(at) => format!("told {} ago", ago(at)),
            None => "not told yet: it may pass".to_owned(),
        };
        lines.push(format!(
            "{} {}: {} (for {}, {told})",
            paint.bad("wrong"),
            trouble.name,
            trouble.summary,
            ago(trouble.since)
        ));
    }
    if status.troubles.is_empty() {
        lines.push(paint.good("nothing is wrong"));
    }
    for one in &status.waiting {
        lines.push(format!(
            "{} {} to {}, tried {} times: {}",
            paint.warn("waits"),
            one.subject,
            one.channel,
            one.attempts,
            one.error.as_deref().unwrap_or("not tried yet")
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use onebox_api::alerts::{Trouble, Waiting};

    #[test]
    fn what_is_wrong_and_what_waits_is_shown() {
        let now = OffsetDateTime::UNIX_EPOCH + time::Duration::minutes(10);
        let status = Status {
            channels: vec!["webhook".to_owned()],
            troubles: vec![Trouble {
                name: "disks".to_owned(),
                summary: "/var is full".to_owned(),
                since: OffsetDateTime::UNIX_EPOCH,
                told: None,
            }],
            waiting: vec![Waiting {
                channel: "webhook".to_owned(),
                subject: "[box] wrong: units".to_owned(),
                attempts: 2,
                next_try: now,
                error: Some("no answer".to_owned()),
            }],
        };
        assert_eq!(
            render(&status, now, Paint::none()),
            "told: webhook\n\
             wrong disks: /var is full (for 10 min, not told yet: it may pass)\n\
             waits [box] wrong: units to webhook, tried 2 times: no answer"
        );
    }
}
