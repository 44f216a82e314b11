//! The Nix archive of the smallest tree we need: a directory with one program.

use sha2::{Digest as _, Sha256};

use super::path::hex;

/// SHA-256, in hex, of the archive of a directory that holds just the
/// executable `name` with `content`.
pub(crate) fn directory_of_one_program(name: &str, content: &[u8]) -> String {
    let mut hasher = Sha256::new();
    let head: [&[u8]; 16] = [
        b"nix-archive-1",
        b"(",
        b"type",
        b"directory",
        b"entry",
        b"(",
        b"name",
        name.as_bytes(),
        b"node",
        b"(",
        b"type",
        b"regular",
        b"executable",
        b"",
        b"contents",
        content,
    ];
    for word in head.into_iter().chain([b")".as_slice(); 3]) {
        hasher.update((word.len() as u64).to_le_bytes());
        hasher.update(word);
        hasher.update(&[0; 8][..word.len().next_multiple_of(8) - word.len()]);
    }
    hex(&hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_nix_computes() {
        // mkdir d; printf 'hello' >d/tool; chmod 555 d/tool; nix-hash --type sha256 d
        assert_eq!(
            directory_of_one_program("tool", b"hello"),
            "aa6999982a75d61024b620a8adaf5c20be5c8bf86942ffa14c7991f6d075b3ff"
        );
    }
}
