//! `wizamart storage`.

use super::common::Common;
use super::{CliError, runtime};
use crate::files::Files;
use crate::files::check::{self, CheckError, Findings};
use crate::files::migrate::{self, MoveError, Moved};
use crate::files::store::StoreKind;
use crate::settings::Settings;
use crate::storage::{connect, reports, uploads};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sqlx::PgPool;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Move every file to another store; the site works meanwhile. Started
    /// again it goes on where it stopped
    Migrate {
        /// Where the files are to be: local or s3
        #[arg(long, value_name = "STORE")]
        to: StoreKind,
        /// Afterwards delete from the old store what is whole in the new one
        #[arg(long, requires = "yes")]
        delete_source: bool,
        /// Deleting is really meant
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Read every file and compare it with what is written down of it; list
    /// files that no row knows. Fails when a file is missing or damaged
    Check {
        /// Look at so many uploads, chosen by chance, and at nothing else
        #[arg(long, value_name = "COUNT")]
        sample: Option<u32>,
        #[command(flatten)]
        common: Common,
    },
}

impl From<MoveError> for CliError {
    fn from(error: MoveError) -> Self {
        match error {
            MoveError::Storage(error) => Self::Storage(error),
            MoveError::File(error) => Self::Input(error.to_string()),
        }
    }
}

impl From<CheckError> for CliError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Storage(error) => Self::Storage(error),
            CheckError::File(error) => Self::Input(error.to_string()),
        }
    }
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<(), CliError> {
    runtime::single(async {
        let pool = connect::lazy_pool(&settings.database, 1, "wizamart storage");
        match args {
            Args::Migrate {
                to,
                delete_source,
                common,
                ..
            } => move_files(settings, &pool, common, *to, *delete_source).await,
            Args::Check { sample, common } => check_files(settings, &pool, common, *sample).await,
        }
    })?
}

async fn move_files(
    settings: &Settings,
    pool: &PgPool,
    common: &Common,
    to: StoreKind,
    delete_source: bool,
) -> Result<(), CliError> {
    let files = Files::new(&settings.config, &common.state_dir);
    let (_, bytes) = uploads::totals(pool, Some(migrate::other(to))).await?;
    let reports = reports::bytes_outside(pool, Some(to)).await?;
    let bar = bar(bytes + reports, common.json);
    let moved = migrate::move_all(&files, pool, to, |bytes| bar.inc(bytes)).await?;
    bar.finish_and_clear();
    let deleted = match delete_source {
        true => Some(migrate::delete_source(&files, pool, to).await?),
        false => None,
    };
    if common.json {
        println!(
            "{}",
            serde_json::json!({"result": moved, "deleted": deleted})
        );
    } else {
        say(&moved, to, deleted);
    }
    match moved.failed.len() {
        0 => Ok(()),
        failed => Err(CliError::Input(format!(
            "{failed} files were not moved and are where they were"
        ))),
    }
}

fn say(moved: &Moved, to: StoreKind, deleted: Option<u64>) {
    for failure in &moved.failed {
        println!(
            "not moved: {} {} ({}): {}",
            failure.of, failure.id, failure.key, failure.error
        );
    }
    println!(
        "{} uploads and {} reports ({} bytes) moved to {to}",
        moved.moved, moved.reports, moved.bytes
    );
    match deleted {
        Some(count) => println!("{count} files deleted from the old store"),
        None => println!("the old store keeps its copies; --delete-source --yes deletes them"),
    }
}

async fn check_files(
    settings: &Settings,
    pool: &PgPool,
    common: &Common,
    sample: Option<u32>,
) -> Result<(), CliError> {
    let files = Files::new(&settings.config, &common.state_dir);
    let (_, bytes) = uploads::totals(pool, None).await?;
    let reports = reports::bytes_outside(pool, None).await?;
    let bar = bar(bytes + reports, common.json);
    let findings = match sample {
        Some(count) => check::check_sample(&files, pool, count, |bytes| bar.inc(bytes)).await?,
        None => check::check(&files, pool, |bytes| bar.inc(bytes)).await?,
    };
    bar.finish_and_clear();
    if common.json {
        println!("{}", serde_json::json!(findings));
    } else {
        show(&findings);
    }
    if findings.is_sound() {
        Ok(())
    } else {
        let count = findings.faults.len();
        Err(CliError::Input(format!(
            "{count} files are missing or damaged"
        )))
    }
}

fn show(findings: &Findings) {
    for fault in &findings.faults {
        println!(
            "{} in {} ({} {}): {}",
            fault.key,
            fault
                .store
                .map_or_else(|| "reports".to_owned(), |store| store.to_string()),
            fault.of,
            fault.id,
            fault.error
        );
    }
    for orphan in &findings.orphans {
        println!(
            "{} in {}: no row knows it ({} bytes)",
            orphan.name, orphan.store, orphan.size
        );
    }
    println!(
        "{} uploads, {} reports, {} faults, {} files without a row",
        findings.uploads,
        findings.reports,
        findings.faults.len(),
        findings.orphans.len()
    );
}

/// Shown on a terminal only, and never in between JSON.
fn bar(bytes: u64, json: bool) -> ProgressBar {
    let target = if json {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let bar = ProgressBar::with_draw_target(Some(bytes), target);
    match ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}") {
        Ok(style) => bar.with_style(style),
        // The usual look does as well.
        Err(_) => bar,
    }
}
