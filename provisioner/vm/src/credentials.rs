//! Secrets and settings handed to the box at start, as systemd credentials in
//! the firmware's SMBIOS tables (type 11, vendor strings).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Name of the credential with root's SSH keys.
pub const SSH_KEYS: &str = "ssh.authorized_keys.root";

/// One systemd credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    name: String,
    value: Vec<u8>,
}

impl Credential {
    /// The credential `name` with any bytes as its value.
    pub fn new(name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }

    /// Lets the holders of `public_key` log in as root.
    pub fn ssh_key(public_key: impl Into<Vec<u8>>) -> Self {
        Self::new(SSH_KEYS, public_key)
    }

    /// The value of QEMU's `-smbios`. Base64 has no comma, QEMU's separator.
    #[must_use]
    pub fn smbios(&self) -> String {
        let value = STANDARD.encode(&self.value);
        format!(
            "type=11,value=io.systemd.credential.binary:{}={value}",
            self.name
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_becomes_a_binary_credential() {
        assert_eq!(
            Credential::ssh_key("ssh-ed25519 AAAA, me").smbios(),
            "type=11,value=io.systemd.credential.binary:ssh.authorized_keys.root=\
             c3NoLWVkMjU1MTkgQUFBQSwgbWU="
        );
    }
}
