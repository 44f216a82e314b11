//! Copying one file.

use crate::files::FileError;
use crate::files::key::Key;
use crate::files::store::FileStore;
use crate::files::tally::{Tally, Total, drain};

/// Copies one file and reads the copy back; gives what it is. A copy that
/// differs is made once more; a second one that differs is no accident.
///
/// # Errors
/// In words for the operator.
pub(super) async fn copy(
    source: &dyn FileStore,
    target: &dyn FileStore,
    key: &Key,
    content_type: &str,
    expected: Option<&Total>,
) -> Result<Total, String> {
    let text = |error: FileError| error.to_string();
    for _ in 0..2 {
        let body = source.open(key, None).await.map_err(text)?;
        let (tally, body) = Tally::watch(body, u64::MAX);
        target.put(key, content_type, body).await.map_err(text)?;
        let sent = tally.total();
        if expected.is_some_and(|expected| *expected != sent) {
            target.delete(key).await.map_err(text)?;
            return Err(format!(
                "the file in the store {} is damaged: it has {} bytes and another digest than was written down",
                source.kind(),
                sent.size
            ));
        }
        let arrived = drain(target.open(key, None).await.map_err(text)?).await;
        if arrived.map_err(text)? == sent {
            return Ok(sent);
        }
    }
    target.delete(key).await.map_err(text)?;
    Err(format!(
        "the copy in the store {} differs from the file, twice",
        target.kind()
    ))
}
