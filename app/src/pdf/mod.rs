//! Documents as PDF files. Data goes in, bytes come out: no clock, no network,
//! no file; the same invoice gives the same bytes.
//!
//! [`layout`] decides what stands where, page by page; [`write`] turns that
//! into a file. The fonts are DejaVu Sans, embedded as the glyphs that are
//! used, so that text looks the same everywhere and can be selected. What the
//! fonts do not have (Chinese, for one) shows as an empty box.
//!
//! Start reading at [`invoice`].

pub mod credit_note;
mod fonts;
pub mod invoice;
mod layout;
pub mod load;
mod write;

/// A document cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// A font of ours cannot be read.
    #[error("cannot read the font {0}")]
    Font(&'static str),
    /// The file cannot be written.
    #[error("cannot write the PDF file: {0}")]
    Write(String),
    /// The document's facts make no sense.
    #[error("the amounts of this document make no sense: {0}")]
    Money(#[from] crate::domain::money::MoneyError),
    /// The page size is none.
    #[error("a page of this size cannot be made")]
    Page,
}
