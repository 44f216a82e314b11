//! GRUB's environment blocks: `name=value` lines behind a fixed first line,
//! filled up with `#`.

/// What a block begins with; GRUB refuses any other.
const SIGNATURE: &str = "# GRUB Environment Block\n";

/// Bytes in a block here: one sector, so that a write of it is one write.
pub(super) const SIZE: usize = 512;

/// A block with these variables. What does not fit is cut off, which the
/// checksum and the reader find; the state takes a fifth of the room.
pub(super) fn encode(variables: &[(&str, &str)]) -> [u8; SIZE] {
    let mut text = String::from(SIGNATURE);
    for (name, value) in variables {
        text.push_str(&format!("{name}={value}\n"));
    }
    let mut block = [b'#'; SIZE];
    for (to, from) in block.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    block
}

/// The variables of a block, in order; `None` when it is none.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<(&str, &str)>> {
    if bytes.len() != SIZE {
        return None;
    }
    let lines = std::str::from_utf8(bytes).ok()?.strip_prefix(SIGNATURE)?;
    let lines = lines.trim_end_matches('#').lines();
    lines.map(|line| line.split_once('=')).collect()
}

/// The value of a variable.
pub(super) fn value<'a>(variables: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    let mut found = variables.iter().filter(|(key, _)| *key == name);
    found.next().map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let block = encode(&[("boot", "A"), ("trial", "")]);
        assert!(block.starts_with(b"# GRUB Environment Block\nboot=A\ntrial=\n####"));
        let variables = decode(&block).unwrap();
        assert_eq!(variables, [("boot", "A"), ("trial", "")]);
        assert_eq!(value(&variables, "trial"), Some(""));
        assert_eq!(value(&variables, "other"), None);
    }

    #[test]
    fn what_is_no_block_is_refused() {
        let block = encode(&[("boot", "A")]);
        let mut without_signature = block;
        without_signature[2] = b'X';
        let mut zeros = block;
        zeros[100..].fill(0);
        for bytes in [&block[..511], &without_signature, &zeros, &[0xff; 512]] {
            assert_eq!(decode(bytes), None);
        }
    }
}
