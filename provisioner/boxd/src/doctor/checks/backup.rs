//! Backups: that there are some, that they are young, and that they were tried.

use super::{Doctor, Found};
use crate::backups::{Backups, Seen};
use onebox_model::thresholds::{ARCHIVE_LAG_SECONDS, BACKUP_AGE_HOURS};
use time::OffsetDateTime;

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    match Backups::new(&doctor.applier).seen().await {
        Ok(seen) => judge(&seen, OffsetDateTime::now_utc()),
        Err(error) => vec![Found::unknown(error.to_string())],
    }
}

fn judge(seen: &Seen, now: OffsetDateTime) -> Vec<Found> {
    if let Some(why) = seen.off {
        return vec![
            Found::notice("backup-off", "this box makes no backups itself")
                .evidence([why.to_owned()])
                .consequence("what is lost with its disk is lost")
                .fix("let it make some", &["boxctl config edit"]),
        ];
    }
    let mut found = Vec::new();
    let young = |at: OffsetDateTime| (now - at).whole_hours() < BACKUP_AGE_HOURS;
    for (repository, last) in &seen.last {
        let what = match last {
            Some(last) if young(*last) => continue,
            Some(last) => format!("its last is {} h old", (now - *last).whole_hours()),
            None => "it has none".to_owned(),
        };
        let mut one = Found::warning(
            "backup-old",
            format!("there is no backup of today in {repository}"),
        )
        .evidence([what])
        .consequence("a lost disk costs what was done since")
        .fix(
            "make one now and see what it says",
            &["boxctl backup now", "boxctl backup list"],
        );
        // A new box makes its first in a few minutes.
        if last.is_none() {
            one = Found::notice(
                "backup-none",
                format!("there is no backup in {repository} yet"),
            )
            .consequence("until the first there is nothing to go back to")
            .fix("wait some minutes, or make one now", &["boxctl backup now"]);
        }
        found.push(one);
    }
    for (repository, error) in &seen.errors {
        found.push(
            Found::warning(
                "backup-failed",
                format!("the last backup to {repository} failed"),
            )
            .evidence([error.clone()])
            .consequence("it is tried again; meanwhile what is new is not in a backup")
            .fix("see what it says now", &["boxctl backup now"]),
        );
    }
    if let Some(archive) = seen
        .archive
        .as_ref()
        .filter(|archive| archive.oldest_seconds >= ARCHIVE_LAG_SECONDS)
    {
        found.push(
            Found::critical("archive-lag", "the database's log does not get away")
                .evidence([format!(
                    "{} pieces wait, the oldest for {} min",
                    archive.waiting,
                    archive.oldest_seconds / 60
                )])
                .consequence("what is lost with the box grows, and the log fills the disk")
                .fix(
                    "see why the repository takes nothing",
                    &["journalctl -u postgresql -n 50", "boxctl backup list"],
                ),
        );
    }
    if let Some(error) = &seen.drill_error {
        found.push(
            Found::warning("drill-failed", "the last drill failed")
                .evidence([error.clone()])
                .consequence("a restore may fail when it is needed")
                .fix("practise again and see", &["boxctl backup drill"]),
        );
    }
    if !seen.away {
        found.push(
            Found::notice("backup-only-here", "backups are only on this disk")
                .consequence("they undo mistakes, and are lost with the disk")
                .fix(
                    "set backups.s3 too, and print the recovery kit",
                    &["boxctl config edit", "boxctl recovery-kit"],
                ),
        );
    }
    if found.is_empty() {
        found.push(Found::ok(
            "backups are young, away from this disk, and the last drill went well",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use onebox_api::backups::Archive;

    fn names(seen: &Seen) -> Vec<String> {
        let now = OffsetDateTime::UNIX_EPOCH + time::Duration::hours(100);
        judge(seen, now)
            .into_iter()
            .filter_map(|found| found.finding.problem)
            .collect()
    }

    #[test]
    fn what_is_missing_is_told() {
        let at = |hours| Some(OffsetDateTime::UNIX_EPOCH + time::Duration::hours(hours));
        let well = Seen {
            last: vec![("local".to_owned(), at(90)), ("s3".to_owned(), at(90))],
            away: true,
            ..Seen::default()
        };
        assert_eq!(
            judge(
                &well,
                OffsetDateTime::UNIX_EPOCH + time::Duration::hours(100)
            )
            .len(),
            1
        );
        let off = Seen {
            off: Some("backups are off"),
            ..Seen::default()
        };
        assert_eq!(names(&off), ["backup-off"]);
        let ill = Seen {
            last: vec![("local".to_owned(), at(1)), ("s3".to_owned(), None)],
            errors: vec![("s3".to_owned(), "403".to_owned())],
            archive: Some(Archive {
                waiting: 3,
                oldest_seconds: 900,
                last: None,
            }),
            drill_error: Some("no".to_owned()),
            ..Seen::default()
        };
        let all = [
            "backup-old",
            "backup-none",
            "backup-failed",
            "archive-lag",
            "drill-failed",
            "backup-only-here",
        ];
        assert_eq!(names(&ill), all);
    }
}
