//! Kinds of jobs that do what a test needs, and workers to run them.

use onebox_model::{Config, QueueName};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use std::sync::{Arc, Mutex};
use time::Duration;
use uuid::Uuid;
use wizamart::cache::Cache;
use wizamart::clock::{Clock, SharedClock};
use wizamart::queue::enqueue::{Enqueued, NewJob, enqueue};
use wizamart::queue::job::{Context, Job};
use wizamart::queue::outcome::{JobError, Outcome};
use wizamart::queue::registry::Registry;
use wizamart::queue::worker::{Worker, WorkerOptions};
use wizamart::services::Services;
use wizamart::storage::jobs::{self, JobRow};

/// Does what it says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Script {
    Succeed,
    Break(String),
    BreakFor {
        seconds: i64,
    },
    GiveUp,
    Snooze {
        seconds: i64,
    },
    Panic(String),
    /// Says how far it is, and leaves a result.
    Tell {
        done: u64,
        total: u64,
    },
    /// Takes real time, and a connection with it.
    HoldConnection {
        millis: u64,
    },
    /// Takes real time.
    Take {
        millis: u64,
    },
}

impl Job for Script {
    const KIND: &'static str = "script";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        match self {
            Self::Succeed => Ok(Outcome::Done),
            Self::Break(error) => Err(JobError::Other(error)),
            Self::BreakFor { seconds } => Ok(Outcome::Retry {
                error: "not now".to_owned(),
                after: Some(Duration::seconds(seconds)),
            }),
            Self::GiveUp => Ok(Outcome::Fail {
                error: "never".to_owned(),
            }),
            Self::Snooze { seconds } => Ok(Outcome::Snooze {
                after: Duration::seconds(seconds),
            }),
            Self::Panic(text) => panic!("{text}"),
            Self::Tell { done, total } => {
                context.progress(done, Some(total), "rows read").await;
                context.result(&serde_json::json!({"rows": total})).await;
                Ok(Outcome::Done)
            }
            Self::HoldConnection { millis } => {
                let _held = context.pool.acquire().await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
                Ok(Outcome::Done)
            }
            Self::Take { millis } => {
                tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
                Ok(Outcome::Done)
            }
        }
    }
}

/// Writes its name down where the test can read it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Noted(pub String);

static NOTES: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

impl Job for Noted {
    const KIND: &'static str = "noted";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let database = context
            .pool
            .connect_options()
            .get_database()
            .unwrap()
            .to_owned();
        NOTES.lock().unwrap().push((database, self.0));
        Ok(Outcome::Done)
    }
}

/// What ran on this database, in order.
pub fn notes(pool: &PgPool) -> Vec<String> {
    let database = pool.connect_options().get_database().unwrap().to_owned();
    let notes = NOTES.lock().unwrap();
    notes
        .iter()
        .filter(|(of, _)| *of == database)
        .map(|(_, note)| note.clone())
        .collect()
}

pub fn registry() -> Arc<Registry> {
    Arc::new(Registry::standard().with::<Script>().with::<Noted>())
}

/// What jobs work with, on a Redis of their own.
pub fn services(pool: &PgPool, clock: &SharedClock) -> Services {
    services_on(pool, clock, &super::redis::private_url())
}

pub fn services_on(pool: &PgPool, clock: &SharedClock, redis: &str) -> Services {
    let redis = redis::Client::open(redis).unwrap();
    Services::new(
        pool.clone(),
        Cache::lazy(&redis).unwrap(),
        Arc::clone(clock),
        Arc::new(Config::default()),
        std::env::temp_dir(),
        super::secrets::sealer(),
    )
}

pub fn worker(pool: &PgPool, clock: &SharedClock, concurrency: usize) -> Worker {
    worker_with(
        pool,
        clock,
        WorkerOptions::new(vec![QueueName::Default], concurrency),
    )
}

pub fn worker_with(pool: &PgPool, clock: &SharedClock, options: WorkerOptions) -> Worker {
    Worker::new(services(pool, clock), registry(), options)
}

pub async fn put(pool: &PgPool, clock: &dyn Clock, job: NewJob) -> Enqueued {
    let mut transaction = pool.begin().await.unwrap();
    let enqueued = enqueue(&mut transaction, &job, clock.now()).await.unwrap();
    transaction.commit().await.unwrap();
    enqueued
}

pub async fn put_script(pool: &PgPool, clock: &dyn Clock, script: Script) -> Uuid {
    put(pool, clock, NewJob::of(&script).unwrap())
        .await
        .into_row()
        .id
}

pub async fn row(pool: &PgPool, id: Uuid) -> JobRow {
    jobs::find(pool, id)
        .await
        .unwrap()
        .expect("the job is there")
}
