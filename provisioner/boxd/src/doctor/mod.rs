//! The doctor: looks at every layer of the box and says of each thing how it
//! is, what shows it, what comes of it and what to do.
//!
//! A check ([`checks`]) only looks. What is wrong has a name of its own
//! (`disk-full`, `slow-queries`), which documentation and programs can rely
//! on. What is safe to mend carries a [`Remedy`], which `--fix` does; nothing
//! of a customer's is ever touched by one.

mod checks;
mod found;
mod programs;
mod remedy;

pub use programs::{Installed, Played, Programs};

use crate::acme::Manager;
use crate::disk::Disk;
use crate::gate;
use crate::generations::Applier;
use crate::reconcilers::Registry;
use crate::status::queues;
use crate::steps::Steps;
use crate::systemd::Units;
use checks::Check;
use found::Found;
use futures_util::future::join_all;
use onebox_api::doctor::{About, Ask, Diagnosis, Finding, State};
use remedy::Remedy;
use sqlx::postgres::PgConnectOptions;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

/// A check that takes longer is given up; the rest is still told.
const PATIENCE: Duration = Duration::from_secs(60);

/// Everything the checks look at.
#[derive(Clone)]
pub struct Doctor {
    /// Files.
    pub disk: Arc<Disk>,
    /// Units.
    pub systemd: Arc<dyn Units>,
    /// Other programs' own tools.
    pub programs: Arc<dyn Programs>,
    /// Certificates and names.
    pub certificates: Arc<Manager>,
    /// What is applied and what waits.
    pub applier: Applier,
    /// The keeper's recurring work; absent without the daemon.
    pub registry: Option<Registry>,
    /// Where the site listens.
    pub site: SocketAddr,
    /// PostgreSQL, as its superuser.
    pub database: PgConnectOptions,
}

/// A name in `--only` that no check has.
#[derive(Debug, thiserror::Error)]
#[error("there is no check {name:?}; it is one of {}", .all.join(", "))]
pub struct UnknownCheck {
    /// The name.
    name: String,
    /// The names there are.
    all: Vec<&'static str>,
}

impl Doctor {
    /// The doctor of the box that `applier` changes.
    #[must_use]
    pub fn of_box(
        applier: Applier,
        certificates: Arc<Manager>,
        registry: Option<Registry>,
    ) -> Self {
        Self {
            disk: Arc::clone(&applier.disk),
            systemd: Arc::clone(&applier.systemd),
            programs: Arc::new(Installed),
            certificates,
            applier,
            registry,
            site: gate::default_address(),
            database: queues::options().username("postgres"),
        }
    }

    /// What can be looked at, in order.
    #[must_use]
    pub fn checks() -> Vec<About> {
        checks::ALL.iter().map(Check::about).collect()
    }

    /// Looks, and mends what is safe to mend if that is asked.
    ///
    /// # Errors
    /// When a name means no check.
    pub async fn examine(&self, ask: &Ask, steps: &Steps) -> Result<Diagnosis, UnknownCheck> {
        let chosen = choose(&ask.only)?;
        steps.tell(format!("looking at {} things", chosen.len()));
        let mut found = self.look(&chosen).await;
        let mut mended = Vec::new();
        if ask.fix {
            (found, mended) = self.mend(found, steps).await;
        }
        let findings = found.into_iter().map(|found| found.finding).collect();
        Ok(Diagnosis::new(OffsetDateTime::now_utc(), findings, mended))
    }

    /// All at once: most of them wait for something.
    async fn look(&self, checks: &[&'static Check]) -> Vec<Found> {
        let looks = checks.iter().map(|check| async move {
            let found = tokio::time::timeout(PATIENCE, (check.run)(self)).await;
            let mut found = found.unwrap_or_else(|_| {
                let seconds = PATIENCE.as_secs();
                vec![Found::unknown(format!(
                    "nothing was seen within {seconds} s"
                ))]
            });
            for one in &mut found {
                check.name.clone_into(&mut one.finding.check);
            }
            found
        });
        join_all(looks).await.into_iter().flatten().collect()
    }

    /// Does what each finding offers, then looks again at what was touched.
    /// Returns what is found now, and what is found no more.
    async fn mend(&self, mut found: Vec<Found>, steps: &Steps) -> (Vec<Found>, Vec<Finding>) {
        let mut done: Vec<Remedy> = Vec::new();
        for one in &mut found {
            let Some(remedy) = one.remedy.clone() else {
                continue;
            };
            let outcome = if done.contains(&remedy) {
                "done already, for another finding".to_owned()
            } else {
                steps.tell(format!("{}: {remedy}", one.finding.check));
                match remedy.apply(&*self.systemd).await {
                    Ok(said) => said,
                    Err(why) => format!("failed: {why}"),
                }
            };
            done.push(remedy);
            if let Some(fix) = &mut one.finding.fix {
                fix.outcome = Some(outcome);
            }
        }
        let touched: Vec<String> = found
            .iter()
            .filter(|one| one.remedy.is_some())
            .map(|one| one.finding.check.clone())
            .collect();
        let again: Vec<&'static Check> = checks::ALL
            .iter()
            .filter(|check| touched.iter().any(|name| name == check.name))
            .collect();
        if again.is_empty() {
            return (found, Vec::new());
        }
        steps.tell("looking again");
        let now = self.look(&again).await;
        merge(found, now, &touched)
    }
}

fn choose(only: &[String]) -> Result<Vec<&'static Check>, UnknownCheck> {
    if only.is_empty() {
        return Ok(checks::ALL.iter().collect());
    }
    for name in only {
        if !checks::ALL.iter().any(|check| check.name == name) {
            return Err(UnknownCheck {
                name: name.clone(),
                all: checks::ALL.iter().map(|check| check.name).collect(),
            });
        }
    }
    let chosen = checks::ALL.iter();
    Ok(chosen
        .filter(|check| only.iter().any(|name| name == check.name))
        .collect())
}

/// Puts what was seen again in the place of what was seen first. What is found
/// no more was mended; what still is keeps what came of the attempt.
fn merge(before: Vec<Found>, now: Vec<Found>, touched: &[String]) -> (Vec<Found>, Vec<Finding>) {
    let same = |one: &Finding, other: &Finding| {
        one.check == other.check && one.problem == other.problem && one.summary == other.summary
    };
    let mut mended = Vec::new();
    let mut all: Vec<Found> = now;
    for old in before {
        if !touched.contains(&old.finding.check) {
            all.push(old);
            continue;
        }
        let still = all.iter_mut().find(|one| {
            same(&one.finding, &old.finding)
                || (one.finding.check == old.finding.check
                    && one.remedy.is_some()
                    && one.remedy == old.remedy)
        });
        let attempted = old.finding.fix.as_ref().and_then(|fix| fix.outcome.clone());
        match (still, attempted) {
            (Some(still), Some(outcome)) => {
                if let Some(fix) = &mut still.finding.fix {
                    fix.outcome = Some(outcome);
                }
            }
            (None, Some(_)) if old.finding.state > State::Notice => mended.push(old.finding),
            _ => {}
        }
    }
    let place = |name: &str| checks::ALL.iter().position(|check| check.name == name);
    all.sort_by_key(|one| place(&one.finding.check));
    (all, mended)
}
