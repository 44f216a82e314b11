//! Looking into the journal.

use super::Doctor;

/// Last words of a unit.
const LAST: &str = "--lines=6";

/// The last lines of a unit in this boot; nothing when there are none.
pub(super) async fn last_words(doctor: &Doctor, unit: &str) -> Vec<String> {
    let unit = format!("--unit={unit}");
    let arguments = [
        "--boot",
        &unit,
        LAST,
        "--output=short-iso",
        "--no-pager",
        "--quiet",
    ];
    match doctor.programs.run("journalctl", &arguments).await {
        Ok(text) => lines(&text),
        Err(_) => Vec::new(),
    }
}

/// Lines of a text that say something, each cut to a length that a screen bears.
pub(super) fn lines(text: &str) -> Vec<String> {
    const MOST: usize = 300;
    text.lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !line.starts_with("-- "))
        .map(|line| match line.char_indices().nth(MOST) {
            Some((end, _)) => format!("{}…", line.get(..end).unwrap_or(line)),
            None => line.to_owned(),
        })
        .collect()
}
