//! Text to rows: the delimiter is found in the first line, quotes are as in
//! RFC 4180, and each row is read as UTF-8 or, where it is none, as Latin-1
//! (its superset Windows-1252 has the euro sign where Latin-1 has nothing).

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use std::collections::VecDeque;

/// The longest first line.
const FIRST_LINE: usize = 64 * 1024;
/// The longest row. One that is longer is most likely a missing quote.
const LONGEST: usize = 256 * 1024;
/// The most columns.
const COLUMNS: usize = 512;

/// One row of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number; the headings are row 1.
    pub number: i64,
    /// Its fields; `None` when the row is too long to be one.
    pub fields: Option<Vec<String>>,
}

/// The feed is no table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTable {
    /// It is text of another kind.
    #[error("the feed is UTF-16 text; send it as UTF-8")]
    Utf16,
    /// It has no lines.
    #[error("the feed has no line of headings: there is no line break in its first 64 KiB")]
    NoLine,
}

/// Splits a feed into rows as it arrives.
#[derive(Debug, Default)]
pub struct Rows {
    reader: Option<Box<Reader>>,
    /// What came before the delimiter was known.
    head: Vec<u8>,
    text: Vec<u8>,
    filled: usize,
    ends: Vec<usize>,
    columns: usize,
    /// Set while the rest of a row that is too long is passed over.
    skipping: bool,
    number: i64,
    ready: VecDeque<Row>,
}

impl Rows {
    /// Takes more text.
    ///
    /// # Errors
    /// When the feed turns out not to be a table.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), NoTable> {
        if self.reader.is_some() {
            self.parse(bytes);
            return Ok(());
        }
        self.head.extend_from_slice(bytes);
        if self.head.starts_with(&[0xff, 0xfe]) || self.head.starts_with(&[0xfe, 0xff]) {
            return Err(NoTable::Utf16);
        }
        if self.head.contains(&b'\n') || self.head.len() > FIRST_LINE {
            self.begin()?;
        }
        Ok(())
    }

    /// The end of the feed: the last row may lack its line break.
    ///
    /// # Errors
    /// When the feed turns out not to be a table.
    pub fn finish(&mut self) -> Result<(), NoTable> {
        if self.reader.is_none() && !self.head.is_empty() {
            self.begin()?;
        }
        // An empty input is the parser's end; it may have a row to give first.
        for _ in 0..2 {
            let Some(reader) = &mut self.reader else {
                break;
            };
            let (text, ends) = (
                &mut self.text[self.filled..],
                &mut self.ends[self.columns..],
            );
            let (result, _, wrote, ended) = reader.read_record(&[], text, ends);
            self.filled += wrote;
            self.columns += ended;
            if result == ReadRecordResult::Record {
                self.emit();
            }
        }
        Ok(())
    }

    /// The next row that is complete.
    pub fn next_row(&mut self) -> Option<Row> {
        self.ready.pop_front()
    }

    fn begin(&mut self) -> Result<(), NoTable> {
        let head = std::mem::take(&mut self.head);
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
        let end = head.iter().position(|byte| *byte == b'\n');
        if end.is_none() && head.len() > FIRST_LINE {
            return Err(NoTable::NoLine);
        }
        let first = &head[..end.unwrap_or(head.len())];
        let reader = ReaderBuilder::new().delimiter(delimiter(first)).build();
        self.reader = Some(Box::new(reader));
        self.text = vec![0; LONGEST];
        self.ends = vec![0; COLUMNS];
        self.parse(head);
        Ok(())
    }

    fn parse(&mut self, mut input: &[u8]) {
        while !input.is_empty() {
            if self.skipping {
                let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
                    return;
                };
                input = &input[end + 1..];
                self.skipping = false;
                continue;
            }
            let Some(reader) = &mut self.reader else {
                return;
            };
            let (text, ends) = (
                &mut self.text[self.filled..],
                &mut self.ends[self.columns..],
            );
            let (result, read, wrote, ended) = reader.read_record(input, text, ends);
            input = &input[read..];
            self.filled += wrote;
            self.columns += ended;
            match result {
                ReadRecordResult::Record => self.emit(),
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => self.give_up(),
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
            }
        }
    }

    fn emit(&mut self) {
        self.number += 1;
        let mut fields = Vec::with_capacity(self.columns);
        let text = &self.text[..self.filled];
        // Both encodings in one row would be two writers' work: it is one or
        // the other for the whole of it.
        let utf8 = std::str::from_utf8(text).is_ok();
        let mut start = 0;
        for &end in &self.ends[..self.columns] {
            let field = text.get(start..end).unwrap_or_default();
            fields.push(match std::str::from_utf8(field) {
                Ok(field) if utf8 => field.to_owned(),
                _ => field.iter().copied().map(windows_1252).collect(),
            });
            start = end;
        }
        self.ready.push_back(Row {
            number: self.number,
            fields: Some(fields),
        });
        (self.filled, self.columns) = (0, 0);
    }

    /// Passes over the rest of the line and starts afresh after it.
    fn give_up(&mut self) {
        self.number += 1;
        self.ready.push_back(Row {
            number: self.number,
            fields: None,
        });
        (self.filled, self.columns) = (0, 0);
        if let Some(reader) = &mut self.reader {
            reader.reset();
        }
        self.skipping = true;
    }
}

/// The one of tab, semicolon, comma and bar that separates most, quotes aside.
fn delimiter(line: &[u8]) -> u8 {
    let count = |delimiter: u8| {
        let mut quoted = false;
        let mut found = 0;
        for byte in line {
            match *byte {
                b'"' => quoted = !quoted,
                byte if byte == delimiter && !quoted => found += 1,
                _ => {}
            }
        }
        found
    };
    // Of equals the last one is taken, and a comma is the usual one.
    *[b'|', b'\t', b';', b',']
        .iter()
        .max_by_key(|delimiter| count(**delimiter))
        .unwrap_or(&b',')
}

fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8], cut: usize) -> Vec<Row> {
        let mut rows = Rows::default();
        for chunk in bytes.chunks(cut) {
            rows.push(chunk).unwrap();
        }
        rows.finish().unwrap();
        std::iter::from_fn(|| rows.next_row()).collect()
    }

    fn fields(bytes: &[u8]) -> Vec<Vec<String>> {
        let rows = read(bytes, 3);
        rows.into_iter().map(|row| row.fields.unwrap()).collect()
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_however_it_is_cut(
            rows in prop::collection::vec(prop::collection::vec("[a-zäß€\"\n,;\t ]{1,12}", 3), 1..20),
            cut in 1_usize..50,
        ) {
            let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
            writer.write_record(["a", "b", "c"]).unwrap();
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let read = read(&writer.into_inner().unwrap(), cut);
            prop_assert!(read.iter().map(|row| row.number).eq(1..=rows.len() as i64 + 1));
            let fields: Vec<_> = read.into_iter().skip(1).map(|row| row.fields.unwrap()).collect();
            prop_assert_eq!(fields, rows);
        }

        #[test]
        fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000), cut in 1_usize..100) {
            let mut rows = Rows::default();
            let ok = bytes.chunks(cut).all(|chunk| rows.push(chunk).is_ok());
            let _ = ok && rows.finish().is_ok();
        }
    }

    #[test]
    fn the_first_line_tells_the_delimiter() {
        for (text, expected) in [
            ("a\tb,c\td\n1\t2,3\t4\n", vec!["1", "2,3", "4"]),
            ("a;\"b,c,e\";d\n1;2,3;4\n", vec!["1", "2,3", "4"]),
            ("a,b\n\"1;2\",3\n", vec!["1;2", "3"]),
            ("a|b\n1|2", vec!["1", "2"]),
        ] {
            assert_eq!(fields(text.as_bytes())[1], expected, "{text}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_heading() {
        assert_eq!(fields(b"\xef\xbb\xbfid,name\n1,x\n")[0], ["id", "name"]);
        let mut rows = Rows::default();
        assert_eq!(rows.push(b"\xff\xfei\0d\0"), Err(NoTable::Utf16));
    }

    #[test]
    fn rows_in_latin_1_are_read_beside_others() {
        let rows = fields(
            "id,name\n1,Käse\n2,K"
                .as_bytes()
                .iter()
                .chain(b"\xe4se \x80\n")
                .copied()
                .collect::<Vec<_>>()
                .as_slice(),
        );
        assert_eq!(
            (rows[1][1].as_str(), rows[2][1].as_str()),
            ("Käse", "Käse €")
        );
    }

    #[test]
    fn a_missing_quote_costs_a_row_and_not_the_feed() {
        let mut text = b"id,name\n1,\"open\n".to_vec();
        text.extend(b"x,y\n".repeat(LONGEST / 4));
        text.extend(b"7,seven\n");
        let rows = read(&text, 1000);
        assert_eq!(rows.iter().filter(|row| row.fields.is_none()).count(), 1);
        assert_eq!(
            rows.last().unwrap().fields.as_deref().unwrap(),
            ["7", "seven"]
        );
    }
}
