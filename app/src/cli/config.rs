//! `wizamart config`. Works also while the configuration is at fault: saying
//! what is wrong with it is half its purpose.

use super::CliError;
use crate::secrets::Sealer;
use crate::settings::{Settings, SettingsError};
use onebox_model::config::{Setting, reference};
use onebox_model::{Config, ConfigError};
use std::path::Path;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Print the configuration in force, without secrets, and where each
    /// value is from
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Read everything a process reads at its start, and say what is wrong
    Check,
    /// Print the reference of all keys in Markdown
    Docs,
}

pub(super) fn run(args: &Args, path: &Path) -> Result<(), CliError> {
    match args {
        Args::Show { json } => show(path, *json),
        Args::Check => {
            let settings = Settings::load(path)?;
            Sealer::load(&settings.config)?;
            println!("the configuration is sound");
            Ok(())
        }
        Args::Docs => {
            print!("{}", reference());
            Ok(())
        }
    }
}

fn show(path: &Path, json: bool) -> Result<(), CliError> {
    let refused = |error: ConfigError| CliError::Settings(SettingsError::Config(error));
    let (_, settings) = Config::explain(path).map_err(refused)?;
    if json {
        println!("{}", serde_json::json!(settings));
    } else {
        for setting in &settings {
            println!("{}", line(setting));
        }
    }
    Ok(())
}

fn line(setting: &Setting) -> String {
    let origin = setting
        .origin
        .as_ref()
        .map_or_else(|| "default".to_owned(), ToString::to_string);
    let shown = if setting.value.is_null() {
        "(left out)".to_owned()
    } else {
        setting.value.to_string()
    };
    format!("{} = {shown}  # {origin}", setting.key)
}
