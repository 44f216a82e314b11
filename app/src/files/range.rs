//! Which part of a file a request asks for (RFC 9110, section 14).

use super::store::Part;

/// What to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it: nothing else was asked, or what was asked makes no sense, or
    /// several parts were, which a server may answer with the whole.
    Whole,
    /// A part.
    Part(Part),
    /// A part that lies behind the end.
    Nothing,
}

/// Reads a Range header for a file of `size` bytes.
#[must_use]
pub fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some((start, end)) = header.and_then(spec) else {
        return Wanted::Whole;
    };
    let (first, last) = match (start, end) {
        (Some(first), Some(last)) if last < first => return Wanted::Whole,
        (Some(first), Some(last)) => (first, last),
        (Some(first), None) => (first, u64::MAX),
        (None, Some(0)) => return Wanted::Nothing,
        (None, Some(length)) => (size.saturating_sub(length), u64::MAX),
        (None, None) => return Wanted::Whole,
    };
    if first >= size {
        return Wanted::Nothing;
    }
    Wanted::Part(Part {
        start: first,
        length: last.min(size - 1) - first + 1,
    })
}

fn spec(header: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, ranges) = header.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    // With several ranges the second half is no number: the whole is sent.
    let (start, end) = ranges.trim().split_once('-')?;
    Some((number(start)?, number(end)?))
}

/// A number, or that there is none; `None` when it is something else.
fn number(text: &str) -> Option<Option<u64>> {
    if text.is_empty() {
        return Some(None);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    // One too large for us is behind the end of every file.
    digits.then(|| Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn part(start: u64, length: u64) -> Wanted {
        Wanted::Part(Part { start, length })
    }

    #[test]
    fn ranges_mean_what_the_standard_says() {
        for (header, size, is) in [
            ("bytes=0-499", 1000, part(0, 500)),
            ("bytes=500-", 1000, part(500, 500)),
            ("bytes=-300", 1000, part(700, 300)),
            ("bytes=-3000", 1000, part(0, 1000)),
            ("bytes=990-2000", 1000, part(990, 10)),
            ("BYTES=0-0", 1, part(0, 1)),
            ("bytes=0-99999999999999999999999", 10, part(0, 10)),
            ("bytes=1000-", 1000, Wanted::Nothing),
            ("bytes=-0", 1000, Wanted::Nothing),
            ("bytes=0-", 0, Wanted::Nothing),
            ("bytes=99999999999999999999999-", 10, Wanted::Nothing),
            ("bytes=5-2", 10, Wanted::Whole),
            ("bytes=0-1,3-4", 10, Wanted::Whole),
            ("bytes=-", 10, Wanted::Whole),
            ("bytes=a-b", 10, Wanted::Whole),
            ("bytes=+1-2", 10, Wanted::Whole),
            ("lines=0-1", 10, Wanted::Whole),
            ("bytes", 10, Wanted::Whole),
        ] {
            assert_eq!(wanted(Some(header), size), is, "{header} of {size}");
        }
        assert_eq!(wanted(None, 10), Wanted::Whole);
    }

    proptest! {
        #[test]
        fn a_part_lies_inside_its_file(header in "bytes=[0-9]{0,20}-[0-9]{0,20}", size: u64) {
            if let Wanted::Part(part) = wanted(Some(&header), size) {
                prop_assert!(part.length > 0 && part.start.checked_add(part.length).unwrap() <= size);
            }
        }

        #[test]
        fn nothing_makes_it_panic(header in "\\PC{0,40}", size: u64) {
            let _ = wanted(Some(&header), size);
        }
    }
}
