//! What starts the box: QEMU's built-in BIOS, or UEFI from the `ovmf` package.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, IoContext, Result};

/// Where Debian puts UEFI firmware.
const OVMF_DIR: &str = "/usr/share/OVMF";

/// Pairs of code and variables, the preferred first: newer releases have only
/// the 4 MiB flavour.
const OVMF_PAIRS: [(&str, &str); 2] = [
    ("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
    ("OVMF_CODE.fd", "OVMF_VARS.fd"),
];

/// What starts the box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Firmware {
    /// A classic PC, as most rented servers are.
    #[default]
    Bios,
    /// UEFI without secure boot.
    Uefi,
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bios => "bios",
            Self::Uefi => "uefi",
        })
    }
}

/// Files of a UEFI firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ovmf {
    /// The code, shared and read-only.
    pub code: PathBuf,
    /// The variables; each virtual machine has its own copy.
    pub vars: PathBuf,
}

/// Finds the UEFI firmware installed on this machine.
///
/// # Errors
/// [`Error::MissingFirmware`] naming the package.
pub fn find() -> Result<Ovmf> {
    find_in(Path::new(OVMF_DIR))
}

fn find_in(dir: &Path) -> Result<Ovmf> {
    OVMF_PAIRS
        .iter()
        .map(|(code, vars)| Ovmf {
            code: dir.join(code),
            vars: dir.join(vars),
        })
        .find(|pair| pair.code.is_file() && pair.vars.is_file())
        .ok_or_else(|| Error::MissingFirmware {
            looked_in: dir.into(),
        })
}

/// The firmware with variables of its own at `own_vars`, copied on first use.
///
/// # Errors
/// When there is no firmware or the copy fails.
pub fn with_own_vars(own_vars: &Path) -> Result<Ovmf> {
    let ovmf = find()?;
    let template = fs::metadata(&ovmf.vars).at("read", &ovmf.vars)?;
    // A half-written copy or one of another flavour would not start.
    let usable = fs::metadata(own_vars).is_ok_and(|own| own.len() == template.len());
    if !usable {
        fs::copy(&ovmf.vars, own_vars).at("write", own_vars)?;
    }
    Ok(Ovmf {
        code: ovmf.code,
        vars: own_vars.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_flavour_is_preferred_and_pairs_stay_together() {
        let temp = tempfile::tempdir().unwrap();
        let touch = |name: &str| fs::write(temp.path().join(name), "").unwrap();
        let text = find_in(temp.path()).unwrap_err().to_string();
        assert!(text.contains("apt install ovmf"), "{text}");
        touch("OVMF_CODE_4M.fd");
        touch("OVMF_CODE.fd");
        touch("OVMF_VARS.fd");
        assert_eq!(
            find_in(temp.path()).unwrap().code,
            temp.path().join("OVMF_CODE.fd")
        );
        touch("OVMF_VARS_4M.fd");
        assert_eq!(
            find_in(temp.path()).unwrap().vars,
            temp.path().join("OVMF_VARS_4M.fd")
        );
    }
}
