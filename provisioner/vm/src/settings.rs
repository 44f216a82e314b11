//! What was chosen for a virtual machine, kept as `vm.json` in its directory.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::accel::Accel;
use crate::error::{Error, IoContext, Result};
use crate::firmware::Firmware;
use crate::image::Identity;

/// Ports on this machine's loopback address that lead into the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// Leads to the application.
    pub https: u16,
    /// Leads to the redirect to HTTPS.
    pub http: u16,
    /// Leads to the operator's login.
    pub ssh: u16,
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            https: 8443,
            http: 8080,
            ssh: 2222,
        }
    }
}

/// What was chosen for a virtual machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Memory of the guest.
    pub memory_mib: u64,
    /// Processors of the guest.
    pub cpus: u32,
    /// Size of the virtual disk.
    pub disk_gib: u64,
    /// What starts the box.
    pub firmware: Firmware,
    /// QEMU's processor model; the accelerator's default when absent.
    #[serde(default)]
    pub cpu: Option<String>,
    /// What runs the guest; found out when absent.
    #[serde(default)]
    pub accel: Option<Accel>,
    /// Ports on this machine.
    pub ports: Ports,
    /// The image on the disk; absent while it is being written.
    #[serde(default)]
    pub image: Option<Identity>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            memory_mib: 1024,
            cpus: 2,
            disk_gib: 8,
            firmware: Firmware::Bios,
            cpu: None,
            accel: None,
            ports: Ports::default(),
            image: None,
        }
    }
}

impl Settings {
    /// Reads settings.
    ///
    /// # Errors
    /// When the file can't be read or understood.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read(path).at("read", path)?;
        serde_json::from_slice(&text).map_err(|source| Error::Settings {
            path: path.into(),
            source,
        })
    }

    /// Writes settings, whole or not at all.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(|source| Error::Settings {
            path: path.into(),
            source,
        })?;
        let new = path.with_extension("json.new");
        fs::write(&new, text).at("write", &new)?;
        fs::rename(&new, path).at("replace", path)
    }

    /// Size of the virtual disk in bytes.
    #[must_use]
    pub fn disk_bytes(&self) -> u64 {
        self.disk_gib.saturating_mul(1 << 30)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_a_round_trip() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("vm.json");
        let settings = Settings {
            cpus: 3,
            firmware: Firmware::Uefi,
            ..Settings::default()
        };
        settings.save(&path).unwrap();
        assert_eq!(Settings::load(&path).unwrap(), settings);
    }

    #[test]
    fn unreadable_settings_say_what_to_do() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("vm.json");
        fs::write(&path, "{").unwrap();
        let text = Settings::load(&path).unwrap_err().to_string();
        assert!(
            text.contains("vm.json") && text.contains("--fresh"),
            "{text}"
        );
    }
}
