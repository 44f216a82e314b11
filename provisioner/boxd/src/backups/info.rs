//! What pgBackRest says there is (`info --output=json`).

use super::BackupError;
use onebox_api::backups::{Backup, Kind};
use onebox_model::config::Repository;
use serde::Deserialize;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Everything of one stanza.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Info {
    archive: Vec<ArchiveInfo>,
    backup: Vec<BackupInfo>,
    repo: Vec<RepoInfo>,
}

#[derive(Clone, Debug, Deserialize)]
struct ArchiveInfo {
    database: DatabaseKey,
    max: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct DatabaseKey {
    #[serde(rename = "repo-key")]
    repository: u8,
}

#[derive(Clone, Debug, Deserialize)]
struct BackupInfo {
    #[serde(default)]
    annotation: BTreeMap<String, String>,
    database: DatabaseKey,
    #[serde(default)]
    error: Option<bool>,
    info: Sizes,
    label: String,
    #[serde(default)]
    reference: Option<Vec<String>>,
    timestamp: Times,
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    archive: Span,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Span {
    start: Option<String>,
    stop: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Sizes {
    size: u64,
    repository: Stored,
}

#[derive(Clone, Debug, Deserialize)]
struct Stored {
    delta: u64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Times {
    start: i64,
    stop: i64,
}

#[derive(Clone, Debug, Deserialize)]
struct RepoInfo {
    key: u8,
    status: RepoStatus,
}

#[derive(Clone, Debug, Deserialize)]
struct RepoStatus {
    code: u8,
    message: String,
}

/// Codes of a repository's status: all is well, no stanza there yet, a stanza
/// and no backup in it.
const WELL: u8 = 0;
const NO_STANZA: u8 = 1;
const NO_BACKUP: u8 = 2;

/// A piece of the log: a file of 16 MiB, named by its timeline and place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) timeline: u32,
    /// How many pieces come before it.
    pub(super) number: u64,
}

impl Piece {
    /// From the name of its file (`pg_walfile_name`).
    pub(super) fn parse(name: &str) -> Option<Self> {
        let part = |range| u64::from_str_radix(name.get(range)?, 16).ok();
        let (timeline, high, low) = (part(0..8)?, part(8..16)?, part(16..24)?);
        Some(Self {
            timeline: u32::try_from(timeline).ok()?,
            number: high * PIECES + low,
        })
    }
}

impl std::fmt::Display for Piece {
    /// The name of its file.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (high, low) = (self.number / PIECES, self.number % PIECES);
        write!(f, "{:08X}{high:08X}{low:08X}", self.timeline)
    }
}

/// Pieces in 4 GiB of the log.
const PIECES: u64 = 256;

/// How a repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// It can be used.
    Well,
    /// It was never used for this box.
    Unused,
    /// What is wrong with it.
    Wrong(String),
}

impl Info {
    /// What is said.
    pub(super) fn parse(said: &str) -> Result<Self, BackupError> {
        let answer = said
            .lines()
            .find(|line| line.starts_with('['))
            .ok_or_else(|| BackupError::Answer(said.trim().to_owned()))?;
        let all: Vec<Self> =
            serde_json::from_str(answer).map_err(|error| BackupError::Answer(error.to_string()))?;
        Ok(all.into_iter().next().unwrap_or_default())
    }

    /// How a repository is.
    pub(super) fn condition(&self, repository: Repository) -> Condition {
        let number = repository.number();
        match self.repo.iter().find(|repo| repo.key == number) {
            None => Condition::Unused,
            Some(repo) => match repo.status.code {
                WELL | NO_BACKUP => Condition::Well,
                NO_STANZA => Condition::Unused,
                _ => Condition::Wrong(repo.status.message.clone()),
            },
        }
    }

    /// The newest piece of the log in a repository.
    pub(super) fn newest_log(&self, repository: Repository) -> Option<Piece> {
        self.archive
            .iter()
            .rfind(|archive| archive.database.repository == repository.number())
            .and_then(|archive| Piece::parse(archive.max.as_deref()?))
    }

    /// The first and the last piece of the log that each backup needs to be
    /// whole, oldest first.
    pub(super) fn spans(&self, repository: Repository) -> Vec<(Piece, Piece)> {
        let piece = |name: &Option<String>| Piece::parse(name.as_deref()?);
        self.backup
            .iter()
            .filter(|backup| backup.database.repository == repository.number())
            .filter_map(|backup| {
                Some((piece(&backup.archive.start)?, piece(&backup.archive.stop)?))
            })
            .collect()
    }

    /// Bytes of all backups in a repository.
    pub(super) fn bytes(&self, repository: Repository) -> u64 {
        let backups = self.backups(repository);
        backups.iter().map(|backup| backup.stored).sum()
    }

    /// The backups of a repository, oldest first.
    pub(super) fn backups(&self, repository: Repository) -> Vec<Backup> {
        let time = |seconds| {
            OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
        };
        self.backup
            .iter()
            .filter(|backup| backup.database.repository == repository.number())
            .map(|backup| Backup {
                label: backup.label.clone(),
                repository: repository.name().to_owned(),
                kind: backup.kind,
                started: time(backup.timestamp.start),
                ended: time(backup.timestamp.stop),
                bytes: backup.info.size,
                stored: backup.info.repository.delta,
                needs: backup.reference.clone().unwrap_or_default(),
                damaged: backup.error.unwrap_or_default(),
                notes: backup.annotation.clone(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = r#"[{"archive":[{"database":{"id":1,"repo-key":1},"id":"17-1","max":"000000010000000000000002","min":"000000010000000000000001"}],"backup":[{"annotation":{"schema":"15"},"archive":{"start":"000000010000000000000002","stop":"000000010000000000000002"},"backrest":{"format":5,"version":"2.55.1"},"database":{"id":1,"repo-key":1},"error":false,"info":{"delta":23422049,"repository":{"delta":2825296,"delta-map":24768,"size-map":24768},"size":23422049},"label":"20261128-205905F","lsn":{"start":"0/2000028","stop":"0/2000120"},"prior":null,"reference":null,"timestamp":{"start":1795899545,"stop":1795899546},"type":"full"}],"cipher":"aes-256-cbc","db":[{"id":1,"repo-key":1,"system-id":7713329796100313777,"version":"17"}],"name":"onebox","repo":[{"cipher":"aes-256-cbc","key":1,"status":{"code":0,"message":"ok"}},{"cipher":"aes-256-cbc","key":2,"status":{"code":99,"message":"[HostConnectError] no answer"}}],"status":{"code":0,"lock":{"backup":{"held":false}},"message":"ok"}}]"#;

    #[test]
    fn what_it_says_is_understood() {
        let info = Info::parse(&format!("a warning\n{SAID}\n")).unwrap();
        let backups = info.backups(Repository::Local);
        assert_eq!(backups[0].label, "20261128-205905F");
        assert_eq!(backups[0].kind, Kind::Full);
        assert_eq!(backups[0].notes["schema"], "15");
        assert_eq!(info.condition(Repository::Local), Condition::Well);
        let wrong = Condition::Wrong("[HostConnectError] no answer".to_owned());
        assert_eq!(info.condition(Repository::S3), wrong);
        let piece = info.newest_log(Repository::Local).unwrap();
        assert_eq!((piece.timeline, piece.number), (1, 2));
        let far = Piece::parse("0000000A00000003000000FF").unwrap();
        assert_eq!((far.timeline, far.number), (10, 3 * 256 + 255));
        assert_eq!(far.to_string(), "0000000A00000003000000FF");
        assert_eq!(info.spans(Repository::Local), [(piece, piece)]);
        assert!(info.backups(Repository::S3).is_empty());
        assert!(Info::parse("nothing of use").is_err());
    }
}
