//! What the box tells about itself: memory by unit, the critical chain.

use std::{collections::BTreeMap, thread, time::Duration};

use onebox_vm::ssh::Ssh;
use serde::Serialize;

use crate::error::Error;

/// Until what a start allocates and frees again is gone.
const SETTLE: Duration = Duration::from_secs(30);

/// What was seen in the box.
#[derive(Debug, Serialize)]
pub(crate) struct Inside {
    /// Proportional set size of each unit in KiB.
    pub(crate) units: BTreeMap<String, u64>,
    /// The machine's memory in KiB.
    pub(crate) total: u64,
    /// What new programs could have, in KiB.
    pub(crate) available: u64,
    /// `systemd-analyze critical-chain`
    pub(crate) critical_chain: String,
}

impl Inside {
    /// All units together, in KiB.
    pub(crate) fn pss(&self) -> u64 {
        self.units.values().sum()
    }
}

/// Looks into an idle box.
pub(crate) fn look(ssh: &Ssh) -> Result<Inside, Error> {
    eprintln!("letting the box come to rest for {} s", SETTLE.as_secs());
    thread::sleep(SETTLE);
    let answer = ssh.run(include_str!("memory.sh"))?;
    let critical_chain = ssh.run("systemd-analyze --no-pager critical-chain 2>&1 || true")?;
    let (units, kernel) = parse(&answer);
    let of = |name: &str| kernel.get(name).copied();
    match (of("MemTotal"), of("MemAvailable")) {
        (Some(total), Some(available)) => Ok(Inside {
            units,
            total,
            available,
            critical_chain,
        }),
        _ => Err(Error::Answer {
            command: "cat /proc/meminfo",
            answer,
        }),
    }
}

type Numbers = BTreeMap<String, u64>;

/// PSS by unit and the kernel's own numbers.
fn parse(answer: &str) -> (Numbers, Numbers) {
    let (mut units, mut kernel) = (Numbers::new(), Numbers::new());
    for line in answer.lines() {
        let Some((first, second)) = line.split_once(' ') else {
            continue;
        };
        if let (Some(name), Ok(kib)) = (first.strip_suffix(':'), second.parse()) {
            kernel.insert(name.into(), kib);
        } else if let Ok(kib) = first.parse::<u64>() {
            *units.entry(unit(second).into()).or_default() += kib;
        }
    }
    (units, kernel)
}

/// The unit a control group belongs to: `/system.slice/redis.service` is redis.service.
fn unit(cgroup: &str) -> &str {
    let mut parts = cgroup.split('/').rev();
    parts
        .find(|part| part.ends_with(".service") || part.ends_with(".scope"))
        .unwrap_or(cgroup)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_summed_by_their_unit() {
        let (units, kernel) = parse(
            "4100 /init.scope\n100 /system.slice/redis.service\n50 /system.slice/redis.service/sub\n\
             7 /system.slice/system-wizamart\\x2dworker.slice/wizamart-worker@emails.service\nMemTotal: 1000\n",
        );
        assert_eq!(units["redis.service"], 150);
        assert_eq!(units["wizamart-worker@emails.service"], 7);
        assert_eq!(units["init.scope"], 4100);
        assert_eq!(kernel["MemTotal"], 1000);
    }
}
