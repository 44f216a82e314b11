//! The job queues, asked of PostgreSQL directly: they can be looked at when
//! the application is down.

use onebox_api::status::Queue;
use onebox_model::{Config, paths, queues};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use std::time::Duration;

/// A database that does not answer within this does not answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The same figures as the application's page of jobs has.
const STATS: &str = "SELECT queue::text AS queue, \
    count(*) FILTER (WHERE state = 'queued' AND run_at <= now()) AS due, \
    count(*) FILTER (WHERE state = 'running') AS running, \
    count(*) FILTER (WHERE state = 'dead') AS dead, \
    floor(extract(epoch FROM now() - min(run_at) FILTER (WHERE state = 'queued' AND run_at <= now())))::bigint AS oldest \
    FROM jobs GROUP BY queue";

/// How the application's database is reached from the box itself.
#[must_use]
pub fn options() -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(paths::POSTGRES_SOCKET_DIR)
        .username("wizamart")
        .database("wizamart")
        .application_name("boxd")
        .disable_statement_logging()
}

/// Every queue with what is in it, or why that is not known.
///
/// # Errors
/// In words for the operator.
pub async fn ask(config: &Config) -> Result<Vec<Queue>, String> {
    if config.database.url.is_some() {
        return Err("the database is elsewhere (database.url); see the page of jobs".to_owned());
    }
    match tokio::time::timeout(PATIENCE, query()).await {
        Ok(Ok(queues)) => Ok(queues),
        Ok(Err(error)) => Err(format!(
            "PostgreSQL: {error}; see `journalctl -u postgresql`"
        )),
        Err(_) => Err(format!(
            "PostgreSQL did not answer within {} s",
            PATIENCE.as_secs()
        )),
    }
}

async fn query() -> Result<Vec<Queue>, sqlx::Error> {
    let mut connection = PgConnection::connect_with(&options()).await?;
    let rows = sqlx::query(STATS).fetch_all(&mut connection).await?;
    connection.close().await?;
    let mut all: Vec<Queue> = queues::ALL
        .into_iter()
        .map(|queue| Queue {
            name: queue.to_string(),
            due: 0,
            running: 0,
            dead: 0,
            oldest_due_seconds: None,
        })
        .collect();
    for row in rows {
        let name: String = row.try_get("queue")?;
        if let Some(queue) = all.iter_mut().find(|queue| queue.name == name) {
            queue.due = row.try_get("due")?;
            queue.running = row.try_get("running")?;
            queue.dead = row.try_get("dead")?;
            queue.oldest_due_seconds = row.try_get("oldest")?;
        }
    }
    Ok(all)
}
