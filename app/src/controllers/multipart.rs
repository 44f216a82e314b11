//! Forms that carry a file.

use crate::errors::AppResult;
use crate::files::FileError;
use axum::extract::multipart::{Field, MultipartError};
use axum::http::{HeaderMap, header};

/// Longest field beside the file, in bytes.
const FIELD: usize = 4 * 1024;

/// What says that it is too large is refused before it is sent. A form is a
/// little larger than its file.
///
/// # Errors
/// 413 when it does.
pub fn announced_size(headers: &HeaderMap, limit: u64) -> AppResult<()> {
    const FORM: u64 = 16 * 1024;
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > limit + FORM => Err(FileError::TooLarge { limit }.into()),
        _ => Ok(()),
    }
}

/// A field that is text and not long.
///
/// # Errors
/// When it is longer, or does not arrive whole.
pub async fn text(mut field: Field<'_>) -> AppResult<String> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(broken)? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > FIELD {
            return Err(FileError::Sender("a field is too long".to_owned()).into());
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A form that breaks off, or is none.
#[must_use]
pub fn broken(error: MultipartError) -> FileError {
    FileError::Sender(error.body_text())
}
