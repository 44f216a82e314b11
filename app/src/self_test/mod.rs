//! One walk through everything, as a customer of the box would take it: over
//! HTTPS with the certificate that is stored, log in, write, read back, let
//! workers do a job, and remove all of it. The keeper asks for it before it
//! commits an upgrade, an operator whenever it pleases.
//!
//! It must leave nothing behind: what it makes belongs to a vendor of its own
//! that no page shows, is removed however the walk ends, and when the program
//! itself is killed, by the next run or by the daily clearing. It enqueues
//! nothing that sends mail.
//!
//! Start reading at [`run`]; what is asked of the site is in [`site`].

mod jobs;
pub mod report;
pub mod site;
mod visitor;

use crate::lifecycle::Shutdown;
use crate::queue::job::Job;
use crate::queue::jobs::self_test::SelfTest;
use crate::random::NoRandomness;
use crate::storage::{StorageError, self_test as rows};
use report::{Report, Steps};
use site::{Site, SiteError};
use sqlx::{Connection, PgConnection};
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use visitor::Visitor;

/// For removing what was made, after the time for everything else is over.
const CLEARING: Duration = Duration::from_secs(10);

/// How long PostgreSQL may take to notice that another one was killed.
const FAREWELL: Duration = Duration::from_secs(2);

/// What a walk needs.
#[derive(Debug)]
pub struct Walk {
    /// A session of its own, past any pooler.
    pub connection: PgConnection,
    /// The site.
    pub site: Site,
    /// Whether an upgrade is on trial: then no other job runs, and every queue
    /// can be asked for its worker.
    pub on_trial: bool,
    /// For all steps together.
    pub timeout: Duration,
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The site did not do as it should.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No job could be enqueued.
    #[error(transparent)]
    Enqueue(#[from] crate::queue::enqueue::EnqueueError),
    /// The visitor's password cannot be hashed.
    #[error(transparent)]
    Password(#[from] crate::auth::password::PasswordError),
    /// The visitor has no password.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// Two walks would remove each other's things.
    #[error("another self-test is running; wait until it is over")]
    Another,
    /// What was written is not what is read.
    #[error("what was written is not there: the product {sku} is missing from the vendor's export")]
    Lost {
        /// Its article number.
        sku: String,
    },
    /// No worker takes the queue's jobs.
    #[error(
        "no worker has taken the job of the queue {queue} in time; look at wizamart-worker@{queue}"
    )]
    NotTaken {
        /// The queue.
        queue: String,
    },
    /// A worker has it and does not come to an end.
    #[error("the job of the queue {queue} was not finished in time")]
    NotFinished {
        /// The queue.
        queue: String,
    },
    /// It was tried.
    #[error("the job of the queue {queue} failed: {error}")]
    JobFailed {
        /// The queue.
        queue: String,
        /// What the worker noted.
        error: String,
    },
    /// Nobody would take a job.
    #[error("every queue is paused; resume one with `wizamart jobs resume QUEUE`")]
    AllPaused,
    /// The time is over.
    #[error("not done when the time for the self-test ({0:?}) was over")]
    Late(Duration),
    /// Someone wants the program to end.
    #[error("stopped from outside")]
    Stopped,
}

/// Takes the walk; `told` hears of each step as it ends.
pub async fn run(mut walk: Walk, shutdown: &Shutdown, told: impl FnMut(&report::Step)) -> Report {
    let mut steps = Steps::new(walk.timeout, shutdown.clone(), told);
    let began = OffsetDateTime::now_utc();
    let locked = steps.step("left-overs", begin(&mut walk.connection)).await;
    if locked.is_some() {
        visit(&mut walk, &mut steps).await;
        // The clock may have been set back meanwhile.
        let clearing = clear(&mut walk.connection, began.max(OffsetDateTime::now_utc()));
        steps.last("clear", CLEARING, clearing).await;
    }
    if let Err(error) = walk.connection.close().await {
        tracing::debug!("the database was gone first: {error}");
    }
    steps.report()
}

/// Makes sure to be the only one, and removes what killed ones have left.
async fn begin(connection: &mut PgConnection) -> Result<(), StepError> {
    let began = Instant::now();
    while !rows::lock(&mut *connection).await? {
        if began.elapsed() > FAREWELL {
            return Err(StepError::Another);
        }
        tokio::time::sleep(FAREWELL / 20).await;
    }
    let removed = clear(connection, OffsetDateTime::now_utc()).await?;
    if removed > 0 {
        tracing::warn!(
            removed,
            "an earlier self-test was killed; its things are gone"
        );
    }
    Ok(())
}

async fn clear(connection: &mut PgConnection, before: OffsetDateTime) -> Result<u64, StepError> {
    // Its own rows may be of this very moment.
    let before = before + time::Duration::SECOND;
    let vendors = rows::remove(&mut *connection, before).await?;
    let jobs = rows::remove_jobs(connection, SelfTest::KIND, before).await?;
    Ok(vendors + jobs)
}

/// The steps that need each other; the first failure is the last step.
async fn visit<T: FnMut(&report::Step)>(walk: &mut Walk, steps: &mut Steps<T>) -> Option<()> {
    let site = &walk.site;
    steps.step("ready", site.ready()).await?;
    let connection = &mut walk.connection;
    let visitor = steps.step("account", Visitor::make(connection)).await?;
    let token = steps.step("login", visitor.log_in(site)).await?;
    let product = steps.step("write", visitor.write(site, &token)).await?;
    steps
        .step("read", visitor.read(site, &token, &product))
        .await?;
    let asked = jobs::queues(connection, walk.on_trial);
    let queues = steps.step("queues", asked).await?;
    for queue in queues {
        let patience = steps.left();
        let done = jobs::run(connection, queue, patience);
        steps.step(&format!("job {queue}"), done).await?;
    }
    steps
        .step("delete", visitor.delete(site, &token, &product))
        .await
}
