//! Redis: sessions and counters, everything that may be lost. It being away
//! is an error of each operation, never of the process; the connection is made
//! when first used and again when lost.

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use std::time::Duration;

/// A Redis operation failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action}: {source}")]
pub struct CacheError {
    /// What was tried.
    pub action: &'static str,
    /// What Redis or the connection said.
    #[source]
    pub source: redis::RedisError,
}

/// A connection shared by everything in the process.
#[derive(Clone)]
pub struct Cache {
    connection: ConnectionManager,
    client: redis::Client,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cache")
    }
}

impl Cache {
    /// A connection that is made when it is first used. Needs a runtime.
    ///
    /// # Errors
    /// When the client's settings contradict themselves.
    pub fn lazy(client: &redis::Client) -> Result<Self, CacheError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(1)))
            .set_response_timeout(Some(Duration::from_secs(1)))
            .set_number_of_retries(1);
        client
            .get_connection_manager_lazy(config)
            .map(|connection| Self {
                connection,
                client: client.clone(),
            })
            .map_err(|source| CacheError {
                action: "set up the connection to Redis",
                source,
            })
    }

    /// Whether Redis answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), CacheError> {
        self.run("ping Redis", &redis::cmd("PING")).await
    }

    /// The value of a key.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn get(&self, key: &str) -> Result<Option<String>, CacheError> {
        self.run("read a key", redis::cmd("GET").arg(key)).await
    }

    /// Sets a key that ends by itself.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn set(&self, key: &str, value: &str, ttl: Duration) -> Result<(), CacheError> {
        let command = redis::cmd("SET")
            .arg(key)
            .arg(value)
            .arg("EX")
            .arg(ttl.as_secs())
            .to_owned();
        self.run("write a key", &command).await
    }

    /// Removes a key.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn delete(&self, key: &str) -> Result<(), CacheError> {
        self.run("delete a key", redis::cmd("DEL").arg(key)).await
    }

    /// Sends a message to whoever listens at this moment.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn publish(&self, channel: &str, message: &str) -> Result<(), CacheError> {
        let command = redis::cmd("PUBLISH").arg(channel).arg(message).to_owned();
        self.run("publish a message", &command).await
    }

    /// A connection of its own that hears what is published; it does not
    /// come back by itself when it is lost.
    ///
    /// # Errors
    /// When Redis cannot be reached within a few seconds.
    pub async fn subscriber(&self) -> Result<redis::aio::PubSub, CacheError> {
        let action = "subscribe to messages";
        let connecting = self.client.get_async_pubsub();
        match tokio::time::timeout(Duration::from_secs(3), connecting).await {
            Ok(connected) => connected.map_err(|source| CacheError { action, source }),
            Err(_) => Err(CacheError {
                action,
                source: std::io::Error::from(std::io::ErrorKind::TimedOut).into(),
            }),
        }
    }

    /// Runs several commands in one go.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn pipe<T: redis::FromRedisValue>(
        &self,
        action: &'static str,
        pipeline: &redis::Pipeline,
    ) -> Result<T, CacheError> {
        let mut connection = self.connection.clone();
        pipeline
            .query_async(&mut connection)
            .await
            .map_err(|source| CacheError { action, source })
    }

    /// Runs a script in one call; Redis is given its text once.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn script<T: redis::FromRedisValue>(
        &self,
        action: &'static str,
        call: &redis::ScriptInvocation<'_>,
    ) -> Result<T, CacheError> {
        let mut connection = self.connection.clone();
        call.invoke_async(&mut connection)
            .await
            .map_err(|source| CacheError { action, source })
    }

    async fn run<T: redis::FromRedisValue>(
        &self,
        action: &'static str,
        command: &redis::Cmd,
    ) -> Result<T, CacheError> {
        let mut connection = self.connection.clone();
        command
            .query_async(&mut connection)
            .await
            .map_err(|source| CacheError { action, source })
    }
}
