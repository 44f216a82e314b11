//! `boxctl cert`: certificates.

mod look;
mod root;
mod show;
mod trust;

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use onebox_api::certificates::{
    Haste, RENEW, REVOKE, Reason, Renew, Report, Revoke, STATUS, Status, TEST,
};
use time::OffsetDateTime;

use crate::error::Error;
use crate::keeper::Keeper;
use crate::output;
use crate::paint::Paint;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what is served, for which names, until when, and what comes next; exits with 1 when a name has none
    List(Shown),
    /// Order what is missing or due, without waiting after failures; exits with 1 when that fails
    Issue(Shown),
    /// Renew what is due; exits with 1 when that fails
    Renew {
        /// Order anew, due or not, and do not wait after failures
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        shown: Shown,
    },
    /// Have the authority revoke the certificate in use, and order another one (asks)
    Revoke {
        /// Why
        #[arg(long, value_enum, default_value = "unspecified")]
        reason: Why,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        shown: Shown,
    },
    /// Look for what would keep an authority from validating, without an attempt; exits with 1 when something does
    Test(Shown),
    /// Print the root of the box's own authority (on the box)
    Root(root::Args),
    /// Have this computer believe a box's own authority (as root)
    Trust(trust::Args),
}

/// How the answer is shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Shown {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeper: Keeper,
}

/// Why a certificate is revoked.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Why {
    /// No reason is given
    Unspecified,
    /// Somebody else may have its private key
    KeyCompromise,
    /// Another one has taken its place
    Superseded,
    /// The names are no longer used
    CessationOfOperation,
}

impl From<Why> for Reason {
    fn from(why: Why) -> Self {
        match why {
            Why::Unspecified => Self::Unspecified,
            Why::KeyCompromise => Self::KeyCompromise,
            Why::Superseded => Self::Superseded,
            Why::CessationOfOperation => Self::CessationOfOperation,
        }
    }
}

impl Command {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::List(shown) => {
                let status: Status = shown.keeper.client().get(STATUS)?;
                print(&status, &shown)?;
                Ok(exit(is_whole(&status)))
            }
            Self::Issue(shown) => renew(Haste::Now, &shown),
            Self::Renew { force, shown } => {
                let haste = if force { Haste::Anew } else { Haste::Due };
                renew(haste, &shown)
            }
            Self::Revoke { reason, yes, shown } => revoke(reason.into(), yes, &shown),
            Self::Test(shown) => {
                let report: Report = shown.keeper.client().post(TEST, &())?;
                if shown.json {
                    output::json(&report)?;
                } else {
                    output::text_line(&look::render(&report, Paint::for_stdout()))?;
                }
                Ok(exit(report.worst() < onebox_api::certificates::State::Bad))
            }
            Self::Root(args) => args.run(),
            Self::Trust(args) => args.run(),
        }
    }
}

fn renew(haste: Haste, shown: &Shown) -> Result<ExitCode, Error> {
    let status = follow(haste, shown)?;
    print(&status, shown)?;
    let good = status.off.is_none() && status.problem.is_none() && is_whole(&status);
    Ok(exit(good))
}

fn follow(haste: Haste, shown: &Shown) -> Result<Status, Error> {
    let step = |step: &str| eprintln!("{step}");
    Ok(shown
        .keeper
        .client()
        .follow(RENEW, &Renew { haste }, step)?)
}

fn revoke(reason: Reason, yes: bool, shown: &Shown) -> Result<ExitCode, Error> {
    output::confirm(
        "revoke the certificate that is served? Browsers may refuse it until another one is there",
        yes,
    )?;
    let _revoked: Status = shown.keeper.client().post(REVOKE, &Revoke { reason })?;
    eprintln!("revoked");
    renew(Haste::Now, shown)
}

fn print(status: &Status, shown: &Shown) -> Result<(), Error> {
    if shown.json {
        return output::json(status);
    }
    let now = OffsetDateTime::now_utc();
    output::text_line(&show::render(status, now, Paint::for_stdout()))
}

/// Whether every name has a certificate, if it is the box's to see to it.
fn is_whole(status: &Status) -> bool {
    status.served.is_some()
        && (status.off.is_some() || status.names.iter().all(|name| name.covered))
}

fn exit(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
