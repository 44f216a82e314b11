//! `wizamart config`.

use super::CliError;
use crate::settings::Settings;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Print the configuration in force, without secrets
    Show,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<(), CliError> {
    let Args::Show = args;
    let text = serde_json::to_string_pretty(&settings.config)
        .map_err(|error| CliError::Input(format!("cannot print the configuration: {error}")))?;
    println!("{text}");
    Ok(())
}
