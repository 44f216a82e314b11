//! Is the schema one this binary can work with?

use super::Finding;
use crate::migrations::state::{self, Fit};
use crate::migrations::{self, failure};
use crate::storage::StorageError;
use sqlx::{PgConnection, PgPool};

pub(super) async fn check(pool: &PgPool) -> Finding {
    let mut connection = pool
        .acquire()
        .await
        .map_err(|error| format!("PostgreSQL does not answer: {error}"))?;
    let fit = state::fit(&mut connection)
        .await
        .map_err(|error| error.to_string())?;
    if fit.is_usable() {
        return Ok(fit.to_string());
    }
    let why = why(&mut connection, fit).await;
    Err(why.unwrap_or_else(|error| format!("{fit}; {error}")))
}

/// Which migration stands in the way, when it is one.
async fn why(connection: &mut PgConnection, fit: Fit) -> Result<String, StorageError> {
    let Fit::TooOld { database, .. } = fit else {
        return Ok(fit.to_string());
    };
    if let Some(failed) = failure::find(connection).await? {
        return Ok(format!("{fit}; it failed: {}", failed.error));
    }
    let Some(seconds) = failure::running(connection).await? else {
        return Ok(fit.to_string());
    };
    let next = migrations::ALL
        .iter()
        .find(|migration| migration.version > database);
    let next = next.map_or_else(String::new, |migration| {
        format!(" {} ({})", migration.version, migration.name)
    });
    Ok(format!(
        "{fit}; migration{next} has been running for {seconds} s"
    ))
}
