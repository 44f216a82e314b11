//! `wizamart cloudflare`.

use super::common::Common;
use super::{CliError, runtime};
use crate::clock::{Clock, SystemClock};
use crate::cloudflare::InForce;
use crate::cloudflare::list::List;
use crate::cloudflare::refresh::{self, RefreshError};
use crate::outbound::{Outbound, Reach};
use crate::settings::Settings;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Show which networks are Cloudflare's, who says so and since when
    Show {
        #[command(flatten)]
        common: Common,
    },
    /// Ask Cloudflare for its networks and show what has changed. The web
    /// process reads the new list within seconds
    Refresh {
        /// Write nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        common: Common,
    },
}

impl From<RefreshError> for CliError {
    fn from(error: RefreshError) -> Self {
        Self::Input(error.to_string())
    }
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<(), CliError> {
    match args {
        Args::Show { common } => {
            show(common, settings, SystemClock.now());
            Ok(())
        }
        Args::Refresh { dry_run, common } => {
            runtime::single(renew(common, settings, *dry_run, SystemClock.now()))?
        }
    }
}

fn show(common: &Common, settings: &Settings, now: OffsetDateTime) {
    let found = InForce::find(&List::file(&common.state_dir));
    let list = &found.list;
    let enabled = settings.config.cloudflare.enabled;
    let days = (now - list.as_of).whole_days();
    let fault = found.fault.as_ref().map(ToString::to_string);
    if common.json {
        let all = json!({
            "enabled": enabled,
            "source": list.source,
            "as_of": written(list.as_of),
            "age_days": days,
            "file": found.file,
            "fault": fault,
            "ipv4": list.ranges.ipv4(),
            "ipv6": list.ranges.ipv6(),
        });
        println!("{all}");
        return;
    }
    println!(
        "Cloudflare is {}",
        if enabled {
            "on"
        } else {
            "off: nobody is believed"
        }
    );
    match &found.file {
        Some(file) => println!("list      {}", file.display()),
        None => println!("list      shipped with the program"),
    }
    if let Some(fault) = fault {
        let file = List::file(&common.state_dir);
        println!("warning   {} is not used: {fault}", file.display());
    }
    println!("source    {}", list.source);
    println!("as of     {} ({days} days ago)", written(list.as_of));
    for network in list.ranges.ipv4().iter().chain(&list.ranges.ipv6()) {
        println!("          {network}");
    }
}

async fn renew(
    common: &Common,
    settings: &Settings,
    dry_run: bool,
    now: OffsetDateTime,
) -> Result<(), CliError> {
    let url = &settings.config.cloudflare.url;
    // The address is the operator's own.
    let outbound = Outbound::new(Reach::Public);
    let refreshed = refresh::ask(&outbound, url, &common.state_dir, now).await?;
    let file = match dry_run {
        true => None,
        false => Some(refreshed.store(&common.state_dir)?),
    };
    let changes = &refreshed.changes;
    if common.json {
        let all = json!({
            "source": refreshed.list.source,
            "as_of": written(refreshed.list.as_of),
            "added": changes.added,
            "removed": changes.removed,
            "file": file,
        });
        println!("{all}");
        return Ok(());
    }
    for network in &changes.added {
        println!("+ {network}");
    }
    for network in &changes.removed {
        println!("- {network}");
    }
    if changes.is_none() {
        println!("the networks are the same");
    }
    match file {
        Some(file) => println!("written to {}", file.display()),
        None => println!("nothing written (--dry-run)"),
    }
    Ok(())
}

fn written(moment: OffsetDateTime) -> String {
    moment
        .format(&Rfc3339)
        .unwrap_or_else(|_| moment.to_string())
}
