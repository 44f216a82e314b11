//! What a file is, from its first bytes. What the sender says it is is never
//! asked: a page that calls itself a picture would be run by a browser.

/// How many of a file's first bytes are looked at.
pub const LOOKED_AT: usize = 8192;

/// What is known of no file in particular.
pub const UNKNOWN: &str = "application/octet-stream";

/// The media type of a file that begins with these bytes.
#[must_use]
pub fn content_type(start: &[u8]) -> &'static str {
    if start.is_empty() {
        return UNKNOWN;
    }
    // Markup first: it is found after blanks and comments, other kinds have
    // their mark in a fixed place.
    match text(start) {
        Some(text) => markup(text)
            .or_else(|| infer::get(start).map(|kind| kind.mime_type()))
            .unwrap_or("text/plain; charset=utf-8"),
        None => infer::get(start).map_or(UNKNOWN, |kind| kind.mime_type()),
    }
}

/// Whether small versions can be made of it.
#[must_use]
pub fn is_picture(content_type: &str) -> bool {
    matches!(
        content_type,
        "image/jpeg" | "image/png" | "image/gif" | "image/webp"
    )
}

/// Whether it may be a table as text: in another encoding than UTF-8 it looks
/// like nothing in particular.
#[must_use]
pub fn may_be_table(content_type: &str) -> bool {
    matches!(
        content_type,
        "text/plain; charset=utf-8" | "application/gzip" | UNKNOWN
    )
}

/// Whether a browser may show it by itself instead of saving it. Nothing that
/// can hold a script is among them: SVG, HTML, XML and PDF are saved.
#[must_use]
pub fn is_shown(content_type: &str) -> bool {
    is_picture(content_type) || content_type == "text/plain; charset=utf-8"
}

/// The start as text, if it is one. The last character may be cut in half.
fn text(start: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(start.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c');
    (!text.is_empty() && !text.contains(control)).then_some(text)
}

fn markup(text: &str) -> Option<&'static str> {
    let lower = text
        .trim_start_matches('\u{feff}')
        .trim_start()
        .to_ascii_lowercase();
    if !lower.starts_with('<') {
        return None;
    }
    let found = if lower.contains("<svg") {
        "image/svg+xml"
    } else if lower.starts_with("<?xml") {
        "text/xml"
    } else {
        // Whatever else begins with a tag, a browser would guess HTML.
        "text/html"
    };
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn kinds_are_told_by_their_bytes() {
        let cases: [(&[u8], &str); 12] = [
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"GIF89a\x01\0\x01\0", "image/gif"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
            (b"%PDF-1.7\n", "application/pdf"),
            (b"PK\x03\x04\x14\0", "application/zip"),
            (b"sku;name\n1;Caf\xc3\xa9", "text/plain; charset=utf-8"),
            (b"caf\xc3", "text/plain; charset=utf-8"),
            (b" \n<!-- x --><SVG xmlns=''>", "image/svg+xml"),
            (b"\xef\xbb\xbf<?xml version='1.0'?><a/>", "text/xml"),
            (b"<script>alert(1)</script>", "text/html"),
            (b"\0\x01\x02\xff", UNKNOWN),
        ];
        for (bytes, kind) in cases {
            assert_eq!(
                content_type(bytes),
                kind,
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
        assert_eq!(content_type(b""), UNKNOWN);
    }

    #[test]
    fn nothing_with_a_script_in_it_is_shown() {
        for kind in [
            "image/svg+xml",
            "text/html",
            "text/xml",
            "application/pdf",
            UNKNOWN,
        ] {
            assert!(!is_shown(kind), "{kind}");
        }
    }

    proptest! {
        #[test]
        fn what_begins_with_a_tag_is_never_shown(rest in "\\PC{0,40}", blanks in "[ \\n\\t]{0,3}") {
            let page = format!("{blanks}<{rest}");
            prop_assert!(!is_shown(content_type(page.as_bytes())), "{page}");
        }
    }
}
