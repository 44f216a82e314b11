//! `boxctl restore`.

use std::path::PathBuf;
use std::process::ExitCode;

use onebox_api::backups::{self as api, Kit, Plan, RestoreKit, Restored};
use time::format_description::FormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::{show, step};
use crate::error::Error;
use crate::keeper::Keeper;
use crate::output;

/// Go back to the newest state, a time, or a backup; shows what it will do, and takes it back when the box is not healthy then
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// The newest state there is
    #[arg(long, conflicts_with_all = ["at", "backup"], required_unless_present_any = ["at", "backup", "kit"])]
    latest: bool,
    /// The state at a time, such as 2026-11-28T20:15:00+01:00, or "2026-11-28 19:15:00" in UTC
    #[arg(long, value_name = "TIME", value_parser = parse_time, conflicts_with = "backup")]
    at: Option<OffsetDateTime>,
    /// The state at the end of a backup, by its name (`boxctl backup list`)
    #[arg(long, value_name = "NAME")]
    backup: Option<String>,
    /// Only from this repository: local or s3
    #[arg(long, value_name = "NAME", conflicts_with = "kit")]
    repository: Option<String>,
    /// The state of the box itself too: configuration, secrets, certificates
    #[arg(long, conflicts_with = "kit")]
    everything: bool,
    /// Make this box the one that a recovery kit is of
    #[arg(long, value_name = "FILE")]
    kit: Option<PathBuf>,
    /// Only show what it would do
    #[arg(long, conflicts_with = "kit")]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeper: Keeper,
}

/// Without an offset, in UTC.
const PLAIN: &[FormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

fn parse_time(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339)
        .or_else(|_| PrimitiveDateTime::parse(text, PLAIN).map(PrimitiveDateTime::assume_utc))
        .map_err(|_| {
            "write a time such as 2026-11-28T20:15:00+01:00, or \"2026-11-28 19:15:00\" in UTC"
                .to_owned()
        })
}

impl Restore {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let client = self.keeper.client();
        let asked = api::Restore {
            at: self.at,
            label: self.backup,
            repository: self.repository,
            everything: self.everything,
        };
        let restored: Restored = if let Some(file) = self.kit {
            let text = std::fs::read_to_string(&file).map_err(|source| Error::File {
                path: file.clone(),
                source,
                fix: "name the file that `boxctl recovery-kit` printed",
            })?;
            let kit = Kit::parse(&text).map_err(|why| Error::Kit { path: file, why })?;
            output::confirm(
                "Make this box the one of the kit? Its own data, configuration and backups are replaced.",
                self.yes,
            )?;
            let asked = RestoreKit {
                kit,
                restore: asked,
            };
            client.follow(api::RESTORE_KIT, &asked, step)?
        } else {
            let plan: Plan = client.post(api::RESTORE_PLAN, &asked)?;
            if self.dry_run {
                if self.json {
                    output::json(&plan)?;
                } else {
                    output::text_line(&show::plan(&plan))?;
                }
                return Ok(ExitCode::SUCCESS);
            }
            eprintln!("{}\n", show::plan(&plan));
            output::confirm("Do this?", self.yes)?;
            client.follow(api::RESTORE, &asked, step)?
        };
        if self.json {
            output::json(&restored)?;
        } else {
            output::text_line(&show::restored(&restored))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_taken_with_an_offset_or_in_utc() {
        let one = parse_time("2026-11-28T20:15:00+01:00").unwrap();
        let other = parse_time("2026-11-28 19:15:00").unwrap();
        assert_eq!(one, other);
        for text in ["", "yesterday", "2026-11-28", "2026-13-01 00:00:00"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
