//! The two faces of our documents, and how wide text is in them.

use super::PdfError;
use krilla::text::Font;
use rustybuzz::UnicodeBuffer;

/// A face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    Regular,
    Bold,
}

/// Both faces, for measuring and for writing.
pub(super) struct Fonts {
    regular: Loaded,
    bold: Loaded,
}

struct Loaded {
    shaper: rustybuzz::Face<'static>,
    font: Font,
}

impl Loaded {
    fn new(name: &'static str, bytes: &'static [u8]) -> Result<Self, PdfError> {
        let shaper = rustybuzz::Face::from_slice(bytes, 0).ok_or(PdfError::Font(name))?;
        let font = Font::new(bytes.into(), 0).ok_or(PdfError::Font(name))?;
        Ok(Self { shaper, font })
    }
}

impl Fonts {
    pub(super) fn load() -> Result<Self, PdfError> {
        Ok(Self {
            regular: Loaded::new("DejaVu Sans", dejavu::sans::regular())?,
            bold: Loaded::new("DejaVu Sans Bold", dejavu::sans::bold())?,
        })
    }

    fn get(&self, face: Face) -> &Loaded {
        match face {
            Face::Regular => &self.regular,
            Face::Bold => &self.bold,
        }
    }

    pub(super) fn font(&self, face: Face) -> Font {
        self.get(face).font.clone()
    }

    /// Width of a line in points.
    pub(super) fn width(&self, face: Face, size: f32, text: &str) -> f32 {
        let shaper = &self.get(face).shaper;
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        let shaped = rustybuzz::shape(shaper, &[], buffer);
        let units: i64 = shaped
            .glyph_positions()
            .iter()
            .map(|glyph| i64::from(glyph.x_advance))
            .sum();
        // A line is far shorter than what f32 counts exactly.
        units as f32 / shaper.units_per_em() as f32 * size
    }

    /// Text broken into lines of at most a width, between words where it can.
    pub(super) fn wrap(&self, face: Face, size: f32, text: &str, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let longer = if line.is_empty() {
                word.to_owned()
            } else {
                format!("{line} {word}")
            };
            if self.width(face, size, &longer) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line = self.cut(face, size, word, width, &mut lines);
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// Pushes the full lines of a word that is too long for one and gives what
    /// is left of it.
    fn cut(
        &self,
        face: Face,
        size: f32,
        word: &str,
        width: f32,
        lines: &mut Vec<String>,
    ) -> String {
        let mut rest = String::new();
        for letter in word.chars() {
            rest.push(letter);
            if rest.chars().count() > 1 && self.width(face, size, &rest) > width {
                rest.pop();
                lines.push(std::mem::take(&mut rest));
                rest.push(letter);
            }
        }
        rest
    }
}
