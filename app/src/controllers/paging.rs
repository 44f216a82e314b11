//! Lists that are walked page by page: a limit, and a cursor to go on from.

use crate::errors::{AppError, AppResult};
use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Rows of a page when nobody says.
pub const USUAL: i64 = 50;
/// Rows of a page at most.
pub const MOST: i64 = 100;

/// Which page.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// At most how many, from 1 to 100.
    #[serde(default, deserialize_with = "lenient")]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 50)]
    pub limit: Option<i64>,
    /// The `next_cursor` of the page before.
    #[serde(default, deserialize_with = "lenient")]
    #[param(value_type = Option<i64>)]
    pub cursor: Option<i64>,
}

/// A number in a query string; an empty value is none. Serde hands values of
/// flattened structures over as text.
fn lenient<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let text = <Option<std::borrow::Cow<'de, str>>>::deserialize(deserializer)?;
    match text.as_deref() {
        None | Some("") => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|_| serde::de::Error::custom(format!("{text:?} is no whole number"))),
    }
}

impl Paging {
    /// Rows asked for.
    ///
    /// # Errors
    /// 422 when they are too many or too few.
    pub fn limit(self) -> AppResult<i64> {
        let limit = self.limit.unwrap_or(USUAL);
        if (1..=MOST).contains(&limit) {
            Ok(limit)
        } else {
            Err(AppError::invalid("limit", "must be from 1 to 100"))
        }
    }

    /// Where to begin in a list that goes up.
    #[must_use]
    pub fn after(self) -> i64 {
        self.cursor.unwrap_or(0)
    }
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Send it as `cursor` for the next page; `null` on the last.
    pub next_cursor: Option<i64>,
}

impl<T> Page<T> {
    /// A page of rows of which one more was fetched than asked for, to see
    /// whether there are more. `key` says how to go on after a row.
    #[must_use]
    pub fn of(mut rows: Vec<T>, limit: i64, key: impl Fn(&T) -> i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(key);
        Self {
            items: rows,
            next_cursor,
        }
    }
}

impl<T: Serialize> IntoResponse for Page<T> {
    /// What belongs to one vendor is no cache's to keep.
    fn into_response(self) -> Response {
        ([(header::CACHE_CONTROL, "no-store")], Json(self)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn walking_pages_yields_each_row_once_in_order(
            ids in prop::collection::btree_set(1_i64..500, 0..60), limit in 1_i64..20,
        ) {
            let mut cursor = 0;
            let mut seen: Vec<i64> = Vec::new();
            for _ in 0..=ids.len() {
                let take = usize::try_from(limit + 1).unwrap();
                let rows: Vec<i64> = ids.range(cursor + 1..).take(take).copied().collect();
                let page = Page::of(rows, limit, |id| *id);
                seen.extend(&page.items);
                match page.next_cursor {
                    Some(next) => cursor = next,
                    None => break,
                }
            }
            prop_assert_eq!(seen, ids.into_iter().collect::<Vec<i64>>());
        }
    }
}
