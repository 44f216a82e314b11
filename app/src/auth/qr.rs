//! Addresses as pictures that a phone reads.

use crate::errors::AppError;
use qrcode::QrCode;
use qrcode::render::svg;

/// A QR code in SVG, black on white whatever the page's colours: readers expect
/// that.
///
/// # Errors
/// When the text is too long for one.
pub fn svg(text: &str) -> Result<String, AppError> {
    let code = QrCode::new(text)
        .map_err(|error| AppError::Internal(format!("cannot draw a QR code: {error}")))?;
    let picture = code
        .render::<svg::Color<'_>>()
        .min_dimensions(200, 200)
        .build();
    // The XML declaration has no place inside a page.
    let start = picture.find("<svg").unwrap_or_default();
    Ok(picture[start..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_has_no_declaration_and_no_style() {
        let picture = svg("otpauth://totp/a").unwrap();
        assert!(picture.starts_with("<svg") && picture.ends_with("</svg>"));
        assert!(!picture.contains("style="));
    }
}
