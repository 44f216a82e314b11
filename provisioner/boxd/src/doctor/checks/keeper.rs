//! The keeper itself.

use super::{Doctor, Found, Remedy, or_ok};
use onebox_api::reconcilers::{Outcome, ReconcilerStatus};
use onebox_model::units;
use time::{Duration, OffsetDateTime};

/// Work that is later than this does not happen.
const LATE: Duration = Duration::minutes(10);

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    let Some(registry) = &doctor.registry else {
        return vec![
            Found::critical("keeper-down", "boxd does not run, or was not asked")
                .consequence(
                    "certificates are not renewed and nothing is watched; the shop itself goes on",
                )
                .fix(
                    "start it; its last lines say why it ended",
                    &["journalctl -u boxd -b"],
                )
                .remedy(Remedy::Start(units::BOXD.to_owned())),
        ];
    };
    let all = registry.statuses();
    let found = judge(&all, OffsetDateTime::now_utc());
    or_ok(
        found,
        format!(
            "all of its {} kinds of recurring work are done on time",
            all.len()
        ),
    )
}

fn judge(all: &[ReconcilerStatus], now: OffsetDateTime) -> Vec<Found> {
    let mut found = Vec::new();
    for one in all {
        let name = &one.name;
        let said = one.summary.clone().unwrap_or_default();
        if one.last_outcome == Some(Outcome::Failed) {
            found.push(
                Found::warning(
                    "work-failing",
                    format!("{name} failed {} times in a row", one.failures_in_a_row),
                )
                .evidence([said])
                .consequence(format!("this is not done: {}", one.description))
                .fix(
                    "see what it says, and run it again",
                    &[
                        &format!("boxctl reconciler run {name}"),
                        "journalctl -u boxd -b",
                    ],
                ),
            );
        } else if !one.running && one.next_run.is_some_and(|next| now - next > LATE) {
            found.push(
                Found::warning("work-late", format!("{name} should have run long ago"))
                    .consequence(format!("this is not done: {}", one.description))
                    .fix("restart the keeper", &["systemctl restart boxd"]),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_fails_or_is_late_is_told() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(1);
        let work = |outcome, next| ReconcilerStatus {
            name: "disks".to_owned(),
            description: "Watches room.".to_owned(),
            period_seconds: 60,
            running: false,
            runs: 3,
            failures_in_a_row: 2,
            last_run: Some(now),
            last_duration_ms: Some(1),
            last_outcome: Some(outcome),
            summary: Some("no such file".to_owned()),
            details: serde_json::Value::Null,
            next_run: Some(next),
        };
        let problem = |one| {
            let found = judge(&[one], now).pop();
            found.and_then(|one| one.finding.problem)
        };
        assert_eq!(problem(work(Outcome::Ok, now)), None);
        // Whatever a watch has seen is for the check of that thing.
        assert_eq!(problem(work(Outcome::Attention, now)), None);
        let failing = problem(work(Outcome::Failed, now));
        assert_eq!(failing.as_deref(), Some("work-failing"));
        let late = problem(work(Outcome::Ok, now - Duration::hours(1)));
        assert_eq!(late.as_deref(), Some("work-late"));
    }
}
