//! `boxctl factory-reset`.

use std::process::ExitCode;

use onebox_api::reset::{FACTORY_RESET, Reset};

use crate::error::Error;
use crate::keeper::Keeper;
use crate::output;

/// Delete everything on this box and begin anew, as on its first day
///
/// The data partition is made anew at the restart that follows: the database, files,
/// accounts, secrets, certificates, settings and local backups go. What is in an object
/// store stays there, and opens with the recovery kit alone: print that first
/// (`boxctl recovery-kit`). The release stays, and so do the keys that may log in.
#[derive(Debug, clap::Args)]
pub(crate) struct FactoryReset {
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeper: Keeper,
}

impl FactoryReset {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let client = self.keeper.client();
        eprintln!(
            "Everything goes: the database, files, accounts, secrets, certificates, settings and backups on this box."
        );
        output::confirm("Delete all of it and begin anew?", self.yes)?;
        let reset: Reset = client.post(FACTORY_RESET, &serde_json::json!({}))?;
        if self.json {
            output::json(&reset)?;
        } else {
            output::text_line(&format!(
                "The box restarts and begins anew; {} may still log in by SSH, where it has another host key.",
                match reset.kept_keys {
                    1 => "1 key".to_owned(),
                    keys => format!("{keys} keys"),
                }
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
