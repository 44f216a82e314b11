//! The recovery kit: what a bare new box needs to become this one.

use super::swap::RESTORED_PARTS;
use super::{BackupError, Backups, Origin, host_key, keys};
use crate::disk::Access;
use crate::prepare::{World, prepare};
use crate::secrets;
use crate::steps::Steps;
use onebox_api::backups::{Kit, Restore, RestoreKit, Restored};
use onebox_api::units::Verb;
use onebox_model::config::{Config, Repository};
use onebox_model::paths::{BACKUP_REPOSITORY, PGBACKREST_CONF};
use onebox_model::render::{self, Account};
use onebox_model::{Sizing, units};
use std::path::Path;
use time::OffsetDateTime;

/// pgBackRest's configuration while a kit is used.
const KIT_CONF: &str = "/run/onebox/backups/kit.conf";
/// What the store's certificate is checked with then.
const KIT_CA: &str = "/run/onebox/backups/kit-ca.pem";
/// The new box's own repository, which the old one's passphrase does not open.
const SET_ASIDE: &str = "/var/lib/pgbackrest.before-restore";

impl Backups {
    /// What a bare new box needs.
    ///
    /// # Errors
    /// When no backup leaves this box, or a secret cannot be read.
    pub fn kit(&self) -> Result<Kit, BackupError> {
        let config = self.choices()?;
        let s3 = &config.backups.s3;
        if !config.backups.repositories().contains(&Repository::S3) {
            return Err(BackupError::Off(
                "no backup leaves this box, so nothing could bring it back: set backups.s3.bucket first (`boxctl config edit`)",
            ));
        }
        let mut settings = String::from("[backups.s3]\n");
        let ca_file = s3
            .ca_file
            .as_ref()
            .map(|file| file.to_string_lossy().into_owned());
        for (name, value) in [
            ("endpoint", s3.endpoint.as_deref()),
            ("bucket", s3.bucket.as_deref()),
            ("region", Some(&*s3.region)),
            ("path", Some(&*s3.path)),
            ("access_key", s3.access_key.as_deref()),
            ("ca_file", ca_file.as_deref()),
        ] {
            if let Some(value) = value {
                settings.push_str(&format!("{name} = {}\n", quoted(value)));
            }
        }
        let secret_key = match &s3.secret_key {
            Some(secret) => Some(secrets::reveal(&self.disk, secret).map_err(|why| {
                BackupError::Secret(format!("backups.s3.secret_key cannot be read: {why}"))
            })?),
            None => None,
        };
        let ca = match &s3.ca_file {
            Some(file) => Some(self.authority(file)?),
            None => None,
        };
        Ok(Kit {
            settings,
            cipher: keys::cipher(&self.disk)?.to_string(),
            secret_key,
            ca,
        })
    }

    /// What the store's certificate is checked with.
    fn authority(&self, file: &Path) -> Result<String, BackupError> {
        let name = file.to_string_lossy();
        let bytes = self.disk.read(&name)?;
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        text.ok_or_else(|| {
            BackupError::Secret(format!(
                "backups.s3.ca_file = {name:?}: there is no such file of PEM certificates"
            ))
        })
    }

    /// Makes this box the one that a kit is of: its data, its files and its own
    /// state.
    ///
    /// # Errors
    /// When the kit is not understood or leads nowhere, and as a restore.
    pub async fn restore_kit(
        &self,
        asked: &RestoreKit,
        steps: &Steps,
    ) -> Result<Restored, BackupError> {
        let _turn = self.take("a restore")?;
        let origin = self.origin(&asked.kit)?;
        let restore = Restore {
            everything: true,
            ..asked.restore.clone()
        };
        let restored = self.restore_from(&origin, &restore, steps).await;
        self.disk.remove(KIT_CONF)?;
        let restored = restored?;
        self.set_repository_aside()?;
        // Of a place that is not in the backup.
        let own = super::config_in_force(&self.disk);
        if let (Some(ca), Some(file)) = (&asked.kit.ca, &own.backups.s3.ca_file) {
            let file = file.to_string_lossy();
            if !self.disk.path(&file).exists() {
                let access = Access::of(Account::Root, 0o644);
                self.disk.write(&file, ca.as_bytes(), access)?;
            }
        }
        Ok(restored)
    }

    /// The repository of a new box holds backups of nothing, under a passphrase
    /// that went with its state.
    fn set_repository_aside(&self) -> Result<(), BackupError> {
        self.clear(SET_ASIDE)?;
        let access = || Access::of(Account::Postgres, 0o750);
        self.disk.directory(SET_ASIDE, access())?;
        self.disk.directory(BACKUP_REPOSITORY, access())?;
        // What is in it, and not itself: PostgreSQL's unit may write to this
        // directory, and would not to another of its name.
        for name in self.disk.names(BACKUP_REPOSITORY)? {
            let from = self.disk.path(&format!("{BACKUP_REPOSITORY}/{name}"));
            let to = self.disk.path(&format!("{SET_ASIDE}/{name}"));
            std::fs::rename(&from, &to)
                .map_err(BackupError::io(format!("move {}", from.display())))?;
        }
        self.clear(&format!("{RESTORED_PARTS}/onebox-state"))
    }

    /// The repository that a kit leads to.
    fn origin(&self, kit: &Kit) -> Result<Origin, BackupError> {
        let secret = kit.secret_key.as_deref().unwrap_or_default();
        let text = format!(
            "[backups]\nlocal = false\n{}secret_key = {}\n",
            kit.settings,
            quoted(secret)
        );
        let mut config = Config::parse(&text, Path::new("the recovery kit"))
            .map_err(|error| BackupError::Secret(error.to_string()))?;
        if let Some(ca) = &kit.ca {
            let access = Access::of(Account::Root, 0o644);
            self.disk.write(KIT_CA, ca.as_bytes(), access)?;
            config.backups.s3.ca_file = Some(KIT_CA.into());
        }
        let sizing = Sizing::for_machine(&self.machine, &config);
        let files = render::all(&config, &text, &sizing, &[]);
        let settings = files
            .iter()
            .find(|file| file.path == PGBACKREST_CONF)
            .map(|file| file.content.as_str())
            .unwrap_or_default();
        let content = format!(
            "{settings}[global]\n{}",
            *keys::lines(Repository::S3, &kit.cipher, Some(secret))
        );
        let access = Access {
            mode: 0o640,
            owner: Account::Root,
            group: Account::Postgres,
        };
        self.disk.write(KIT_CONF, content.as_bytes(), access)?;
        Ok(Origin {
            config,
            options: vec![format!("--config={KIT_CONF}")],
        })
    }
}

/// Makes the box be as its state says, after that was exchanged: files are
/// rendered, units read theirs again.
pub(super) async fn adopt_state(backups: &Backups, steps: &Steps) -> Result<(), BackupError> {
    steps.tell("putting the box's own state into force");
    let disk = &backups.disk;
    host_key::bring(disk)?;
    let world = World {
        now: OffsetDateTime::now_utc(),
        hostname: rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned(),
        machine: backups.machine,
        credentials: None,
    };
    let report = prepare(disk, &world);
    for warning in &report.warnings {
        steps.tell(&**warning);
    }
    report
        .outcome()
        .map_err(|error| BackupError::Unreachable(error.to_string()))?;
    let own = super::config_in_force(disk);
    keys::give(disk, &own.backups)?;
    backups.systemd.reload_manager().await?;
    for (verb, unit) in [
        (Verb::ReloadOrRestart, units::NFTABLES),
        (Verb::TryRestart, units::SSH),
        (Verb::Restart, units::REDIS),
    ] {
        backups.systemd.act(verb, unit).await?;
    }
    Ok(())
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
