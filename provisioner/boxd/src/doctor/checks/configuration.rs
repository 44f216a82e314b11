//! The operator's file: mistakes, what waits, and secrets it names.

use super::{Doctor, Found, or_ok};
use crate::effective::{self, Source};
use crate::secrets;
use onebox_api::generations::Fate;
use onebox_model::paths;

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    let chosen = effective::choose(&doctor.disk);
    let mut found = Vec::new();
    let correct = ["boxctl config check", "boxctl config edit", "boxctl apply"];
    if !chosen.errors.is_empty() {
        let one = match chosen.source {
            Source::Generation | Source::File => Found::warning(
                "config-mistakes",
                format!(
                    "{} has mistakes; what was applied before stays in force",
                    paths::CONFIG
                ),
            ),
            Source::LastGood => Found::critical(
                "config-mistakes",
                format!(
                    "{} has mistakes; its last good copy is in force",
                    paths::CONFIG
                ),
            ),
            Source::Defaults => Found::critical(
                "config-mistakes",
                "the DEFAULTS are in force: nothing that the operator wrote can be read",
            ),
        };
        found.push(
            one.evidence(chosen.errors.clone())
                .consequence("no change of it is applied until they are corrected")
                .fix("correct it and apply", &correct),
        );
    } else if let Ok(plan) = doctor.applier.plan() {
        let count = plan.count();
        if count > 0 {
            found.push(
                Found::notice(
                    "changes-pending",
                    format!("{count} changes are not applied"),
                )
                .fix("see them, and apply them", &["boxctl plan", "boxctl apply"]),
            );
        }
    }
    found.extend(history(doctor));
    let stored = secrets::stored(&doctor.disk).unwrap_or_default();
    for (key, name) in chosen.config.named_secrets() {
        if !stored.contains_key(&name) {
            found.push(
                Found::critical(
                    "secret-missing",
                    format!("{key} names the secret {name:?}, which is not stored"),
                )
                .consequence(format!("what {key} is for does not work"))
                .fix(
                    "store it, and apply",
                    &[&format!("boxctl secret set {name}"), "boxctl apply"],
                ),
            );
        }
    }
    or_ok(found, "nothing waits, nothing is wrong")
}

/// What became of the last change.
fn history(doctor: &Doctor) -> Option<Found> {
    let all = crate::generations::Store(&doctor.disk).history().ok()?;
    let last = all.into_iter().max_by_key(|one| one.number)?;
    match last.fate {
        Fate::Reverted { .. } => Some(
            Found::notice(
                "change-reverted",
                format!(
                    "generation {}, the last change, was taken back",
                    last.number
                ),
            )
            .fix("see why", &["boxctl history"]),
        ),
        Fate::Unconfirmed { until } => Some(
            Found::warning(
                "change-unconfirmed",
                format!(
                    "generation {} is taken back at {until} unless it is confirmed",
                    last.number
                ),
            )
            .fix(
                "confirm it from a new login, which shows that you can still get in",
                &["boxctl confirm"],
            ),
        ),
        _ => None,
    }
}
