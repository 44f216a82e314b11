//! Backups in words.

use onebox_api::backups::{Backup, Drill, Overview, Plan, Restored, Verified};
use time::OffsetDateTime;

use crate::paint::Paint;
use crate::words::{bytes, seconds, table, time};

fn ago(at: OffsetDateTime, now: OffsetDateTime) -> String {
    let age = u64::try_from((now - at).whole_seconds()).unwrap_or(0);
    format!("{} ago", seconds(age))
}

pub(super) fn overview(overview: &Overview, now: OffsetDateTime, paint: Paint) -> String {
    if !overview.on {
        return paint.warn("this box makes no backups (backups.on, database.url)");
    }
    let mut lines = Vec::new();
    if overview.backups.is_empty() {
        lines.push(paint.warn("no backup yet; `boxctl backup now` makes one"));
    } else {
        let mut rows = vec![
            ["backup", "in", "type", "ended", "restores", "stored"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for one in &overview.backups {
            rows.push(vec![
                one.label.clone(),
                one.repository.clone(),
                one.kind.name().to_owned(),
                time(one.ended),
                bytes(one.bytes),
                bytes(one.stored),
            ]);
        }
        lines.push(table(&rows, &[4, 5], |row, _, cell| {
            if row == 0 {
                paint.dim(cell)
            } else {
                cell.to_owned()
            }
        }));
    }
    for repository in &overview.repositories {
        let last = repository.last.map_or_else(
            || "no backup".to_owned(),
            |last| format!("last backup {}", ago(last, now)),
        );
        let since = repository.since.map_or_else(String::new, |since| {
            format!(", any second since {}", time(since))
        });
        let growth = repository.growth.map_or_else(String::new, |more| {
            let sign = if more < 0 { '-' } else { '+' };
            format!(" ({sign}{} a day)", bytes(more.unsigned_abs()))
        });
        lines.push(format!(
            "{}: {last}{since}, {}{growth} in {}",
            repository.name,
            bytes(repository.bytes),
            repository.place
        ));
        for error in repository.error.iter().chain(&repository.last_error) {
            lines.push(format!("  {}", paint.bad(error)));
        }
    }
    match &overview.archive {
        None => lines.push(paint.bad("log: PostgreSQL does not say how far it is archived")),
        Some(archive) => {
            let last = archive.last.map_or_else(
                || "nothing archived yet".to_owned(),
                |last| format!("last piece archived {}", ago(last, now)),
            );
            lines.push(match archive.waiting {
                0 => format!("log: {last}, none waits"),
                waiting => format!(
                    "log: {last}, {waiting} wait, the oldest for {}",
                    seconds(archive.oldest_seconds)
                ),
            });
        }
    }
    match &overview.last_drill {
        None => lines.push("drill: none yet".to_owned()),
        Some(last) => {
            let how = match &last.error {
                None => {
                    let seconds = |time: Option<f64>| {
                        time.map_or_else(|| "unknown".to_owned(), |time| format!("{time:.0} s"))
                    };
                    format!(
                        "{} with {}, RPO {}, RTO {}",
                        paint.good("well"),
                        last.repository,
                        seconds(last.rpo_seconds),
                        seconds(last.rto_seconds)
                    )
                }
                Some(error) => paint.bad(&format!("failed: {error}")),
            };
            lines.push(format!("drill: {}, {how}", ago(last.at, now)));
        }
    }
    lines.join("\n")
}

pub(super) fn backup(backup: &Backup) -> String {
    let mut rows = vec![
        ("backup", backup.label.clone()),
        ("repository", backup.repository.clone()),
        ("type", backup.kind.name().to_owned()),
        ("started", time(backup.started)),
        ("ended", time(backup.ended)),
        ("restores", bytes(backup.bytes)),
        ("stored", bytes(backup.stored)),
    ];
    if !backup.needs.is_empty() {
        rows.push(("needs", backup.needs.join(", ")));
    }
    if backup.damaged {
        rows.push((
            "damaged",
            "pages of the database were damaged when it was made".to_owned(),
        ));
    }
    rows.extend(
        backup
            .notes
            .iter()
            .map(|(name, value)| (&**name, value.clone())),
    );
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(name, value)| vec![name.to_owned(), value])
        .collect();
    table(&rows, &[], |_, _, cell| cell.to_owned())
}

pub(super) fn verified(verified: &Verified, paint: Paint) -> String {
    let mut lines = verified.summary.clone();
    lines.extend(verified.faults.iter().map(|fault| paint.bad(fault)));
    lines.push(match verified.faults.len() {
        0 => paint.good("every file is as it was written"),
        _ => {
            paint.bad("there are faults: make a full backup now (`boxctl backup now --type full`)")
        }
    });
    lines.join("\n")
}

pub(super) fn drill(drill: &Drill, paint: Paint) -> String {
    let mut lines: Vec<String> = drill
        .checks
        .iter()
        .map(|check| format!("{} {check}", paint.good("ok")))
        .collect();
    if let Some(rpo) = drill.rpo_seconds {
        lines.push(format!(
            "a change was in the archive {rpo:.1} s after its commit (RPO)"
        ));
    }
    if let Some(rto) = drill.rto_seconds {
        lines.push(format!(
            "the database was back after {rto:.1} s (RTO), from {}",
            drill.repository
        ));
    }
    if let Some(error) = &drill.error {
        lines.push(paint.bad(&format!("the drill failed: {error}")));
    }
    lines.join("\n")
}

pub(super) fn plan(plan: &Plan) -> String {
    let mut lines = vec![
        format!(
            "from {}: {}, which ended {}",
            plan.repository,
            plan.label,
            time(plan.ended)
        ),
        format!("and after it: {}", plan.target),
        format!("needs {}, {} are free", bytes(plan.needs), bytes(plan.free)),
    ];
    lines.extend(
        plan.steps
            .iter()
            .enumerate()
            .map(|(number, step)| format!("{}. {step}", number + 1)),
    );
    lines.join("\n")
}

pub(super) fn restored(restored: &Restored) -> String {
    let mut lines = vec![format!(
        "{} of {} is in place after {:.0} s; the site was away for {:.0} s",
        restored.label, restored.repository, restored.seconds, restored.away_seconds
    )];
    if let Some(last) = restored.last_change {
        lines.push(format!("the last change in it was made {}", time(last)));
    }
    if let Some(aside) = &restored.kept_aside {
        lines.push(format!(
            "the data of before were not all in the archive and are kept in {aside}; remove them when they are of no use"
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use onebox_api::backups::{Archive, Kind, Repository};
    use std::collections::BTreeMap;

    #[test]
    fn backups_are_listed_with_what_is_wrong() {
        let ended = OffsetDateTime::UNIX_EPOCH;
        let now = ended + time::Duration::minutes(90);
        let seen = Overview {
            on: true,
            repositories: vec![Repository {
                name: "local".to_owned(),
                place: "/var/lib/pgbackrest".to_owned(),
                error: None,
                bytes: 3 << 20,
                growth: Some(1 << 20),
                since: Some(ended),
                last: Some(ended),
                last_error: Some("no space".to_owned()),
            }],
            backups: vec![Backup {
                label: "19700101-000000F".to_owned(),
                repository: "local".to_owned(),
                kind: Kind::Full,
                started: ended,
                ended,
                bytes: 22 << 20,
                stored: 3 << 20,
                needs: Vec::new(),
                damaged: false,
                notes: BTreeMap::new(),
            }],
            archive: Some(Archive {
                waiting: 2,
                oldest_seconds: 400,
                last: Some(ended),
            }),
            last_drill: None,
        };
        let text = overview(&seen, now, Paint::none());
        for part in [
            "19700101-000000F  local  full  1970-01-01 00:00:00 UTC    22 MiB  3.0 MiB",
            "local: last backup 1 h 30 min ago, any second since 1970-01-01 00:00:00 UTC",
            "no space",
            "2 wait, the oldest for 6 min",
            "drill: none yet",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(overview(&Overview::default(), now, Paint::none()).contains("no backups"));
    }
}
