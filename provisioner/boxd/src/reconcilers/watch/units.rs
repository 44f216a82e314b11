//! Units that failed or keep failing.

use super::super::{Failure, Reconciler, Report};
use crate::systemd::{self, Units};
use futures_util::future::{BoxFuture, FutureExt};
use onebox_api::units::UnitState;
use onebox_model::{thresholds, units};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Watches the box's own units.
#[derive(Clone, Debug)]
pub struct FailedUnits {
    /// Systemd.
    pub systemd: Arc<dyn Units>,
}

/// What is wrong with a unit that should run, in words.
#[must_use]
pub fn trouble(unit: &UnitState) -> Option<String> {
    let name = &unit.name;
    if unit.load_state != "loaded" {
        return Some(format!("{name} is {}", unit.load_state));
    }
    if !unit.is_active() {
        let result = unit.result.as_deref().unwrap_or("no result");
        return Some(format!("{name} is {} ({result})", unit.active_state));
    }
    unit.restarts
        .filter(|restarts| *restarts >= thresholds::UNIT_RESTARTS)
        .map(|restarts| format!("{name} was restarted {restarts} times since it was started"))
}

impl Reconciler for FailedUnits {
    fn name(&self) -> &'static str {
        "units"
    }

    fn description(&self) -> &'static str {
        "Watches that the box's units run and stay up."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn activate(&self) -> BoxFuture<'_, Result<Report, Failure>> {
        async {
            let states = systemd::states(&*self.systemd, &units::required_for_health()).await?;
            let troubles: Vec<String> = states.iter().filter_map(trouble).collect();
            let details = json!({ "troubles": troubles });
            Ok(if troubles.is_empty() {
                Report::ok("all units are up", details)
            } else {
                Report::attention(troubles.join("; "), details)
            })
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::systemd::fake::Fake;
    use onebox_api::reconcilers::Outcome;

    #[tokio::test]
    async fn units_that_are_down_or_restart_are_named() {
        let names = units::required_for_health();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let fake = Arc::new(Fake::with(&names));
        let watch = FailedUnits {
            systemd: fake.clone(),
        };
        assert_eq!(watch.activate().await.unwrap().outcome, Outcome::Ok);
        fake.set(units::REDIS, "failed");
        let web = fake.state(units::WEB).await.unwrap();
        fake.put(UnitState {
            restarts: Some(thresholds::UNIT_RESTARTS),
            ..web
        });
        let report = watch.activate().await.unwrap();
        assert_eq!(report.outcome, Outcome::Attention);
        for part in [
            "redis.service is failed",
            "wizamart-web.service was restarted 3",
        ] {
            assert!(report.summary.contains(part), "{}", report.summary);
        }
    }
}
