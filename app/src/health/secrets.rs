//! Can what logins need be opened with the keys that this process has?

use super::Finding;
use crate::secrets::Sealer;
use crate::storage::sealing;
use onebox_model::SealKeyId;
use sqlx::PgPool;
use time::OffsetDateTime;

pub(super) async fn check(pool: &PgPool, sealer: &Sealer, now: OffsetDateTime) -> Finding {
    let counts = sealing::keys_in_use(pool, now)
        .await
        .map_err(|error| error.to_string())?;
    let lost: Vec<String> = counts
        .iter()
        .filter_map(|count| {
            let id = SealKeyId(count.key.as_deref()?.try_into().ok()?);
            let text = format!("{} {} need the key {id}", count.rows, count.place);
            (!sealer.has(id)).then_some(text)
        })
        .collect();
    if lost.is_empty() {
        let rows: i64 = counts.iter().map(|count| count.rows).sum();
        Ok(format!("{rows} sealed, all of known keys"))
    } else {
        let file = sealer.file().display();
        Err(format!("{}, which is not in {file}", lost.join(", ")))
    }
}
