//! Does PostgreSQL answer a query?

use super::Finding;
use sqlx::PgPool;

pub(super) async fn check(pool: &PgPool) -> Finding {
    let version: String = sqlx::query_scalar("SHOW server_version")
        .fetch_one(pool)
        .await
        .map_err(|error| format!("PostgreSQL does not answer: {error}"))?;
    Ok(format!("PostgreSQL {version}"))
}
