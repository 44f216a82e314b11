//! Units: whether they run and stay up.

use super::journal::last_words;
use super::{Doctor, Found, Remedy, or_ok};
use crate::reconcilers::watch::units::trouble;
use onebox_api::units::UnitState;
use onebox_model::{thresholds, units};
use time::{Duration, OffsetDateTime};

/// A unit that restarted and has run for so long since is well again.
const WELL: Duration = Duration::hours(1);

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    let mut found = Vec::new();
    let required = units::required_for_health();
    for name in &required {
        let state = match doctor.systemd.state(name).await {
            Ok(state) => state,
            // Were one not told, none would be.
            Err(error) => return vec![Found::unknown(error.to_string())],
        };
        if let Some(one) = judge(&state, OffsetDateTime::now_utc()) {
            found.push(one.evidence(last_words(doctor, name).await));
        }
    }
    let failed = doctor.systemd.failed().await.unwrap_or_default();
    for name in failed.iter().filter(|name| !required.contains(name)) {
        let one = Found::warning("unit-failed", format!("{name} failed"))
            .evidence(last_words(doctor, name).await)
            .fix(
                "see why, then start it",
                &[
                    &format!("boxctl logs {name}"),
                    &format!("systemctl restart {name}"),
                ],
            );
        found.push(one);
    }
    or_ok(found, format!("all {} units are up", required.len()))
}

fn judge(state: &UnitState, now: OffsetDateTime) -> Option<Found> {
    let summary = trouble(state)?;
    let name = &state.name;
    if state.load_state != "loaded" {
        return Some(
            Found::critical("unit-missing", summary)
                .consequence(consequence(name))
                .fix(
                    "the image lacks it or somebody masked it",
                    &[&format!("systemctl unmask {name}")],
                ),
        );
    }
    if !state.is_active() {
        let problem = if state.is_failed() {
            "unit-failed"
        } else {
            "unit-stopped"
        };
        let mut shown = vec![format!("{} ({})", state.active_state, state.sub_state)];
        if let Some(status) = state.exit_status.filter(|status| *status != 0) {
            shown.push(format!("exit status {status}"));
        }
        if let Some(since) = state.since {
            shown.push(format!("since {since}"));
        }
        return Some(
            Found::critical(problem, summary)
                .evidence([shown.join(", ")])
                .consequence(consequence(name))
                .fix(
                    "start it; if it ends again, its last lines say why",
                    &[&format!("boxctl logs {name}")],
                )
                .remedy(Remedy::Start(name.clone())),
        );
    }
    let up = state.since.map(|since| now - since);
    let restarts = state.restarts.unwrap_or(0);
    let one = if up.is_some_and(|up| up > WELL) {
        Found::notice(
            "unit-restarting",
            format!(
                "{name} was restarted {restarts} times, and has been up for more than an hour since"
            ),
        )
    } else {
        Found::warning("unit-restarting", summary)
            .evidence([format!(
                "{} restarts are no accident any more",
                thresholds::UNIT_RESTARTS
            )])
            .consequence(consequence(name))
            .fix(
                "its last lines before each end say why",
                &[&format!("boxctl logs {name} --since -1h")],
            )
    };
    Some(one)
}

/// What does not work without a unit.
fn consequence(unit: &str) -> String {
    match unit {
        units::WEB | units::HTTPS_SOCKET => "nobody can open the shop",
        units::HTTP_SOCKET => {
            "visitors are not led to HTTPS, and no certificate can be renewed over port 80"
        }
        units::POSTGRESQL => "nothing works that needs data, which is almost everything",
        units::REDIS => "nobody stays logged in, and limits are not kept",
        units::MIGRATE => "the database may not fit the application",
        units::SCHEDULER => "nothing is done on time: reports, clearing away, renewals of plans",
        units::NFTABLES => "every port that something listens on can be reached from outside",
        units::SSH => "nobody can log in; this session is the last one",
        units::CONFIG => "what is in force may not be what was applied",
        _ => return worker_consequence(unit),
    }
    .to_owned()
}

fn worker_consequence(unit: &str) -> String {
    let queue = unit
        .strip_prefix("wizamart-worker@")
        .and_then(|rest| rest.strip_suffix(".service"));
    match queue {
        Some(queue) => format!("jobs of the queue {queue} are not done; they wait"),
        None => format!("what {unit} does is not done"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onebox_api::doctor::State;

    fn unit(active: &str, restarts: u32) -> UnitState {
        UnitState {
            name: units::WEB.to_owned(),
            load_state: "loaded".to_owned(),
            active_state: active.to_owned(),
            restarts: Some(restarts),
            since: Some(OffsetDateTime::UNIX_EPOCH),
            ..UnitState::default()
        }
    }

    #[test]
    fn what_is_down_is_critical_and_can_be_started() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::minutes(5);
        assert!(judge(&unit("active", 0), now).is_none());
        let failed = judge(&unit("failed", 0), now).unwrap();
        assert_eq!(failed.finding.problem.as_deref(), Some("unit-failed"));
        assert_eq!(failed.remedy, Some(Remedy::Start(units::WEB.to_owned())));
        let stopped = judge(&unit("inactive", 0), now).unwrap();
        assert_eq!(stopped.finding.problem.as_deref(), Some("unit-stopped"));
    }

    #[test]
    fn restarts_are_forgiven_after_an_hour() {
        let state = |after: Duration| {
            let now = OffsetDateTime::UNIX_EPOCH + after;
            judge(&unit("active", 5), now).unwrap().finding.state
        };
        assert_eq!(state(Duration::minutes(5)), State::Warning);
        assert_eq!(state(Duration::hours(2)), State::Notice);
    }

    #[test]
    fn each_unit_has_a_consequence_of_its_own() {
        let all = units::required_for_health();
        let said: std::collections::BTreeSet<String> =
            all.iter().map(|unit| consequence(unit)).collect();
        // The site and its port are one to a customer.
        assert_eq!(said.len(), all.len() - 1, "{said:#?}");
    }
}
