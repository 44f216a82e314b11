//! The connection to the primary, made when it is first used. When sentinels
//! say where that is, a connection that fails is left, and the next operation
//! asks them again.

use super::source::Source;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

#[derive(Clone)]
pub(super) enum Primary {
    Fixed(ConnectionManager),
    Followed(Box<Source>, Arc<Mutex<Option<ConnectionManager>>>),
}

fn config() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(1)))
        .set_response_timeout(Some(Duration::from_secs(1)))
        .set_number_of_retries(1)
}

impl Primary {
    pub(super) fn new(source: &Source) -> RedisResult<Self> {
        Ok(match source {
            Source::Fixed(client) => Self::Fixed(client.get_connection_manager_lazy(config())?),
            Source::Sentinels(_) => Self::Followed(Box::new(source.clone()), Arc::default()),
        })
    }

    pub(super) async fn connection(&self) -> RedisResult<ConnectionManager> {
        match self {
            Self::Fixed(connection) => Ok(connection.clone()),
            Self::Followed(source, current) => {
                let mut current = current.lock().await;
                if let Some(connection) = &*current {
                    return Ok(connection.clone());
                }
                let client = source.primary().await?;
                let connection = client.get_connection_manager_lazy(config())?;
                *current = Some(connection.clone());
                Ok(connection)
            }
        }
    }

    /// Whether what failed may be another server's business by now.
    pub(super) async fn failed(&self, error: &RedisError) {
        let Self::Followed(_, current) = self else {
            return;
        };
        let no_primary = matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly));
        if no_primary || error.is_io_error() || error.is_connection_dropped() || error.is_timeout()
        {
            *current.lock().await = None;
        }
    }
}
