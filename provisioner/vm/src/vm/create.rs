//! Makes a machine of an image, opens one made earlier, and brings a newer
//! image onto its disk.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::process::Command;

use super::Vm;
use crate::error::{Error, IoContext, Result};
use crate::firmware::{self, Firmware};
use crate::image::{Identity, Image};
use crate::reflash::reflash;
use crate::{Settings, State, host, lock, process};

/// What [`Vm::refresh`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// The disk has this image already.
    Unchanged,
    /// The image's system replaced the disk's; the data stayed.
    Replaced,
}

impl Vm {
    /// Makes a machine in `state` from the image at `path`.
    ///
    /// # Errors
    /// When one is there already, the image is damaged, or there is no room.
    pub fn create(mut state: State, settings: Settings, path: &Path) -> Result<Self> {
        let image = Image::open(path)?;
        if settings.firmware == Firmware::Uefi {
            firmware::find()?;
        }
        state.prepare()?;
        let _lock = lock::take(state.dir(), &state.lock())?;
        if state.exists() {
            return Err(Error::Exists(state.dir().into()));
        }
        let total = host::space(state.dir())?.total;
        if settings.disk_bytes() > total {
            let detail = format!("the file system of {} is smaller", state.dir().display());
            return Err(Error::DiskSize {
                wanted: settings.disk_bytes(),
                detail,
            });
        }
        let identity = Identity::of(path, None)?;
        image.unpack(&state.unpacking())?;
        if let Err(error) = grow(&state.unpacking(), settings.disk_bytes()) {
            let _ = fs::remove_file(state.unpacking());
            return Err(error);
        }
        make_key(&state)?;
        let disk = state.disk();
        fs::rename(state.unpacking(), &disk).at("replace", &disk)?;
        let settings = Settings {
            image: Some(identity),
            ..settings
        };
        settings.save(&state.settings())?;
        Ok(Self {
            state,
            settings,
            kill_on_drop: false,
        })
    }

    /// Opens a machine made earlier.
    ///
    /// # Errors
    /// When there is none or its settings can't be read.
    pub fn open(mut state: State) -> Result<Self> {
        if !state.exists() {
            return Err(Error::NoState(state.dir().into()));
        }
        state.prepare()?;
        let settings = Settings::load(&state.settings())?;
        Ok(Self {
            state,
            settings,
            kill_on_drop: false,
        })
    }

    /// Changes what was chosen; the machine must be stopped. A disk only grows.
    ///
    /// # Errors
    /// When it runs, or the disk would shrink.
    pub fn reconfigure(&mut self, change: impl FnOnce(&mut Settings)) -> Result<()> {
        let mut settings = self.settings.clone();
        change(&mut settings);
        if settings == self.settings {
            return Ok(());
        }
        self.stopped()?;
        let _lock = lock::take(self.state.dir(), &self.state.lock())?;
        if settings.disk_gib != self.settings.disk_gib {
            grow(&self.state.disk(), settings.disk_bytes())?;
        }
        settings.save(&self.state.settings())?;
        self.settings = settings;
        Ok(())
    }

    /// Brings the image at `path` onto the disk unless it is there already. The
    /// box keeps its data and starts the new system.
    ///
    /// # Errors
    /// When the machine runs, the image is damaged, or its layout is another.
    pub fn refresh(&mut self, path: &Path) -> Result<Refresh> {
        let identity = Identity::of(path, self.settings.image.as_ref())?;
        if let Some(old) = self
            .settings
            .image
            .as_ref()
            .filter(|old| old.same_content(&identity))
        {
            if *old != identity {
                // The same content under another name: the next start finds it
                // without reading it again.
                self.record(Some(identity))?;
            }
            return Ok(Refresh::Unchanged);
        }
        let image = Image::open(path)?;
        self.stopped()?;
        let _lock = lock::take(self.state.dir(), &self.state.lock())?;
        let unpacked = self.state.unpacking();
        image.unpack(&unpacked)?;
        let written = self.replace_system(&unpacked, identity);
        // The next unpacking replaces a left-over file.
        let _ = fs::remove_file(&unpacked);
        written.map(|()| Refresh::Replaced)
    }

    /// Takes the record away while the disk is neither the old nor the new
    /// image, so that a cut-short write is noticed.
    fn replace_system(&mut self, unpacked: &Path, identity: Identity) -> Result<()> {
        let old = self.settings.image.clone();
        self.record(None)?;
        match reflash(unpacked, &self.state.disk()) {
            Ok(()) => self.record(Some(identity)),
            Err(error @ Error::LayoutChanged { .. }) => {
                self.record(old)?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    fn record(&mut self, image: Option<Identity>) -> Result<()> {
        self.settings.image = image;
        self.settings.save(&self.state.settings())
    }
}

/// Makes the disk as large as asked; the box grows its data partition itself.
fn grow(disk: &Path, wanted: u64) -> Result<()> {
    let file = OpenOptions::new().write(true).open(disk).at("open", disk)?;
    let now = file.metadata().at("read", disk)?.len();
    if wanted < now {
        let detail = format!(
            "it has {} MiB already and disks only grow",
            now.div_ceil(1 << 20)
        );
        return Err(Error::DiskSize { wanted, detail });
    }
    file.set_len(wanted).at("size", disk)
}

fn make_key(state: &State) -> Result<()> {
    if state.key().is_file() && state.key_pub().is_file() {
        return Ok(());
    }
    // ssh-keygen asks before it overwrites, and nobody would answer.
    let _ = fs::remove_file(state.key());
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-C"]);
    command
        .arg(format!("onebox-vm-{}", state.name()))
        .arg("-f")
        .arg(state.key());
    process::run(&mut command, "openssh-client").map(drop)
}
