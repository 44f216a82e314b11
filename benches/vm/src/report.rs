//! What was measured, as tables and as JSON.

use std::fmt;

use serde::Serialize;

use crate::{bench_box::Times, inside::Inside};

/// How much longer than the bare system the box may take.
const TARGET_RATIO: f64 = 1.3;

/// What everything on the box may take together when idle.
const TARGET_MIB: u64 = 250;

/// All numbers of a run; times are in seconds.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The box's first boot, which makes its data.
    pub(crate) first: Times,
    /// Its later boots.
    pub(crate) boots: Vec<Times>,
    /// The bare system's later boots.
    pub(crate) bare: Vec<f64>,
    /// What the box told about itself.
    pub(crate) inside: Option<Inside>,
}

impl Report {
    /// The report of a run that has only begun.
    pub(crate) fn new(first: Times) -> Self {
        Self {
            first,
            boots: Vec::new(),
            bare: Vec::new(),
            inside: None,
        }
    }

    fn ratio(&self) -> f64 {
        self.median(|times| times.total) / median(&self.bare)
    }

    fn median(&self, stage: impl Fn(&Times) -> f64) -> f64 {
        median(&self.boots.iter().map(stage).collect::<Vec<_>>())
    }
}

/// Picks the seconds of one stage.
type Stage = fn(&Times) -> f64;

/// The middle value, or the mean of the two in the middle.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stages: [(&str, Stage); 5] = [
            ("firmware and boot loader", |times| times.firmware),
            ("loading kernel and initrd", |times| times.load),
            ("kernel and initrd", |times| times.kernel),
            ("userspace until /ready", |times| times.userspace),
            ("power-on to /ready", |times| times.total),
        ];
        writeln!(f, "Boot by BIOS, seconds")?;
        writeln!(f, "  {:<28} {:>8} {:>12}", "", "first", "later median")?;
        for (name, stage) in stages {
            let (first, later) = (stage(&self.first), self.median(stage));
            writeln!(f, "  {name:<28} {first:>8.2} {later:>12.2}")?;
        }
        let (bare, rounds) = (median(&self.bare), self.bare.len());
        writeln!(
            f,
            "  {:<28} {:>8} {bare:>12.2}",
            "bare system, power-on to up", ""
        )?;
        let ratio = self.ratio();
        writeln!(
            f,
            "  {:<28} {:>8} {ratio:>12.2}  {}, target {TARGET_RATIO}, {rounds} rounds each",
            "ratio",
            "",
            verdict(ratio <= TARGET_RATIO)
        )?;
        match &self.inside {
            Some(inside) => memory(f, inside),
            None => Ok(()),
        }
    }
}

fn memory(f: &mut fmt::Formatter<'_>, inside: &Inside) -> fmt::Result {
    let mib = |kib: u64| kib as f64 / 1024.0;
    writeln!(f, "\nIdle memory by unit (PSS), MiB")?;
    let mut units: Vec<_> = inside.units.iter().collect();
    units.sort_by_key(|(_, kib)| std::cmp::Reverse(**kib));
    for (name, kib) in units {
        writeln!(f, "  {name:<40} {:>8.1}", mib(*kib))?;
    }
    let pss = inside.pss();
    writeln!(
        f,
        "  {:<40} {:>8.1}  {}, target {TARGET_MIB}",
        "all units",
        mib(pss),
        verdict(pss <= TARGET_MIB * 1024)
    )?;
    writeln!(f, "  {:<40} {:>8.1}", "MemTotal", mib(inside.total))?;
    writeln!(f, "  {:<40} {:>8.1}", "MemAvailable", mib(inside.available))?;
    writeln!(f, "\nCritical chain")?;
    for line in inside.critical_chain.lines() {
        writeln!(f, "  {line}")?;
    }
    Ok(())
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(total: f64) -> Times {
        Times {
            firmware: 1.0,
            load: 1.0,
            kernel: 1.0,
            userspace: total - 3.0,
            total,
        }
    }

    #[test]
    fn medians_are_compared_so_that_one_slow_boot_does_not_count() {
        let mut report = Report::new(times(30.0));
        report.boots = vec![times(12.0), times(90.0), times(13.0)];
        report.bare = vec![10.0, 10.0];
        assert!((report.ratio() - 1.3).abs() < 1e-9);
        let text = report.to_string();
        assert!(
            text.contains("1.30  met, target 1.3, 2 rounds each"),
            "{text}"
        );
    }

    #[test]
    fn more_memory_than_the_target_is_told() {
        let mut report = Report::new(times(30.0));
        report.inside = Some(Inside {
            units: [("a.service".into(), 251 * 1024)].into(),
            total: 1 << 20,
            available: 1 << 19,
            critical_chain: "chain".into(),
        });
        assert!(report.to_string().contains("251.0  MISSED, target 250"));
    }
}
