//! The two slots: which runs, whether it was found good, which comes next.

use super::{Doctor, Found, or_ok};
use crate::gate;
use onebox_model::paths;
use serde_json::Value;

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    let command_line = std::fs::read_to_string("/proc/cmdline").unwrap_or_default();
    let Some(slot) = gate::booted_slot(&command_line) else {
        return vec![Found::notice(
            "no-slots",
            "this system does not run from a slot",
        )];
    };
    let verdict = doctor.disk.read(paths::STATUS_HEALTH).ok().flatten();
    let verdict = verdict.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let mut found: Vec<Found> = confirmed(verdict.as_ref()).into_iter().collect();
    let arguments = ["status", "--output-format=json"];
    match doctor.programs.run("rauc", &arguments).await {
        Ok(text) => match serde_json::from_str(&text) {
            Ok(status) => found.extend(judge(&status)),
            Err(error) => found.push(Found::unknown(format!(
                "what `rauc status` says is not understood: {error}"
            ))),
        },
        Err(why) => found.push(Found::unknown(why)),
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
                "it is not confirmed: after three such boots the box starts the other slot",
            )
            .fix(
                "mend what it names, then have the gate look again",
                &["boxctl doctor", "systemctl restart onebox-health"],
            ),
    )
}

/// What RAUC says of the slots (rauc(1), `status --output-format=json`).
fn judge(status: &Value) -> Vec<Found> {
    let mut found = Vec::new();
    let booted = status.get("booted").and_then(Value::as_str);
    let primary = status.get("boot_primary").and_then(Value::as_str);
    let slots = status.get("slots").and_then(Value::as_array);
    let slots = slots.into_iter().flatten().filter_map(Value::as_object);
    for (name, slot) in slots.flatten() {
        let part = |key: &str| slot.get(key).and_then(Value::as_str);
        let letter = part("bootname").unwrap_or(name);
        if Some(letter) == booted && part("boot_status") == Some("bad") {
            found.push(
                Found::warning(
                    "slot-bad",
                    format!("slot {letter}, which runs, is marked bad"),
                )
                .consequence("the next boot starts the other slot")
                .fix(
                    "mend what keeps the box from being found good, then mark it",
                    &["rauc status", "systemctl restart onebox-health"],
                ),
            );
        }
        if Some(name.as_str()) == primary && Some(letter) != booted {
            found.push(
                Found::notice(
                    "reboot-pending",
                    format!("the next boot starts slot {letter}, another than runs"),
                )
                .consequence("what was installed there is not in use yet")
                .fix("reboot when it suits", &["systemctl reboot"]),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn status(primary: &str, booted_status: &str) -> Value {
        json!({
            "compatible": "wizamart-onebox", "booted": "A", "boot_primary": primary,
            "slots": [
                {"rootfs.1": {"bootname": "B", "boot_status": "bad", "state": "inactive"}},
                {"rootfs.0": {"bootname": "A", "boot_status": booted_status, "state": "booted"}},
            ]
        })
    }

    #[test]
    fn an_empty_other_slot_is_nothing_to_tell() {
        assert!(judge(&status("rootfs.0", "good")).is_empty());
    }

    #[test]
    fn a_slot_that_waits_and_one_that_is_bad_are_told() {
        let names = |status: &Value| -> Vec<String> {
            let found = judge(status).into_iter();
            found.filter_map(|one| one.finding.problem).collect()
        };
        assert_eq!(names(&status("rootfs.1", "good")), ["reboot-pending"]);
        assert_eq!(names(&status("rootfs.0", "bad")), ["slot-bad"]);
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
