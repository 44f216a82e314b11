//! The middle part of a public key: base64 (RFC 4648) of fields, each with its
//! length before it (RFC 4253, 6.6).

/// The fields; `None` if the text is not whole. sshd passes over such a key.
pub(super) fn fields(text: &str) -> Option<Vec<Vec<u8>>> {
    let bytes = decode(text)?;
    let mut rest = bytes.as_slice();
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (field, behind) = behind.split_at_checked(length)?;
        fields.push(field.to_vec());
        rest = behind;
    }
    Some(fields)
}

/// Padding is at the end and makes the last group whole.
fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 || !text.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for group in digits.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for digit in group {
            bits = bits << 6 | value(*digit)?;
        }
        // Of a short group the bits that make no byte fall off.
        bits <<= 6 * (4 - group.len());
        let [_, three @ ..] = bits.to_be_bytes();
        bytes.extend(three.into_iter().take(group.len() * 6 / 8));
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9vYmFy", "foobar"),
        ] {
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        for bad in ["Zg", "Zg=", "Z===", "=Zg=", "Zm=v", "Zm-_", "Zm8=Zm8="] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_field_is_as_long_as_it_says() {
        // 0 0 0 1 'a', 0 0 0 0
        let whole = fields("AAAAAWEAAAAA").unwrap();
        assert_eq!(whole, [b"a".to_vec(), Vec::new()]);
        assert_eq!(fields("AAAAAmEA"), Some(vec![b"a\0".to_vec()]));
        assert_eq!(fields("AAAAAmE="), None);
        assert_eq!(fields("/////2EA"), None);
    }
}
