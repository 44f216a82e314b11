//! `wizamart secrets`.

use super::{CliError, runtime};
use crate::clock::{Clock, SystemClock};
use crate::secrets::key_file::{self, WriteError};
use crate::secrets::sealing::{self, WalkError, Walked};
use crate::secrets::{Sealer, sealer};
use crate::settings::Settings;
use crate::storage::connect;
use crate::storage::sealing as rows;
use onebox_model::SealKeyId;
use onebox_model::seal_keys::NoKeyId;
use serde_json::json;
use sqlx::PgPool;
use std::path::PathBuf;
use time::Duration;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Make the file with the keys that seal secrets in the database
    NewKey {
        /// The file; the configured one when left out
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Put a new key at the end of the file that is there. Start web and
        /// workers again, so that they have it, and then rotate
        #[arg(long)]
        add: bool,
    },
    /// Say how many secrets each key seals, and how many are in clear
    Status(Output),
    /// Seal what an earlier release left in clear now, and not only a day after
    /// the update. That release lets nobody with a second factor in afterwards
    Seal(Output),
    /// Put second factors back in clear, before going back to a release that
    /// cannot read sealed ones
    Unseal {
        /// Leaving them in clear is really meant
        #[arg(long, required = true)]
        yes: bool,
        /// How long they stay so, when this release keeps running
        #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(i64).range(1..=720))]
        hours: i64,
        #[command(flatten)]
        output: Output,
    },
    /// Seal everything anew with the newest key. Started again it goes on where
    /// it stopped
    Rotate(Output),
    /// Remove what a lost key sealed: second factors, signing keys, mails' texts
    Forget {
        /// The key, as status and /ready name it
        #[arg(value_name = "KEY", value_parser = id)]
        key: SealKeyId,
        /// Removing them is really meant
        #[arg(long, required = true)]
        yes: bool,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Output {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn id(text: &str) -> Result<SealKeyId, NoKeyId> {
    text.parse()
}

impl From<WalkError> for CliError {
    fn from(error: WalkError) -> Self {
        match error {
            WalkError::Storage(error) => Self::Storage(error),
            other => Self::Input(other.to_string()),
        }
    }
}

impl From<WriteError> for CliError {
    fn from(error: WriteError) -> Self {
        Self::Input(error.to_string())
    }
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<(), CliError> {
    if let Args::NewKey { file, add } = args {
        return new_key(file.clone(), *add, settings);
    }
    let sealer = Sealer::load(&settings.config)?;
    runtime::single(async {
        let pool = connect::lazy_pool(&settings.database, 1, "wizamart secrets");
        let now = SystemClock.now();
        match args {
            Args::NewKey { .. } => Ok(()),
            Args::Status(output) => status(&pool, &sealer, output).await,
            Args::Seal(output) => {
                let walked = sealing::seal(&pool, &sealer).await?;
                say(&walked, "sealed", &sealer, output)
            }
            Args::Unseal { hours, output, .. } => {
                let until = now + Duration::hours(*hours);
                let walked = sealing::unseal(&pool, &sealer, until).await?;
                say(&walked, "put in clear", &sealer, output)
            }
            Args::Rotate(output) => {
                let walked = sealing::rotate(&pool, &sealer).await?;
                say(&walked, "sealed anew", &sealer, output)
            }
            Args::Forget { key, output, .. } => {
                let walked = sealing::forget(&pool, &sealer, *key).await?;
                say(&walked, "removed", &sealer, output)
            }
        }
    })?
}

fn new_key(file: Option<PathBuf>, add: bool, settings: &Settings) -> Result<(), CliError> {
    let file = file.unwrap_or_else(|| sealer::file(&settings.config));
    let (id, file) = match add {
        true => (key_file::add(&file)?, file.display()),
        false => (key_file::create(&file)?, file.display()),
    };
    println!(
        "the key {id} is in {file}; keep a copy of that file apart from the database's backups"
    );
    if add {
        println!(
            "now start web and workers again, so that they have it, then run `wizamart secrets rotate`"
        );
    }
    Ok(())
}

async fn status(pool: &PgPool, sealer: &Sealer, output: &Output) -> Result<(), CliError> {
    let counts = rows::counts(pool).await?;
    let lines: Vec<_> = counts
        .into_iter()
        .map(|count| {
            let key = count.key.and_then(|key| key.try_into().ok()).map(SealKeyId);
            (count.place, key, count.rows)
        })
        .collect();
    let (file, newest) = (sealer.file().display(), sealer.newest());
    if output.json {
        let lines: Vec<_> = lines
            .iter()
            .map(|(place, key, rows)| {
                let known = key.map(|key| sealer.has(key));
                json!({"place": place, "key": key.map(|key| key.to_string()), "known": known, "rows": rows})
            })
            .collect();
        let file = file.to_string();
        println!(
            "{}",
            json!({"file": file, "newest": newest.to_string(), "secrets": lines})
        );
        return Ok(());
    }
    println!("{file}: the key {newest} seals");
    for (place, key, rows) in lines {
        let how = match key {
            None => "in clear".to_owned(),
            Some(key) if key == newest => format!("sealed with {key}"),
            Some(key) if sealer.has(key) => format!("sealed with {key}, an older key"),
            Some(key) => format!("sealed with {key}, which is NOT in the file"),
        };
        println!("{place}: {rows} {how}");
    }
    Ok(())
}

fn say(walked: &Walked, what: &str, sealer: &Sealer, output: &Output) -> Result<(), CliError> {
    if output.json {
        let newest = sealer.newest().to_string();
        println!(
            "{}",
            json!({"newest": newest, "changed": walked.changed, "failed": walked.failed})
        );
    } else {
        for failure in &walked.failed {
            println!("{}", failure.error);
        }
        for (place, rows) in &walked.changed {
            println!("{}: {rows} {what}", place.name());
        }
        if walked.changed.is_empty() {
            println!("nothing {what}");
        }
    }
    match walked.failed.len() {
        0 => Ok(()),
        failed => Err(CliError::Input(format!(
            "{failed} secrets cannot be read and are as they were"
        ))),
    }
}
