//! Computes the store paths of fixed outputs.
//!
//! The formulas are those of the Nix manual's "store path" chapter: a
//! fingerprint is hashed, folded to 160 bits and written in base 32.

use sha2::{Digest as _, Sha256};

use super::base32;

const STORE: &str = "/nix/store";

/// The path of a file addressed by the SHA-256 of its bytes.
pub(crate) fn flat(sha256_hex: &str, name: &str) -> String {
    let inner = hex(&Sha256::digest(format!("fixed:out:sha256:{sha256_hex}:")));
    make("output:out", &inner, name)
}

/// The path of a tree addressed by the SHA-256 of its archive.
pub(crate) fn recursive(nar_sha256_hex: &str, name: &str) -> String {
    make("source", nar_sha256_hex, name)
}

/// The name a package's file has in the store: names there cannot hold every
/// character of a Debian file name (`~`, and `%3a` for the colon of an epoch).
/// The Nix code in `nix/lib/debs.nix` does the same.
pub(crate) fn store_name(pool_path: &str) -> String {
    let base = pool_path.rsplit('/').next().unwrap_or(pool_path);
    let name: String = base
        .replace("%3a", "_")
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "+._?=-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    name
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn make(kind: &str, hash_hex: &str, name: &str) -> String {
    let fingerprint = format!("{kind}:sha256:{hash_hex}:{STORE}:{name}");
    let mut folded = [0; 20];
    for (at, byte) in Sha256::digest(fingerprint).iter().enumerate() {
        folded[at % 20] ^= byte;
    }
    format!("{STORE}/{}-{name}", base32::encode(&folded))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const HASH: &str = "3d9f2889d6782537624a4e1a10e68a2ddd53e0ee8bac02676f27308f42ec6bf6";

    #[test]
    fn known_paths() {
        assert_eq!(
            flat(HASH, "busybox"),
            "/nix/store/7wgz4awjjb6vam3s0gcfii8gcajwxqv1-busybox"
        );
        assert_eq!(
            recursive(HASH, "busybox"),
            "/nix/store/nzci7ncvw37ql9qcpi0x9kic4494afvs-busybox"
        );
    }

    #[test]
    fn nix_computes_the_same_where_it_is_installed() {
        let nix = |flags: &[&str]| {
            let output = Command::new("nix-store")
                .args(["--print-fixed-path"])
                .args(flags)
                .args(["sha256", HASH, "a+b.deb"])
                .output()
                .ok()?;
            Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        // Without Nix the known paths above are the test.
        if let (Some(plain), Some(tree)) = (nix(&[]), nix(&["--recursive"])) {
            assert_eq!(flat(HASH, "a+b.deb"), plain);
            assert_eq!(recursive(HASH, "a+b.deb"), tree);
        }
    }

    #[test]
    fn store_names_hold_only_what_nix_allows() {
        assert_eq!(
            store_name("pool/main/r/rustc/rustc_1.96.1+dfsg1-2~bpo13+1_amd64.deb"),
            "rustc_1.96.1+dfsg1-2_bpo13+1_amd64.deb"
        );
        assert_eq!(
            store_name("pool/x/a_1%3a2.0-1_all.deb"),
            "a_1_2.0-1_all.deb"
        );
        assert_eq!(store_name("a_1:2_all.deb"), "a_1_2_all.deb");
    }
}
