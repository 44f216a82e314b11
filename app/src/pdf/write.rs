//! Pages of marks as a PDF file.

use super::PdfError;
use super::fonts::Fonts;
use super::layout::{HEIGHT, Mark, Page, WIDTH};
use crate::mail::message::one_line;
use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke};
use krilla::surface::Surface;
use krilla::text::TextDirection;
use time::OffsetDateTime;

pub(super) fn write(
    pages: &[Page],
    fonts: &Fonts,
    title: &str,
    author: &str,
    at: OffsetDateTime,
) -> Result<Vec<u8>, PdfError> {
    let mut document = Document::new();
    for marks in pages {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or(PdfError::Page)?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for mark in marks {
            draw(&mut surface, fonts, mark);
        }
        surface.finish();
        page.finish();
    }
    document.set_metadata(metadata(title, author, at));
    document
        .finish()
        .map_err(|error| PdfError::Write(format!("{error:?}")))
}

fn metadata(title: &str, author: &str, at: OffsetDateTime) -> Metadata {
    let at = at.to_offset(time::UtcOffset::UTC);
    let made = DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(at.month().into())
        .day(at.day())
        .hour(at.hour())
        .minute(at.minute())
        .second(at.second())
        .utc_offset_hour(0);
    Metadata::new()
        .title(one_line(title, 200))
        .authors(vec![one_line(author, 200)])
        .language("en".to_owned())
        .creator("Wizamart".to_owned())
        .creation_date(made)
}

fn draw(surface: &mut Surface<'_>, fonts: &Fonts, mark: &Mark) {
    match mark {
        Mark::Text {
            x,
            y,
            size,
            face,
            text,
        } => {
            surface.set_stroke(None);
            surface.set_fill(Some(Fill {
                paint: rgb::Color::new(20, 24, 32).into(),
                opacity: NormalizedF32::ONE,
                rule: FillRule::default(),
            }));
            let start = Point::from_xy(*x, *y);
            surface.draw_text(
                start,
                fonts.font(*face),
                *size,
                text,
                false,
                TextDirection::Auto,
            );
        }
        Mark::Rule { y, from, to } => {
            let mut path = PathBuilder::new();
            path.move_to(*from, *y);
            path.line_to(*to, *y);
            // A line of no length is no path; there is nothing to draw then.
            let Some(path) = path.finish() else { return };
            surface.set_fill(None);
            surface.set_stroke(Some(Stroke {
                paint: rgb::Color::new(150, 158, 170).into(),
                width: 0.6,
                ..Stroke::default()
            }));
            surface.draw_path(&path);
        }
    }
}
