//! The directory of one virtual machine and the names of the files in it.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, IoContext, Result};
use crate::lock;

/// Serial logs of earlier starts that are kept.
pub const OLD_LOGS: u32 = 5;

/// The directory of one virtual machine. It may not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    dir: PathBuf,
}

impl State {
    /// The state in `dir`.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The state called `name` under the user's own state directory.
    ///
    /// # Errors
    /// When neither `XDG_STATE_HOME` nor `HOME` is set.
    pub fn named(name: &str) -> Result<Self> {
        Ok(Self::new(Self::home()?.join(name)))
    }

    /// The directory that holds all named states.
    ///
    /// # Errors
    /// When neither `XDG_STATE_HOME` nor `HOME` is set.
    pub fn home() -> Result<PathBuf> {
        home_from(
            env::var_os("XDG_STATE_HOME").as_deref(),
            env::var_os("HOME").as_deref(),
        )
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What the virtual machine is called: the directory's name.
    #[must_use]
    pub fn name(&self) -> String {
        self.dir
            .file_name()
            .unwrap_or(OsStr::new("vm"))
            .to_string_lossy()
            .into_owned()
    }

    /// Makes the directory, for this user only, and makes its path absolute.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn prepare(&mut self) -> Result<()> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&self.dir).at("create", &self.dir)?;
        self.dir = fs::canonicalize(&self.dir).at("resolve", &self.dir)?;
        Ok(())
    }

    /// Whether a virtual machine was made here.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.settings().is_file() && self.disk().is_file()
    }

    /// Removes every file a virtual machine leaves, and the directory when that
    /// is all there was: a mistyped `--state` must not cost anyone other files.
    ///
    /// # Errors
    /// When it runs, or a file can't be removed.
    pub fn remove(&self) -> Result<()> {
        if !self.dir.is_dir() {
            return Ok(());
        }
        if let Some(pid) = lock::holder(&self.pid_file())? {
            return Err(Error::Running {
                dir: self.dir.clone(),
                pid,
            });
        }
        let logs = (1..=OLD_LOGS).map(|number| self.old_serial_log(number));
        let own = [
            self.disk(),
            self.unpacking(),
            self.key(),
            self.key_pub(),
            self.known_hosts(),
            self.ssh_config(),
            self.serial_log(),
            self.qmp_socket(),
            self.console_socket(),
            self.pid_file(),
            self.settings(),
            self.settings().with_extension("json.new"),
            self.uefi_vars(),
            self.accel_cache(),
            self.probe(),
            self.lock(),
        ];
        for path in own.into_iter().chain(logs) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                other => other.at("remove", &path)?,
            }
        }
        // Someone else's files may be in there: then the directory stays.
        let _ = fs::remove_dir(&self.dir);
        Ok(())
    }

    /// A serial log of an earlier start, 1 being the newest.
    #[must_use]
    pub fn old_serial_log(&self, number: u32) -> PathBuf {
        self.dir.join(format!("serial.log.{number}"))
    }
}

macro_rules! files {
    ($($(#[$doc:meta])* $method:ident = $name:literal;)*) => {
        impl State {
            $($(#[$doc])* #[must_use] pub fn $method(&self) -> PathBuf { self.dir.join($name) })*
        }
    };
}

files! {
    /// The virtual disk: a sparse copy of the image that the box writes to.
    disk = "disk.raw";
    /// The disk while it is being made.
    unpacking = "disk.raw.new";
    /// Private SSH key made for this virtual machine.
    key = "id_ed25519";
    /// Public half of [`State::key`].
    key_pub = "id_ed25519.pub";
    /// The box's SSH host key as first seen.
    known_hosts = "known_hosts";
    /// How ssh(1) and its kin reach the box.
    ssh_config = "ssh_config";
    /// What the box wrote to its serial line since the last start.
    serial_log = "serial.log";
    /// QEMU's control socket.
    qmp_socket = "qmp.sock";
    /// The serial line, for a person.
    console_socket = "console.sock";
    /// QEMU's process, locked as long as it lives.
    pid_file = "qemu.pid";
    /// What was chosen for this virtual machine.
    settings = "vm.json";
    /// UEFI's own variables.
    uefi_vars = "ovmf_vars.fd";
    /// Which accelerator was found to work.
    accel_cache = "accel.json";
    /// Disk of the guest that tries the accelerator.
    probe = "accel-probe.img";
    /// Held while a command changes this directory.
    lock = "lock";
}

fn home_from(xdg: Option<&OsStr>, home: Option<&OsStr>) -> Result<PathBuf> {
    let base = match (xdg, home) {
        // The specification tells to ignore a relative path.
        (Some(xdg), _) if Path::new(xdg).is_absolute() => PathBuf::from(xdg),
        (_, Some(home)) if !home.is_empty() => Path::new(home).join(".local/state"),
        _ => return Err(Error::NoHome),
    };
    Ok(base.join("onebox/vm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_place_follows_the_xdg_specification() {
        let home = |xdg: Option<&str>, home: Option<&str>| {
            home_from(xdg.map(OsStr::new), home.map(OsStr::new))
        };
        assert_eq!(
            home(Some("/x"), Some("/h")).unwrap(),
            Path::new("/x/onebox/vm")
        );
        assert_eq!(
            home(Some("x"), Some("/h")).unwrap(),
            Path::new("/h/.local/state/onebox/vm")
        );
        assert_eq!(
            home(None, Some("/h")).unwrap(),
            Path::new("/h/.local/state/onebox/vm")
        );
        assert!(home(None, None).is_err());
    }

    #[test]
    fn removing_spares_files_of_others() {
        let temp = tempfile::tempdir().unwrap();
        let state = State::new(temp.path());
        fs::write(state.disk(), "disk").unwrap();
        let letter = temp.path().join("letter.txt");
        fs::write(&letter, "dear").unwrap();
        state.remove().unwrap();
        assert!(!state.disk().exists());
        assert!(letter.exists());
    }
}
