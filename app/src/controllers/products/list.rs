//! `GET /api/v1/products?limit=&cursor=&vendor=&q=`: what is on sale.

use crate::controllers::extract::QueryOf;
use crate::controllers::paging::{MOST, USUAL};
use crate::controllers::tags::{PUBLIC, tagged};
use crate::domain::ids::{ProductId, VendorId};
use crate::errors::{AppError, AppResult, Problem};
use crate::shop::listing::Shown;
use crate::state::AppState;
use crate::storage::products::{self, PublicFilter, PublicProduct};
use crate::storage::stretches::Stretch;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash, Hasher};
use utoipa::{IntoParams, ToSchema};

/// Room for one product in an answer; a longer one makes it grow.
const USUAL_SIZE: usize = 512;
/// Room for what is around the products.
const ROUND: usize = 64;

/// What may be asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// At most how many.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<i64>,
    /// The `next_cursor` of the page before.
    #[serde(default)]
    #[param(minimum = 0, default = 0)]
    cursor: i64,
    /// Of this vendor only.
    #[param(value_type = Option<i64>)]
    vendor: Option<VendorId>,
    /// Words to search for, best matches first. A cursor of one search is of
    /// use in the same search only.
    #[param(max_length = 200)]
    q: Option<String>,
}

/// A page of products on sale.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicProductPage)]
pub struct Listed<'a> {
    #[schema(value_type = Vec<PublicProduct<'a>>)]
    items: Items<'a>,
    next_cursor: Option<i64>,
}

/// Products as they were read, or already in JSON.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Items<'a> {
    Read(&'a [PublicProduct<'a>]),
    Shown(&'a [Shown]),
}

/// 200 with up to `limit` products, or 304.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/products",
    tag = "products",
    operation_id = "list_products",
    params(Filter),
    responses(
        (status = 200, description = "Products on sale", body = Listed<'_>, headers(("etag" = String))),
        (status = 304, description = "As you have it (If-None-Match)"),
        (status = 422, description = "A parameter is at fault", body = Problem),
    ),
    security(()),
)]
pub async fn list(
    State(state): State<AppState>,
    QueryOf(filter): QueryOf<Filter>,
    headers: HeaderMap,
) -> AppResult<Response> {
    let limit = filter.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(AppError::invalid("limit", "must be from 1 to 100"));
    }
    if filter.cursor < 0 {
        return Err(AppError::invalid("cursor", "must not be negative"));
    }
    let words = filter.q.as_deref().map(str::trim).filter(|q| !q.is_empty());
    if words.is_some_and(|words| words.len() > 200) {
        return Err(AppError::invalid("q", "is too long"));
    }
    // One more, to see whether there is a next page.
    let (cursor, limit_and_one) = (filter.cursor, limit + 1);
    if filter.vendor.is_none() && words.is_none() {
        let limit_and_one = Stretch {
            cursor,
            limit: limit_and_one,
        };
        let mut items = state.services.shelf.list(limit_and_one).await?;
        let more = cut(&mut items, limit);
        let last = items.last().filter(|_| more);
        let body = Listed {
            next_cursor: last.map(|last| last.named.id.0),
            items: Items::Shown(&items),
        };
        let versions = items.iter().map(|item| item.named);
        let versions = versions.map(|named| (named.id, named.version.revision));
        let size = ROUND + items.iter().map(|item| item.size() + 1).sum::<usize>();
        return tagged(&headers, &tag(versions, more), PUBLIC, &body, size);
    }
    let asked = PublicFilter {
        cursor,
        limit: limit_and_one,
        vendor: filter.vendor,
        words,
    };
    let rows = products::list_public(state.services.reads.pool(), asked).await?;
    let mut items = rows.products()?;
    let more = cut(&mut items, limit);
    let next_cursor = match (items.last(), words) {
        (Some(_), Some(_)) if more => Some(cursor + limit),
        (Some(last), None) if more => Some(last.id.0),
        _ => None,
    };
    let tag = tag(items.iter().map(|item| (item.id, item.revision)), more);
    let size = ROUND + USUAL_SIZE * items.len();
    let body = Listed {
        items: Items::Read(&items),
        next_cursor,
    };
    tagged(&headers, &tag, PUBLIC, &body, size)
}

/// Leaves what was asked for; says whether there was more.
fn cut<T>(items: &mut Vec<T>, limit: i64) -> bool {
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > wanted;
    items.truncate(wanted);
    more
}

/// Products and their revisions tell one page from another.
fn tag(versions: impl Iterator<Item = (ProductId, i32)>, more: bool) -> String {
    let mut hasher = DefaultHasher::new();
    for version in versions {
        version.hash(&mut hasher);
    }
    more.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
