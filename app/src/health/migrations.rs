//! Is the schema one this binary can work with?

use super::Finding;
use crate::migrations::state;
use sqlx::PgPool;

pub(super) async fn check(pool: &PgPool) -> Finding {
    let mut connection = pool
        .acquire()
        .await
        .map_err(|error| format!("PostgreSQL does not answer: {error}"))?;
    let fit = state::fit(&mut connection)
        .await
        .map_err(|error| error.to_string())?;
    if fit.is_usable() {
        Ok(fit.to_string())
    } else {
        Err(fit.to_string())
    }
}
