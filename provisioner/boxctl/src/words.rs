//! Quantities in words: sizes, times, ages.

use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;

const TIME: &[FormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");

/// A moment, in UTC.
pub(crate) fn time(at: OffsetDateTime) -> String {
    let utc = at.to_offset(time::UtcOffset::UTC);
    utc.format(TIME).unwrap_or_else(|_| at.to_string())
}

/// Bytes with a binary unit: `34 MiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut whole = bytes;
    let mut rest = 0;
    let mut unit = 0;
    while whole >= 1024 && unit + 1 < UNITS.len() {
        rest = whole % 1024;
        whole /= 1024;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or("B");
    if unit > 0 && whole < 10 {
        format!("{whole}.{} {name}", rest * 10 / 1024)
    } else {
        format!("{whole} {name}")
    }
}

/// A time in its largest units: `3 d 4 h`.
pub(crate) fn seconds(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// Columns of equal width, two spaces between them; those named in `right` are
/// flushed right. Widths are of the plain cells, which `paint` may colour.
pub(crate) fn table(
    rows: &[Vec<String>],
    right: &[usize],
    paint: impl Fn(usize, usize, &str) -> String,
) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (y, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (x, cell) in row.iter().enumerate() {
            let room = widths.get(x).copied().unwrap_or(0);
            let pad = " ".repeat(room.saturating_sub(cell.chars().count()));
            let painted = paint(y, x, cell);
            line += &if right.contains(&x) {
                format!("{pad}{painted}  ")
            } else {
                format!("{painted}{pad}  ")
            };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_short() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(34 << 20), "34 MiB");
        assert_eq!(seconds(59), "59 s");
        assert_eq!(seconds(3 * 86_400 + 4 * 3600 + 59), "3 d 4 h");
        assert_eq!(seconds(3661), "1 h 1 min");
    }

    #[test]
    fn columns_stand_under_each_other() {
        let rows = vec![
            vec!["UNIT".to_owned(), "MEMORY".to_owned()],
            vec!["web".to_owned(), "4 MiB".to_owned()],
        ];
        let text = table(&rows, &[1], |_, _, cell| cell.to_owned());
        assert_eq!(text, "UNIT  MEMORY\nweb    4 MiB\n");
    }
}
