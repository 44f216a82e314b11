//! Pieces of the log that are missing in a repository.
//!
//! `pgbackrest verify` reads what is there, and says nothing of what is not: a
//! hole is found by the names of the pieces, which count up.

use super::info::Piece;
use super::tool::Run;
use super::{BackupError, Backups, Origin};
use crate::steps::Steps;
use onebox_api::backups::{Backup, Kind};
use onebox_model::config::{Config, Repository};
use onebox_model::render::STANZA;
use std::collections::BTreeMap;

/// Pieces that should be there, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hole {
    first: Piece,
    last: Piece,
}

impl Backups {
    /// Says which pieces of the log are missing, and what cannot be gone back
    /// to without them.
    pub(super) async fn holes(
        &self,
        config: &Config,
        repository: Repository,
    ) -> Result<Vec<String>, BackupError> {
        let options = [
            format!("--repo={}", repository.number()),
            "--recurse".to_owned(),
            "--output=json".to_owned(),
            "--log-level-console=off".to_owned(),
            "--log-level-stderr=error".to_owned(),
        ];
        let what = format!("listing the log in {repository}");
        let mut run = Run::new("onebox-backup-log", what, "repo-ls", &options);
        run.arguments.push(format!("archive/{STANZA}"));
        let origin = Origin::of_box(config.clone());
        let said = self.tool(&origin).run(run, &Steps::logged()).await?;
        let info = self.info(&origin).await?;
        let backups = info.backups(repository);
        let spans = info.spans(repository);
        let from = whole_from(&backups, &spans, config.backups.keep_weekly);
        let holes = holes(&pieces(&said)?, from);
        Ok(holes
            .into_iter()
            .map(|hole| told(hole, &backups, &spans))
            .collect())
    }
}

/// The pieces in a list of files.
fn pieces(said: &str) -> Result<Vec<Piece>, BackupError> {
    let listed: BTreeMap<String, serde_json::Value> = serde_json::from_str(said.trim())
        .map_err(|error| BackupError::Answer(error.to_string()))?;
    let of_file = |path: &String| {
        let name = path.rsplit('/').next()?;
        // Its checksum follows; a history or an unfinished piece has another name.
        let (name, _) = name.split_once('-')?;
        Piece::parse(name).filter(|piece| piece.to_string() == name)
    };
    Ok(listed.keys().filter_map(of_file).collect())
}

/// From which piece on all of the log is kept: that of the oldest of the full
/// backups whose log is (`repo-retention-archive`). Older ones have only what
/// they need themselves.
fn whole_from(backups: &[Backup], spans: &[(Piece, Piece)], weeks: u16) -> Option<Piece> {
    let full: Vec<Piece> = backups
        .iter()
        .zip(spans)
        .filter(|(backup, _)| backup.kind == Kind::Full)
        .map(|(_, (start, _))| *start)
        .collect();
    let kept = usize::from(weeks).max(1);
    full.get(full.len().saturating_sub(kept)).copied()
}

fn holes(pieces: &[Piece], from: Option<Piece>) -> Vec<Hole> {
    let Some(from) = from else {
        return Vec::new();
    };
    let mut lines: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for piece in pieces {
        if piece.number >= from.number && piece.timeline >= from.timeline {
            lines.entry(piece.timeline).or_default().push(piece.number);
        }
    }
    // The first may be what is missing.
    let first = lines.entry(from.timeline).or_default();
    if let Some(before) = from.number.checked_sub(1) {
        first.push(before);
    }
    let mut found = Vec::new();
    for (timeline, mut numbers) in lines {
        numbers.sort_unstable();
        for pair in numbers.windows(2) {
            if let [one, two] = *pair
                && two > one + 1
            {
                found.push(Hole {
                    first: Piece {
                        timeline,
                        number: one + 1,
                    },
                    last: Piece {
                        timeline,
                        number: two - 1,
                    },
                });
            }
        }
    }
    found
}

fn told(hole: Hole, backups: &[Backup], spans: &[(Piece, Piece)]) -> String {
    let both = || backups.iter().zip(spans);
    let before = both().rfind(|(_, (_, stop))| {
        stop.timeline <= hole.first.timeline && stop.number < hole.first.number
    });
    let after = both().find(|(_, (start, _))| {
        start.timeline >= hole.first.timeline && start.number > hole.last.number
    });
    let count = hole.last.number - hole.first.number + 1;
    let name = |(backup, _): (&Backup, &(Piece, Piece))| {
        format!("{} (the end of backup {})", backup.ended, backup.label)
    };
    let until = before.map_or_else(String::new, |before| {
        format!(
            "any second from {} up to that piece can be gone back to, ",
            name(before)
        )
    });
    let since = after.map_or_else(
        || "nothing after it; `boxctl backup now --type full` begins anew".to_owned(),
        |after| format!("and any since {}", name(after)),
    );
    format!(
        "the log has a hole: {count} pieces from {} on are missing; {until}{since}",
        hole.first
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(timeline: u32, number: u64) -> Piece {
        Piece { timeline, number }
    }

    #[test]
    fn names_that_are_left_out_are_holes() {
        let listed = r#"{".":{"type":"path"},"17-1":{"type":"path"},
            "17-1/0000000100000000/000000010000000000000002-aa.zst":{"type":"file","size":1},
            "17-1/0000000100000000/000000010000000000000002.00000028.backup":{"type":"file"},
            "17-1/0000000100000000/000000010000000000000003-bb.zst":{"type":"file","size":1},
            "17-1/0000000100000000/000000010000000000000006-cc.zst":{"type":"file","size":1},
            "17-1/0000000200000000/000000020000000000000004-dd.zst":{"type":"file","size":1},
            "17-1/00000002.history":{"type":"file","size":1}}"#;
        let pieces = pieces(listed).unwrap();
        assert_eq!(pieces.len(), 4);
        let found = holes(&pieces, Some(piece(1, 2)));
        let hole = Hole {
            first: piece(1, 4),
            last: piece(1, 5),
        };
        assert_eq!(found, [hole]);
        // What older backups do not need is no hole, what this one needs is.
        assert_eq!(holes(&pieces, Some(piece(1, 6))), []);
        assert_eq!(holes(&pieces, Some(piece(1, 5)))[0].first, piece(1, 5));
        assert_eq!(holes(&pieces, None), []);
        assert!(super::pieces("nothing").is_err());
    }
}
