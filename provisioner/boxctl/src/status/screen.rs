//! The screen of `boxctl status`, as text.

use onebox_api::reconcilers::{Outcome, ReconcilerStatus};
use onebox_api::status::{Certificate, DiskUse, Queue, Status};
use onebox_api::units::UnitState;
use onebox_model::thresholds::certificate_floor_hours;
use time::{Duration, OffsetDateTime};

use crate::paint::Paint;
use crate::words::{bytes, seconds, table};

/// All of it.
pub(super) fn render(status: &Status, paint: Paint) -> String {
    let mut text = heading(status, paint);
    text.push('\n');
    text += &units(&status.units, status.at, paint);
    text.push('\n');
    let mut line = |name: &str, words: String| {
        text += &format!("{name:<13} {words}\n");
    };
    for certificate in &status.certificates {
        line(
            "certificate",
            certificate_line(certificate, status.at, paint),
        );
    }
    if status.certificates.is_empty() {
        line("certificate", paint.bad("none is stored"));
    }
    line("backup", backup(status, paint));
    match (&status.queues, &status.queues_error) {
        (Some(queues), _) => line("queues", queues_line(queues, paint)),
        (None, why) => line("queues", paint.bad(why.as_deref().unwrap_or("not known"))),
    }
    for disk in &status.disks {
        line("disk", disk_line(disk));
    }
    line("memory", memory(status));
    let [one, five, fifteen] = status.load;
    let cores = status.cores;
    line(
        "load",
        format!("{one:.2} {five:.2} {fifteen:.2} on {cores} processors"),
    );
    for reconciler in &status.reconcilers {
        if let Some(words) = trouble(reconciler, paint) {
            line(&reconciler.name, words);
        }
    }
    text.trim_end().to_owned()
}

fn heading(status: &Status, paint: Paint) -> String {
    let name = status.domains.first().unwrap_or(&status.host);
    let image = match (&status.image, &status.slot) {
        (Some(version), Some(slot)) => format!("image {version} in slot {slot}"),
        (Some(version), None) => format!("image {version}"),
        _ => "not on a box".to_owned(),
    };
    let up = seconds(status.uptime_seconds);
    let mut text = format!("{name}   {image}   up {up}\n");
    let config = match status.config_source.as_str() {
        "generation" => format!(
            "generation {} is in force",
            status.generation.unwrap_or_default()
        ),
        "file" => "the operator's file is in force".to_owned(),
        "last_good" => {
            paint.bad("the LAST GOOD COPY is in force: the operator's file has mistakes")
        }
        _ if status.config_errors.is_empty() => "defaults".to_owned(),
        _ => paint.bad("the DEFAULTS are in force: the operator's file has mistakes"),
    };
    text += &format!("configuration {config}");
    match status.pending_changes {
        None => {}
        Some(0) => text += ", nothing is pending",
        Some(count) => {
            text += ", ";
            text += &paint.warn(&format!("{count} changes are pending, see `boxctl plan`"));
        }
    }
    text.push('\n');
    for error in &status.config_errors {
        text += &format!("  {error}\n");
    }
    text
}

fn units(units: &[UnitState], now: OffsetDateTime, paint: Paint) -> String {
    let head = ["UNIT", "STATE", "MEMORY", "RESTARTS", "SINCE"].map(str::to_owned);
    let mut rows = vec![head.to_vec()];
    rows.extend(units.iter().map(|unit| {
        let since = unit.since.map(|since| (now - since).whole_seconds());
        vec![
            unit.name.clone(),
            state(unit),
            unit.memory_bytes.map(bytes).unwrap_or_default(),
            unit.restarts
                .filter(|restarts| *restarts > 0)
                .map(|restarts| restarts.to_string())
                .unwrap_or_default(),
            since
                .and_then(|since| u64::try_from(since).ok())
                .map(seconds)
                .unwrap_or_default(),
        ]
    }));
    table(&rows, &[2, 3, 4], |row, column, cell| {
        match (row.checked_sub(1).and_then(|row| units.get(row)), column) {
            (None, _) => paint.dim(cell),
            (Some(unit), 1) if unit.is_failed() || unit.load_state != "loaded" => paint.bad(cell),
            (Some(unit), 1) if unit.is_active() => paint.good(cell),
            (Some(unit), 1) if is_done(unit) => cell.to_owned(),
            (Some(_), 1) => paint.warn(cell),
            _ => cell.to_owned(),
        }
    })
}

/// Something that had nothing to do, such as making a cluster that is there.
fn is_done(unit: &UnitState) -> bool {
    unit.active_state == "inactive" && unit.result.as_deref() == Some("success")
}

/// A unit's state in a word or two.
pub(crate) fn state(unit: &UnitState) -> String {
    if unit.load_state != "loaded" {
        return unit.load_state.clone();
    }
    match (unit.active_state.as_str(), unit.result.as_deref()) {
        ("failed", Some(result)) => format!("failed ({result})"),
        ("active", _) => unit.sub_state.clone(),
        (active, _) if active == unit.sub_state || unit.sub_state.is_empty() => active.to_owned(),
        (active, _) => format!("{active} ({})", unit.sub_state),
    }
}

fn certificate_line(certificate: &Certificate, now: OffsetDateTime, paint: Paint) -> String {
    let days = certificate.days_left;
    let left = format!("{days} days left");
    let lifetime = certificate.not_after - certificate.not_before;
    let remaining = certificate.not_after - now;
    let left = if remaining <= Duration::ZERO {
        paint.bad("EXPIRED")
    } else if remaining.whole_hours() < certificate_floor_hours(lifetime.whole_hours()) {
        paint.warn(&left)
    } else {
        left
    };
    let by = if certificate.self_signed {
        paint.warn("self-signed")
    } else {
        certificate.issuer.clone()
    };
    format!("{}: {left}, {by}", certificate.names.join(", "))
}

fn backup(status: &Status, paint: Paint) -> String {
    let Some(backup) = &status.backup else {
        return paint.dim("not set up");
    };
    let ago = |at: Option<OffsetDateTime>| {
        let age = at.map(|at| (status.at - at).whole_seconds())?;
        Some(format!("{} ago", seconds(u64::try_from(age).ok()?)))
    };
    let last = ago(backup.last).unwrap_or_else(|| paint.bad("none yet"));
    let drill = ago(backup.last_drill).unwrap_or_else(|| paint.warn("never"));
    format!("{last}, last drill {drill}")
}

fn queues_line(queues: &[Queue], paint: Paint) -> String {
    let sum = |count: fn(&Queue) -> i64| queues.iter().map(count).sum::<i64>();
    let oldest = queues
        .iter()
        .filter_map(|queue| queue.oldest_due_seconds)
        .max();
    let oldest = oldest.and_then(|age| u64::try_from(age).ok());
    let mut words = format!("{} due", sum(|queue| queue.due));
    if let Some(age) = oldest {
        words += &format!(" (oldest waits {})", seconds(age));
    }
    words += &format!(", {} running, ", sum(|queue| queue.running));
    match sum(|queue| queue.dead) {
        0 => words + "0 dead",
        dead => words + &paint.warn(&format!("{dead} dead, see `wizamart jobs`")),
    }
}

fn disk_line(disk: &DiskUse) -> String {
    let used = disk.total_bytes.saturating_sub(disk.free_bytes);
    let percent = used * 100 / disk.total_bytes.max(1);
    format!(
        "{}: {percent} % of {} used, {} free",
        disk.path,
        bytes(disk.total_bytes),
        bytes(disk.free_bytes)
    )
}

fn memory(status: &Status) -> String {
    let memory = &status.memory;
    format!(
        "{} of {} available",
        bytes(memory.available_bytes),
        bytes(memory.total_bytes)
    )
}

fn trouble(reconciler: &ReconcilerStatus, paint: Paint) -> Option<String> {
    let summary = reconciler.summary.as_deref().unwrap_or_default();
    match reconciler.last_outcome? {
        Outcome::Ok => None,
        Outcome::Attention => Some(paint.warn(summary)),
        Outcome::Failed => Some(paint.bad(&format!("could not be looked at: {summary}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onebox_api::status::Memory;

    fn status() -> Status {
        let at = OffsetDateTime::from_unix_timestamp(1_767_355_200).unwrap();
        Status {
            at,
            host: "box".to_owned(),
            domains: vec!["shop.example.com".to_owned()],
            image: Some("1.2.3".to_owned()),
            slot: Some("A".to_owned()),
            uptime_seconds: 90_000,
            config_source: "generation".to_owned(),
            generation: Some(3),
            config_errors: Vec::new(),
            pending_changes: Some(2),
            units: vec![UnitState {
                name: "redis.service".to_owned(),
                load_state: "loaded".to_owned(),
                active_state: "failed".to_owned(),
                result: Some("oom-kill".to_owned()),
                since: Some(at - Duration::minutes(5)),
                ..UnitState::default()
            }],
            certificates: vec![Certificate {
                path: "/var/lib/onebox/tls".to_owned(),
                names: vec!["shop.example.com".to_owned()],
                issuer: "CN=R11".to_owned(),
                self_signed: false,
                not_before: at - Duration::days(81),
                not_after: at + Duration::days(9),
                days_left: 9,
            }],
            backup: None,
            queues: None,
            queues_error: Some("PostgreSQL did not answer within 3 s".to_owned()),
            disks: Vec::new(),
            memory: Memory::default(),
            load: [0.5, 0.25, 0.1],
            cores: 2,
            reconcilers: Vec::new(),
        }
    }

    #[test]
    fn what_needs_somebody_stands_on_the_screen() {
        let text = render(&status(), Paint::none());
        for part in [
            "shop.example.com   image 1.2.3 in slot A   up 1 d 1 h",
            "generation 3 is in force, 2 changes are pending, see `boxctl plan`",
            "failed (oom-kill)",
            "5 min",
            "9 days left, CN=R11",
            "not set up",
            "PostgreSQL did not answer",
            "0.50 0.25 0.10 on 2 processors",
        ] {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
    }

    #[test]
    fn an_ended_certificate_is_said_loudly() {
        let mut status = status();
        status.certificates[0].not_after = status.at;
        assert!(render(&status, Paint::none()).contains("EXPIRED"));
    }
}
