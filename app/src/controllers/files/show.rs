//! `GET /uploads/{key}`: a file, for everybody when a product shows it, else
//! for those with a signed address.

use crate::controllers::extract::{PathOf, QueryOf};
use crate::errors::{AppError, AppResult};
use crate::files::delivery::{Caching, Version, answer};
use crate::files::key::Key;
use crate::state::AppState;
use crate::storage::uploads;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

/// What a signed address carries.
#[derive(Debug, Deserialize)]
pub struct Signed {
    expires: Option<i64>,
    signature: Option<String>,
}

/// 200, 206, 304 or 416 with the file; 404 for who may not have it, as for
/// what is not there.
///
/// # Errors
/// As problem documents.
pub async fn show(
    State(state): State<AppState>,
    PathOf(name): PathOf<String>,
    QueryOf(signed): QueryOf<Signed>,
    headers: HeaderMap,
) -> AppResult<Response> {
    let missing = || AppError::not_found("There is no such file (any more).");
    let key: Key = name.parse().map_err(|_| missing())?;
    let found = uploads::find_by_key(&state.pool, &key).await?;
    let (row, is_public) = found.ok_or_else(missing)?;
    let files = &state.services.files;
    let caching = if is_public {
        Caching::Public
    } else {
        let (Some(expires), Some(signature)) = (signed.expires, &signed.signature) else {
            return Err(missing());
        };
        let now = state.clock.now();
        if !files.signer().opens(&key, expires, signature, now)? {
            return Err(missing());
        }
        Caching::Private
    };
    let version = Version::of(&row, &key).ok_or_else(missing)?;
    Ok(answer(files, &row, &version, &headers, caching).await?)
}
