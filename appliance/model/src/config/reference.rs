//! The reference page of the book, from the same words as the template.

use super::keys::{KEYS, Key};
use std::fmt::Write as _;

const HEADER: &str = "\
<!-- Written by `wizamart config docs`; a test compares. -->

# Configuration

Three layers, later ones win: defaults, the operator's file
(`/var/lib/onebox/onebox.toml` on the box), and environment variables
`ONEBOX_SECTION__KEY`, such as `ONEBOX_LOG__LEVEL=debug`. An unknown key is
refused, and the error names the nearest one.

- `wizamart config show` prints what is in force and where each value is from,
  without secrets; `--json` for programs.
- `wizamart config check` reads everything and says what is wrong.

A key that is *secret* is never shown.
";

/// Text of the page, in Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = HEADER.to_owned();
    let mut current = "";
    for key in KEYS {
        let section = key.path.rsplit_once('.').map_or("", |(section, _)| section);
        if section != current {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n## `[{section}]`\n");
            current = section;
        }
        entry(&mut text, key);
    }
    text
}

fn entry(text: &mut String, key: &Key) {
    let secret = if key.secret { " (secret)" } else { "" };
    let _ = write!(text, "\n### `{}`{secret}\n\n{}\n\n", key.path, key.doc);
    let default = key
        .default
        .map_or_else(|| "left out".to_owned(), |default| format!("`{default}`"));
    let _ = writeln!(text, "- Default: {default}");
    let _ = writeln!(text, "- Example: `{}`", key.example);
    let _ = writeln!(text, "- Allowed: {}", key.form);
}
