//! Upgrades in words.

use onebox_api::upgrades::{Begun, Ending, Offer, Overview, PackageChange, Price, Side};
use time::OffsetDateTime;

use crate::paint::Paint;
use crate::words::{bytes, seconds, table, time};

/// So many packages are listed; of a new Debian there are hundreds.
const PACKAGES: usize = 20;
/// So many past upgrades.
const EVENTS: usize = 10;
/// So many lines of a log.
const LINES: usize = 10;

fn side(side: &Side) -> String {
    if side.version.is_empty() {
        return format!("slot {}", side.slot);
    }
    format!("{} (slot {})", side.version, side.slot)
}

fn package(change: &PackageChange) -> String {
    match (&change.from, &change.to) {
        (Some(from), Some(to)) => format!("{} {from} -> {to}", change.name),
        (None, Some(to)) => format!("{} {to}, new", change.name),
        (Some(from), None) => format!("{} {from}, gone", change.name),
        (None, None) => change.name.clone(),
    }
}

pub(super) fn offer(offer: &Offer, paint: Paint) -> String {
    let mut lines = vec![format!(
        "{} -> {}, from {}",
        side(&offer.running),
        offer.version,
        offer.source
    )];
    lines.push(match offer.packages.len() {
        0 => "packages: the same".to_owned(),
        1 => "packages: 1 changes".to_owned(),
        many => format!("packages: {many} change"),
    });
    let listed = offer.packages.iter().take(PACKAGES);
    lines.extend(listed.map(|change| format!("  {}", package(change))));
    if offer.packages.len() > PACKAGES {
        let more = offer.packages.len() - PACKAGES;
        lines.push(format!("  and {more} more (--json has all)"));
    }
    lines.push(if offer.migrations.is_empty() {
        "migrations: none".to_owned()
    } else {
        format!("migrations: {}", offer.migrations.join(", "))
    });
    lines.push(if offer.kernel_changes {
        "kernel: another, so the machine restarts".to_owned()
    } else {
        "kernel: the same".to_owned()
    });
    lines.push(format!(
        "image: {}, of which only blocks that the box does not have are transferred",
        bytes(offer.bytes)
    ));
    lines.push(match offer.away_seconds_before.as_slice() {
        [] => {
            "visitors wait: until the release runs and is found good; this box has no earlier upgrade to go by"
                .to_owned()
        }
        before => {
            let before: Vec<String> = before.iter().map(|one| format!("{one:.0} s")).collect();
            format!("visitors wait: the last times {}", before.join(", "))
        }
    });
    lines.push(format!("free for the data: {}", bytes(offer.free)));
    lines.push(offer.last_backup.map_or_else(
        || "last backup: none".to_owned(),
        |at| format!("last backup: {}", time(at)),
    ));
    if offer.obstacles.is_empty() {
        lines.push("what happens:".to_owned());
        let steps = (1..).zip(&offer.steps);
        lines.extend(steps.map(|(number, step)| format!("  {number}. {step}")));
    } else {
        for obstacle in &offer.obstacles {
            lines.push(paint.bad(&format!("cannot be installed: {obstacle}")));
        }
    }
    lines.join("\n")
}

pub(super) fn price(price: &Price, paint: Paint) -> String {
    let to = price.to.as_ref();
    let mut lines = vec![format!(
        "{} -> {}",
        side(&price.running),
        to.map_or_else(|| "nothing".to_owned(), side)
    )];
    if let Some(since) = price.since {
        let rows = price.written.iter();
        let rows: Vec<String> = rows
            .map(|written| format!("{} {}", written.rows, written.table))
            .collect();
        lines.push(if rows.is_empty() {
            format!("written since the upgrade ({}): nothing", time(since))
        } else {
            format!(
                "written since the upgrade ({}): {}",
                time(since),
                rows.join(", ")
            )
        });
    }
    lines.push(match price.reverts_to {
        None => "schema: stays, and with it all that was written".to_owned(),
        Some(version) => format!(
            "schema: back to {version}; what only the newer one has room for is in those files alone"
        ),
    });
    if price.obstacles.is_empty() {
        lines.push("what happens:".to_owned());
        let steps = (1..).zip(&price.steps);
        lines.extend(steps.map(|(number, step)| format!("  {number}. {step}")));
    } else {
        for obstacle in &price.obstacles {
            lines.push(paint.bad(&format!("cannot go back: {obstacle}")));
        }
    }
    lines.join("\n")
}

pub(super) fn begun(begun: &Begun) -> String {
    let how = if begun.restarts {
        "restarts into"
    } else {
        "goes over, with its kernel and the visitors' connections kept, to"
    };
    format!(
        "The box {how} release {}, which has {} minutes to be found good; else the box comes back to the present one by itself.\n\
         `boxctl upgrade status` tells how it ended.",
        side(&begun.to),
        begun.trial_minutes
    )
}

const fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Committed => "stayed",
        Ending::RolledBack => "went back by itself",
        Ending::Interrupted => "was cut off before it began",
    }
}

pub(super) fn overview(overview: &Overview, now: OffsetDateTime, paint: Paint) -> String {
    let mut lines = vec![format!("running: {}", side(&overview.running))];
    lines.push(match &overview.other {
        Some(other) if overview.other_is_good => format!("behind it: {}", side(other)),
        Some(other) => format!("other slot: {}, not to be started", side(other)),
        None => "other slot: nothing that could be started".to_owned(),
    });
    if let Some(trial) = &overview.trial {
        let since = u64::try_from((now - trial.since).whole_seconds()).unwrap_or(0);
        lines.push(paint.warn(&format!(
            "on trial: {} -> {}, {}, for {}",
            side(&trial.from),
            side(&trial.to),
            trial.stage,
            seconds(since)
        )));
    }
    lines.push(match &overview.channel {
        None => "channel: none (updates.channel)".to_owned(),
        Some(channel) => {
            let read = overview.channel_read_at.map_or_else(
                || "not read yet".to_owned(),
                |at| format!("read {}", time(at)),
            );
            let newer = overview.newer.as_ref().map_or_else(
                || "nothing newer".to_owned(),
                |version| format!("{version} is newer"),
            );
            format!("channel: {channel}, {read}, {newer}")
        }
    });
    if let Some(error) = &overview.channel_error {
        lines.push(format!("  {}", paint.bad(error)));
    }
    if overview.automatic {
        lines.push("new releases are installed by themselves (updates.automatic)".to_owned());
    }
    if !overview.history.is_empty() {
        let mut rows = vec![
            ["ended", "from", "to", "", "nobody served for"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for event in overview.history.iter().rev().take(EVENTS) {
            rows.push(vec![
                time(event.at),
                event.from.version.clone(),
                event.to.version.clone(),
                ending(event.ending).to_owned(),
                format!("{:.0} s", event.away_seconds),
            ]);
        }
        lines.push(table(&rows, &[4], |row, _, cell| {
            if row == 0 {
                paint.dim(cell)
            } else if cell.trim() == ending(Ending::RolledBack) {
                paint.bad(cell)
            } else {
                cell.to_owned()
            }
        }));
    }
    for bad in &overview.bad {
        lines.push(paint.bad(&format!(
            "no good: {} on {}; it is not installed again (`boxctl upgrade forgive {}` lets it)",
            bad.version,
            time(bad.at),
            bad.version
        )));
        lines.extend(bad.probes.iter().map(|probe| format!("  {probe}")));
        let old = bad.logs.len().saturating_sub(LINES);
        let logs = bad.logs.iter().skip(old);
        lines.extend(logs.map(|line| paint.dim(&format!("    {line}"))));
    }
    lines.join("\n")
}
