//! Dropping one backup, whatever the calendar says: one that was made while the
//! clock was wrong is in the way of every later one.

use super::tool::Run;
use super::{BackupError, Backups, Origin, keys};
use crate::steps::Steps;
use onebox_api::backups::{Backup, Discard, Kind, Pruned};
use onebox_model::config::Repository;

impl Backups {
    /// Drops a backup and those that need it. The last full one of a repository
    /// goes with the repository's log, and a new one can be made.
    ///
    /// # Errors
    /// When there is none of that name, or pgBackRest fails.
    pub async fn discard(&self, asked: &Discard, steps: &Steps) -> Result<Pruned, BackupError> {
        let config = self.choices()?;
        let _turn = self.take("dropping a backup")?;
        keys::give(&self.disk, &config.backups)?;
        let origin = Origin::of_box(config.clone());
        let info = self.info(&origin).await?;
        let mut dropped = Vec::new();
        for repository in Self::meant(&config.backups, asked.repository.as_deref())? {
            let backups = info.backups(repository);
            let going = with_it(&backups, &asked.label);
            let name = |backup: &&Backup| format!("{repository} {}", backup.label);
            dropped.extend(going.iter().map(name));
            if asked.dry_run || going.is_empty() {
                continue;
            }
            let full = |backup: &&Backup| backup.kind == Kind::Full;
            let stays =
                backups.iter().filter(full).count() > going.iter().filter(|one| full(one)).count();
            if stays {
                self.expire_one(repository, &asked.label, steps).await?;
            } else {
                self.begin_anew(repository, steps).await?;
            }
        }
        if dropped.is_empty() {
            return Err(BackupError::Unreachable(format!(
                "there is no backup {:?}; `boxctl backup list` shows what there is",
                asked.label
            )));
        }
        if !asked.dry_run {
            self.info(&origin).await?;
        }
        Ok(Pruned { dropped })
    }

    async fn expire_one(
        &self,
        repository: Repository,
        label: &str,
        steps: &Steps,
    ) -> Result<(), BackupError> {
        let what = format!("dropping {label} from {repository}");
        steps.tell(&*what);
        let options = [
            format!("--repo={}", repository.number()),
            format!("--set={label}"),
        ];
        let run = Run::new("onebox-backup-expire", what, "expire", &options);
        self.tool(&Origin::default()).run(run, steps).await?;
        Ok(())
    }

    /// pgBackRest never drops the last full backup; it can be made to forget
    /// the repository. While it does, no log is taken by it: PostgreSQL keeps
    /// that until it is.
    async fn begin_anew(&self, repository: Repository, steps: &Steps) -> Result<(), BackupError> {
        let what = format!("beginning {repository} anew, with nothing in it");
        steps.tell(&*what);
        let repo = format!("--repo={}", repository.number());
        let runs: [(&str, &[String]); 4] = [
            ("stop", &[]),
            ("stanza-delete", &[repo, "--force".to_owned()]),
            ("start", &[]),
            ("stanza-create", &[]),
        ];
        let mut failed = None;
        for (command, options) in runs {
            // What was stopped is started, whatever came between.
            if failed.is_some() && command != "start" {
                continue;
            }
            let run = Run::new("onebox-backup-stanza", &*what, command, options);
            if let Err(error) = self.tool(&Origin::default()).run(run, steps).await {
                failed.get_or_insert(error);
            }
        }
        failed.map_or_else(|| self.archive_histories(), Err)
    }
}

/// A backup and those that need it.
fn with_it<'a>(backups: &'a [Backup], label: &str) -> Vec<&'a Backup> {
    let needs = |backup: &Backup| backup.needs.iter().any(|other| other == label);
    let all = backups.iter();
    all.filter(|backup| backup.label == label || needs(backup))
        .collect()
}

/// Says what pgBackRest means when the newest backup is from the future.
pub(super) fn explain(error: BackupError, repository: Repository) -> BackupError {
    let label = match &error {
        BackupError::Program { said, .. } => said
            .split_once("is not later than latest backup label '")
            .and_then(|(_, rest)| rest.split_once('\''))
            .map(|(label, _)| label.to_owned()),
        _ => None,
    };
    match label {
        Some(label) => BackupError::Future {
            repository: repository.name(),
            label,
        },
        None => error,
    }
}
