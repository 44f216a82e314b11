//! Judging a release on trial: as at the end of every boot, and then the whole
//! way of a visitor, with a login, a write, a read and a job (the application's
//! self-test). Good, and it stays; anything else, and the box goes back.

use super::memory::{Stage, Trial};
use super::{REBOOT, UpgradeError, switch, verdict};
use crate::boot::{Slot, Store};
use crate::disk::Disk;
use crate::gate::Gate;
use crate::systemd::{self, Units};
use onebox_api::units::Verb;
use onebox_api::upgrades::Probe;
use onebox_model::{paths, units};
use serde::Deserialize;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// A unit that was started again so often does not come up.
const RESTARTS: u32 = 5;
/// How often ending a trial is tried: the EFI system partition is mounted when
/// it is touched, which may fail while a machine is busy.
const TRIES: u32 = 5;

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// The release stays, and visitors are let in.
    Stays,
    /// The box goes back.
    Leaves(Vec<Probe>),
}

/// Judges the release that runs, and sees to it that it stays or that the
/// machine restarts into the one of before.
///
/// # Errors
/// When the outcome can neither be written down nor told to the boot loader.
pub(crate) async fn judge(
    disk: &Disk,
    store: &Store,
    gate: &Gate,
    trial: &Trial,
    slot: Slot,
) -> Result<Judged, UpgradeError> {
    let found = match &trial.stage {
        Stage::Failed(failure) => Err(failure.probes.clone()),
        _ => {
            look(
                disk,
                gate,
                Duration::from_secs(u64::from(trial.minutes) * 60),
            )
            .await
        }
    };
    let found = match found {
        Ok(()) => keep(disk, store, slot).await.map_err(|error| {
            vec![Probe {
                what: "commit".to_owned(),
                why: error.to_string(),
            }]
        }),
        Err(probes) => Err(probes),
    };
    let Err(probes) = found else {
        switch::over(disk, &*gate.systemd).await;
        return Ok(Judged::Stays);
    };
    let logs = verdict::logs(&probes);
    let told = retried(|| verdict::fail(disk, store, probes.clone(), logs.clone())).await;
    // Restarted in any case: GRUB counts the starts of a trial itself.
    if let Err(error) = gate.systemd.act(Verb::Start, REBOOT).await {
        eprintln!("boxd: {error}");
    }
    told.map(|()| Judged::Leaves(probes))
}

async fn keep(disk: &Disk, store: &Store, slot: Slot) -> Result<(), UpgradeError> {
    retried(|| verdict::commit(disk, store, slot, OffsetDateTime::now_utc())).await
}

async fn retried(work: impl Fn() -> Result<(), UpgradeError>) -> Result<(), UpgradeError> {
    let mut tries = 1;
    loop {
        match work() {
            Err(_) if tries < TRIES => {
                tries += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            done => return done,
        }
    }
}

/// Waits until all is well, at most so long; then what is not.
async fn look(disk: &Disk, gate: &Gate, limit: Duration) -> Result<(), Vec<Probe>> {
    let begun = Instant::now();
    loop {
        let unready = gate.look().await;
        if unready.is_empty() {
            return self_test(disk, &*gate.systemd).await;
        }
        let hopeless = hopeless(&*gate.systemd).await;
        if !hopeless.is_empty() || begun.elapsed() >= limit {
            let also = unready.into_iter().map(|one| Probe {
                what: one.what,
                why: one.why,
            });
            let mut probes = hopeless;
            for probe in also {
                if probes.iter().all(|known| known.what != probe.what) {
                    probes.push(probe);
                }
            }
            return Err(probes);
        }
        tokio::time::sleep(gate.interval).await;
    }
}

/// Units that waiting does not help.
async fn hopeless(systemd: &dyn Units) -> Vec<Probe> {
    let names = units::required_for_health();
    let Ok(states) = systemd::states(systemd, &names).await else {
        return Vec::new();
    };
    let mut probes = Vec::new();
    for unit in states {
        let restarts = unit.restarts.unwrap_or(0);
        let why = if unit.is_failed() {
            let result = unit.result.as_deref().unwrap_or("unknown");
            format!("it failed ({result})")
        } else if restarts >= RESTARTS {
            format!("it was started again {restarts} times")
        } else {
            continue;
        };
        probes.push(Probe {
            what: unit.name,
            why,
        });
    }
    probes
}

/// What the application's self-test writes.
#[derive(Deserialize)]
struct Outcome {
    ok: bool,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    name: String,
    ok: bool,
    error: Option<String>,
}

/// Logs in, writes, reads, and has a job done, through HTTPS.
async fn self_test(disk: &Disk, systemd: &dyn Units) -> Result<(), Vec<Probe>> {
    let ran = systemd.act(Verb::Start, units::SELF_TEST).await;
    let said = disk.read(paths::SELF_TEST).ok().flatten();
    let said = said.and_then(|bytes| serde_json::from_slice::<Outcome>(&bytes).ok());
    match (ran, said) {
        (Ok(()), Some(said)) if said.ok => Ok(()),
        (_, Some(said)) if !said.ok => {
            let failed = said.steps.into_iter().filter(|step| !step.ok);
            let mut probes: Vec<Probe> = failed
                .map(|step| Probe {
                    what: format!("self-test: {}", step.name),
                    why: step.error.unwrap_or_else(|| "it failed".to_owned()),
                })
                .collect();
            // Its log belongs to what is kept.
            probes.push(Probe {
                what: units::SELF_TEST.to_owned(),
                why: "it failed".to_owned(),
            });
            Err(probes)
        }
        (Err(error), _) => Err(vec![Probe {
            what: units::SELF_TEST.to_owned(),
            why: error.to_string(),
        }]),
        (Ok(()), _) => Err(vec![Probe {
            what: units::SELF_TEST.to_owned(),
            why: format!("it left no result in {}", paths::SELF_TEST),
        }]),
    }
}
