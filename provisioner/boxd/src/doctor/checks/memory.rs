//! Memory, and what was ended for want of it.

use super::journal::lines;
use super::{Doctor, Found, or_ok};
use crate::status::machine;
use onebox_api::status::Memory;
use onebox_api::units::UnitState;
use onebox_model::{thresholds::MEMORY_AVAILABLE_PERCENT, units};
use std::cmp::Reverse;

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    let memory = match machine::memory() {
        Ok(memory) => memory,
        Err(error) => return vec![Found::unknown(error.to_string())],
    };
    // Kills inside a unit's own limit are in there as well.
    let killed = [
        "--dmesg",
        "--since=-24h",
        "--grep=Out of memory: Killed|Memory cgroup out of memory: Killed",
        "--output=short-iso",
        "--lines=5",
        "--no-pager",
        "--quiet",
    ];
    let killed = doctor.programs.run("journalctl", &killed).await;
    let killed = killed.map(|text| lines(&text)).unwrap_or_default();
    let mut states = Vec::new();
    for name in units::own() {
        states.extend(doctor.systemd.state(&name).await.ok());
    }
    let found = judge(&memory, &killed, &largest(states));
    let left = memory.available_bytes * 100 / memory.total_bytes.max(1);
    or_ok(
        found,
        format!("{left} % is available, nothing was ended for want of it"),
    )
}

fn judge(memory: &Memory, killed: &[String], largest: &[String]) -> Vec<Found> {
    let mut found = Vec::new();
    let left = memory.available_bytes * 100 / memory.total_bytes.max(1);
    if !killed.is_empty() {
        found.push(
            Found::warning(
                "out-of-memory",
                format!(
                    "the kernel ended processes for want of memory in the last day ({} times since boot)",
                    memory.oom_kills
                ),
            )
            .evidence(killed.iter().cloned())
            .evidence(largest.iter().cloned())
            .consequence("what they were doing was cut off; systemd started them again")
            .fix(
                "give the machine more memory, or let it do less at once (workers.*.concurrency in the operator's file)",
                &["boxctl config edit", "systemd-cgtop --order=memory --iterations=1"],
            ),
        );
    } else if memory.oom_kills > 0 {
        found.push(Found::notice(
            "out-of-memory",
            format!(
                "the kernel ended {} processes for want of memory since boot, none in the last day",
                memory.oom_kills
            ),
        ));
    }
    if left < MEMORY_AVAILABLE_PERCENT {
        found.push(
            Found::warning(
                "memory-short",
                format!("{left} % of memory is available"),
            )
            .evidence(largest.iter().cloned())
            .consequence("everything becomes slow, and the kernel will end a process soon")
            .fix(
                "give the machine more memory, or let it do less at once (workers.*.concurrency in the operator's file)",
                &["boxctl config edit", "systemd-cgtop --order=memory --iterations=1"],
            ),
        );
    }
    found
}

/// The units that use most, in words.
fn largest(mut states: Vec<UnitState>) -> Vec<String> {
    states.sort_by_key(|unit| Reverse(unit.memory_bytes));
    states
        .into_iter()
        .filter_map(|unit| {
            let used = unit.memory_bytes? >> 20;
            Some(match unit.memory_max_bytes {
                Some(most) => format!("{}: {used} MiB of {} MiB", unit.name, most >> 20),
                None => format!("{}: {used} MiB", unit.name),
            })
        })
        .take(4)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kills_and_want_are_told_with_who_uses_most() {
        let memory = |available_bytes, oom_kills| Memory {
            total_bytes: 1000,
            available_bytes,
            oom_kills,
            ..Memory::default()
        };
        assert!(judge(&memory(500, 0), &[], &[]).is_empty());
        let unit = |name: &str, mib: u64| UnitState {
            name: name.to_owned(),
            memory_bytes: Some(mib << 20),
            memory_max_bytes: Some(300 << 20),
            ..UnitState::default()
        };
        let most = largest(vec![unit("a", 1), unit("b", 200)]);
        assert_eq!(most, ["b: 200 MiB of 300 MiB", "a: 1 MiB of 300 MiB"]);
        let killed = ["Out of memory: Killed process 7 (worker)".to_owned()];
        let found = judge(&memory(50, 1), &killed, &most);
        let names: Vec<_> = found
            .iter()
            .filter_map(|one| one.finding.problem.as_deref())
            .collect();
        assert_eq!(names, ["out-of-memory", "memory-short"]);
        assert!(found[0].finding.evidence[0].contains("(worker)"));
    }
}
