//! The two slots: which runs, whether it was found good, what is started next,
//! and whether both copies of the boot state are whole.

use super::{Doctor, Found, or_ok};
use crate::boot::decision::{EXHAUSTED, Next, STARTS};
use crate::boot::{self, Origin, Slot, Store};
use onebox_model::paths;
use serde_json::Value;

/// Has the gate look again, which writes damaged copies anew and confirms.
const LOOK_AGAIN: &[&str] = &["systemctl restart onebox-health"];

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    let Some(slot) = boot::running_slot() else {
        return vec![Found::notice(
            "no-slots",
            "this system does not run from a slot",
        )];
    };
    let verdict = doctor.disk.read(paths::STATUS_HEALTH).ok().flatten();
    let verdict = verdict.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let mut found: Vec<Found> = confirmed(verdict.as_ref()).into_iter().collect();
    let store = Store::of_box(&doctor.disk);
    match tokio::task::spawn_blocking(move || store.read()).await {
        Ok(Ok(state)) => found.extend(judge(&state, slot)),
        Ok(Err(error)) => found.push(unreadable(&error)),
        Err(error) => found.push(Found::unknown(error.to_string())),
    }
    or_ok(
        found,
        format!("slot {slot} runs, was found good, and is started next"),
    )
}

/// Whether the gate found this boot good.
fn confirmed(verdict: Option<&Value>) -> Option<Found> {
    let Some(verdict) = verdict else {
        return Some(Found::notice(
            "boot-unconfirmed",
            "this boot has not been judged yet; the health gate still waits or did not run",
        ));
    };
    if verdict.get("state").and_then(Value::as_str) == Some("healthy") {
        return None;
    }
    let unready = verdict.get("unready").and_then(Value::as_array);
    let unready = unready.into_iter().flatten().filter_map(|one| {
        let part = |name: &str| one.get(name).and_then(Value::as_str);
        Some(format!("{}: {}", part("what")?, part("why")?))
    });
    Some(
        Found::warning("boot-unconfirmed", "this boot was not found good")
            .evidence(unready)
            .consequence(
                "it is not confirmed: after three such boots the box starts the other slot, or its recovery",
            )
            .fix(
                "mend what it names, then have the gate look again",
                &["boxctl doctor", "systemctl restart onebox-health"],
            ),
    )
}

fn unreadable(error: &boot::BootError) -> Found {
    Found::warning("boot-state-unreadable", error.to_string())
        .consequence("boots are not confirmed, and no version can be put on trial")
        .fix(
            "look at the partition",
            &["systemctl status efi.mount", "ls -lR /efi/grub"],
        )
}

/// What the boot state says while `running` runs.
fn judge(state: &boot::Found, running: Slot) -> Vec<Found> {
    let found = [
        copies(state),
        trial(state, running),
        uncounted(state, running),
        reboot(state, running),
    ];
    found.into_iter().flatten().collect()
}

fn copies(state: &boot::Found) -> Option<Found> {
    if state.origin == Origin::Default {
        let lost = "neither copy of the boot state is whole";
        let found = Found::warning("boot-state-lost", lost)
            .consequence("GRUB starts slot A, whichever was committed")
            .fix(
                "have it written anew; see which slot runs before you restart the box",
                LOOK_AGAIN,
            );
        return Some(found);
    }
    let damaged: Vec<String> = state.damaged.iter().map(ToString::to_string).collect();
    if damaged.is_empty() {
        return None;
    }
    let found = Found::notice(
        "boot-state-damaged",
        "one copy of the boot state is damaged",
    )
    .evidence(damaged.iter().map(|copy| format!("/efi/grub/{copy}")))
    .consequence("the other copy is in force; damaged too, it would leave GRUB without a state")
    .fix("have it written anew, as every good boot does", LOOK_AGAIN);
    Some(found)
}

fn trial(state: &boot::Found, running: Slot) -> Option<Found> {
    let trial = state.state.trial?;
    let tries = state.tries.min(STARTS);
    if running == trial {
        let summary = format!("slot {trial} runs on trial, start {tries} of {STARTS}");
        return Some(Found::notice("trial-running", summary).consequence(format!(
            "it is committed when it is found good; else slot {} comes back",
            state.state.boot
        )));
    }
    if state.trial_is_spent() {
        let summary = format!("the trial of slot {trial} failed");
        return Some(
            Found::notice("trial-failed", summary)
                .consequence(format!("slot {running} was started again and stays")),
        );
    }
    let summary = format!("slot {trial} is on trial from the next boot on");
    Some(Found::notice("trial-pending", summary).fix("reboot when it suits", &["systemctl reboot"]))
}

/// Starts that nobody has confirmed, other than the present one.
fn uncounted(state: &boot::Found, running: Slot) -> Option<Found> {
    let (boot, tries) = (state.state.boot, state.tries);
    let lost = state.state.trial.is_none() && running == boot && (2..EXHAUSTED).contains(&tries);
    lost.then(|| {
        Found::notice(
            "starts-unconfirmed",
            format!("slot {boot} was started {tries} times without being found good"),
        )
        .consequence(format!("the next start is {}", state.next()))
        .fix("have the gate look again", LOOK_AGAIN)
    })
}

fn reboot(state: &boot::Found, running: Slot) -> Option<Found> {
    // A trial has told of it.
    if state.state.trial.is_some() {
        return None;
    }
    match state.next() {
        Next::Slot(next) if next == running => None,
        next => Some(
            Found::notice(
                "reboot-pending",
                format!("the next boot starts {next}, and slot {running} runs"),
            )
            .consequence("after a restart the box is not what it is now")
            .fix("have the gate look again", LOOK_AGAIN),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boot::{Copy, State};
    use serde_json::json;

    fn found(trial: Option<Slot>, tries: u8) -> boot::Found {
        boot::Found {
            state: State {
                trial,
                ..State::NEW
            },
            origin: Origin::Copy(Copy::First),
            damaged: Vec::new(),
            tries,
        }
    }

    fn problems(state: &boot::Found, running: Slot) -> Vec<String> {
        let found = judge(state, running).into_iter();
        found.filter_map(|one| one.finding.problem).collect()
    }

    #[test]
    fn a_box_that_runs_from_its_committed_slot_is_nothing_to_tell() {
        for tries in [0, 1] {
            assert_eq!(problems(&found(None, tries), Slot::A), [""; 0]);
        }
    }

    #[test]
    fn a_trial_is_told_in_each_of_its_states() {
        let b = Some(Slot::B);
        assert_eq!(problems(&found(b, 0), Slot::A), ["trial-pending"]);
        assert_eq!(problems(&found(b, 1), Slot::B), ["trial-running"]);
        assert_eq!(problems(&found(b, 4), Slot::A), ["trial-failed"]);
    }

    #[test]
    fn what_the_next_start_changes_is_told() {
        assert_eq!(
            problems(&found(None, 3), Slot::A),
            ["starts-unconfirmed", "reboot-pending"]
        );
        assert_eq!(problems(&found(None, 0), Slot::B), ["reboot-pending"]);
    }

    #[test]
    fn damage_is_told_with_what_is_left() {
        let damaged = boot::Found {
            damaged: vec![Copy::Second],
            ..found(None, 0)
        };
        let told = judge(&damaged, Slot::A);
        assert_eq!(
            told[0].finding.problem.as_deref(),
            Some("boot-state-damaged")
        );
        assert_eq!(told[0].finding.evidence, ["/efi/grub/boot-2"]);
        let lost = boot::Found {
            origin: Origin::Default,
            damaged: Copy::ALL.to_vec(),
            ..found(None, 0)
        };
        assert_eq!(problems(&lost, Slot::A), ["boot-state-lost"]);
    }

    #[test]
    fn the_verdict_of_the_gate_is_passed_on() {
        assert!(confirmed(Some(&json!({"state": "healthy"}))).is_none());
        assert!(confirmed(None).is_some());
        let bad = json!({"state": "unhealthy", "unready": [{"what": "redis", "why": "down"}]});
        assert_eq!(
            confirmed(Some(&bad)).unwrap().finding.evidence,
            ["redis: down"]
        );
    }
}
