//! Properties of units as systemd sends them, taken apart.

use super::proxy::All;
use onebox_api::units::UnitState;
use time::OffsetDateTime;
use zbus::OwnedVariant;

/// What systemd sends where there is no number.
const NONE: u64 = u64::MAX;

/// A unit's state from the properties of the interfaces `Unit` and, for what
/// has processes, `Service`.
pub(super) fn state(name: &str, mut unit: All, mut service: All) -> UnitState {
    let active = text(&mut unit, "ActiveState");
    // When it became what it is.
    let stamp = match active.as_str() {
        "active" | "reloading" => "ActiveEnterTimestamp",
        "failed" | "inactive" => "InactiveEnterTimestamp",
        _ => "StateChangeTimestamp",
    };
    UnitState {
        name: name.to_owned(),
        description: text(&mut unit, "Description"),
        load_state: text(&mut unit, "LoadState"),
        sub_state: text(&mut unit, "SubState"),
        file_state: text(&mut unit, "UnitFileState"),
        since: number(&mut unit, stamp).and_then(moment),
        active_state: active,
        result: service
            .remove("Result")
            .and_then(|value| String::try_from(value).ok()),
        main_pid: word(&mut service, "MainPID").filter(|pid| *pid != 0),
        exit_status: service
            .remove("ExecMainStatus")
            .and_then(|value| i32::try_from(value).ok()),
        restarts: word(&mut service, "NRestarts"),
        memory_bytes: number(&mut service, "MemoryCurrent").filter(|n| *n != NONE),
        memory_max_bytes: number(&mut service, "MemoryMax").filter(|n| *n != NONE),
        cpu_ns: number(&mut service, "CPUUsageNSec").filter(|n| *n != NONE),
        tasks: number(&mut service, "TasksCurrent").filter(|n| *n != NONE),
    }
}

fn text(all: &mut All, name: &str) -> String {
    all.remove(name)
        .and_then(|value: OwnedVariant| String::try_from(value).ok())
        .unwrap_or_default()
}

fn number(all: &mut All, name: &str) -> Option<u64> {
    all.remove(name).and_then(|value| u64::try_from(value).ok())
}

fn word(all: &mut All, name: &str) -> Option<u32> {
    all.remove(name).and_then(|value| u32::try_from(value).ok())
}

/// Microseconds since 1970; 0 stands for never.
fn moment(micros: u64) -> Option<OffsetDateTime> {
    if micros == 0 {
        return None;
    }
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pairs: Vec<(&str, OwnedVariant)>) -> All {
        pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    fn words(text: &str) -> OwnedVariant {
        OwnedVariant::try_from(zbus::Variant::from(text)).unwrap()
    }

    #[test]
    fn what_is_sent_is_told_and_what_is_not_is_absent() {
        let unit = all(vec![
            ("ActiveState", words("failed")),
            ("LoadState", words("loaded")),
            ("InactiveEnterTimestamp", 1_700_000_000_000_000_u64.into()),
        ]);
        let service = all(vec![
            ("Result", words("oom-kill")),
            ("MainPID", 0_u32.into()),
            ("NRestarts", 3_u32.into()),
            ("MemoryCurrent", NONE.into()),
            ("ExecMainStatus", 9_i32.into()),
        ]);
        let state = state("x.service", unit, service);
        assert!(state.is_failed());
        assert_eq!(state.result.as_deref(), Some("oom-kill"));
        assert_eq!((state.main_pid, state.restarts), (None, Some(3)));
        assert_eq!((state.memory_bytes, state.exit_status), (None, Some(9)));
        assert_eq!(
            state.since.map(OffsetDateTime::unix_timestamp),
            Some(1_700_000_000)
        );
    }
}
