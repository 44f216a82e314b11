//! The lead is an advisory lock held by a connection: it ends with the
//! process or the connection, and needs no clock to agree on.

use crate::storage::{Doing, StorageError};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

/// "onebox cr" in ASCII; advisory locks share one number space per database.
const KEY: i64 = 0x6f6e_6562_6f78_6372;

pub(super) struct Leadership(PgConnection);

impl Leadership {
    /// Takes the lead, or `None` when someone has it.
    pub(super) async fn take(options: &PgConnectOptions) -> Result<Option<Self>, StorageError> {
        let options = options.clone().application_name("wizamart scheduler lead");
        let mut connection = PgConnection::connect_with(&options)
            .await
            .doing("connect to PostgreSQL")?;
        let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(KEY)
            .fetch_one(&mut connection)
            .await
            .doing("ask for the scheduler's lead")?;
        Ok(taken.then_some(Self(connection)))
    }

    /// Fails when the connection, and with it the lead, is lost.
    pub(super) async fn confirm(&mut self) -> Result<(), StorageError> {
        self.0.ping().await.doing("keep the scheduler's lead")
    }
}
