//! Takes back what was not confirmed in time, and ends what a crash left.

use super::{Applier, Intent, Phase};
use crate::reconcilers::{Failure, Reconciler, Report};
use crate::steps::Steps;
use futures_util::future::{BoxFuture, FutureExt};
use serde_json::json;
use std::time::Duration;

/// The recurring look at what is under way.
#[derive(Clone)]
pub struct Generations(pub Applier);

impl Reconciler for Generations {
    fn name(&self) -> &'static str {
        "generations"
    }

    fn description(&self) -> &'static str {
        "Takes back changes that were not confirmed in time, and ends what was interrupted."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn activate(&self) -> BoxFuture<'_, Result<Report, Failure>> {
        async {
            self.0.recover(&Steps::logged()).await?;
            let waiting = Intent::read(&self.0.disk)?;
            Ok(match waiting {
                Some(intent) if intent.phase == Phase::Unconfirmed => Report::attention(
                    format!(
                        "generation {} must be confirmed: `boxctl confirm`",
                        intent.to
                    ),
                    json!({ "unconfirmed": intent.to, "until": intent.until.map(|at| at.to_string()) }),
                ),
                _ => Report::ok("nothing is under way", json!({})),
            })
        }
        .boxed()
    }
}
