//! Does Redis answer a ping?

use super::Finding;
use crate::cache::Cache;

pub(super) async fn check(cache: &Cache) -> Finding {
    cache.ping().await.map_err(|error| error.to_string())?;
    Ok("answers".to_owned())
}
