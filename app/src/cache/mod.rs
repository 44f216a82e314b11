//! Redis: sessions and counters, everything that may be lost. It being away
//! is an error of each operation, never of the process; the connection is made
//! when first used and again when lost.

pub mod counters;
mod primary;
pub mod source;

use counters::Counters;
use primary::Primary;
use redis::aio::ConnectionManager;
use source::Source;
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
    primary: Primary,
    source: Source,
    /// How often keys were found.
    pub counters: Counters,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cache")
    }
}

impl Cache {
    /// A connection to one server, made when it is first used. Needs a
    /// runtime.
    ///
    /// # Errors
    /// When the client's settings contradict themselves.
    pub fn lazy(client: &redis::Client) -> Result<Self, CacheError> {
        Self::from(&Source::Fixed(Box::new(client.clone())))
    }

    /// The same to wherever the primary is.
    ///
    /// # Errors
    /// When the settings contradict themselves.
    pub fn from(source: &Source) -> Result<Self, CacheError> {
        let primary = Primary::new(source).map_err(|source| CacheError {
            action: "set up the connection to Redis",
            source,
        })?;
        Ok(Self {
            primary,
            source: source.clone(),
            counters: Counters::default(),
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
        let value: Option<String> = self.run("read a key", redis::cmd("GET").arg(key)).await?;
        self.counters.looked_up(value.is_some());
        Ok(value)
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

    /// Sets a key that ends by itself, unless it is there; says whether it was
    /// set.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn set_if_absent(
        &self,
        key: &str,
        value: &str,
        ttl: Duration,
    ) -> Result<bool, CacheError> {
        let command = redis::cmd("SET")
            .arg(key)
            .arg(value)
            .arg("EX")
            .arg(ttl.as_secs())
            .arg("NX")
            .to_owned();
        let set: Option<String> = self.run("claim a key", &command).await?;
        Ok(set.is_some())
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
        let connecting = async { self.source.primary().await?.get_async_pubsub().await };
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
        self.with(action, async |mut connection| {
            pipeline.query_async(&mut connection).await
        })
        .await
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
        self.with(action, async |mut connection| {
            call.invoke_async(&mut connection).await
        })
        .await
    }

    pub(crate) async fn run<T: redis::FromRedisValue>(
        &self,
        action: &'static str,
        command: &redis::Cmd,
    ) -> Result<T, CacheError> {
        self.with(action, async |mut connection| {
            command.query_async(&mut connection).await
        })
        .await
    }

    async fn with<T>(
        &self,
        action: &'static str,
        operation: impl AsyncFnOnce(ConnectionManager) -> redis::RedisResult<T>,
    ) -> Result<T, CacheError> {
        let done = match self.primary.connection().await {
            Ok(connection) => operation(connection).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &done {
            self.counters.failed();
            self.primary.failed(error).await;
        }
        done.map_err(|source| CacheError { action, source })
    }
}
