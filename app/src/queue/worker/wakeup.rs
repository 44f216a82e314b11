//! Hears of new jobs, and of what an operator changed, the moment it is
//! committed. The connection may be
//! lost, and with it notifications: after every (re)connect the worker looks
//! for itself, and it polls anyway.

use super::Shared;
use sqlx::postgres::PgListener;
use std::sync::Arc;
use std::time::Duration;

/// The channel `storage/sql/jobs/insert.sql` notifies; the payload is a queue.
const JOBS: &str = "wizamart_jobs";
/// The channel of cancellations and pauses; the payload is a queue.
const CONTROL: &str = "wizamart_control";

pub(super) async fn run(shared: Arc<Shared>) {
    loop {
        if let Err(error) = listen(&shared).await {
            tracing::warn!("cannot listen for new jobs: {error}; polling meanwhile");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Looks for work whenever a hold is over: what was held calls nobody.
pub(super) async fn after_holds(shared: Arc<Shared>) {
    loop {
        shared.services.hold.begun().await;
        shared.services.hold.over().await;
        shared.wake.notify_one();
        shared.control.notify_one();
    }
}

async fn listen(shared: &Shared) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(&shared.services.sessions).await?;
    listener.listen_all([JOBS, CONTROL]).await?;
    loop {
        shared.wake.notify_one();
        // `None` means the connection was lost and is there again.
        while let Some(notification) = listener.try_recv().await? {
            let queue = notification.payload();
            let mut mine = shared.options.queues.iter();
            if mine.any(|mine| mine.as_str() == queue) {
                match notification.channel() {
                    CONTROL => shared.control.notify_one(),
                    _ => shared.wake.notify_one(),
                }
            }
        }
    }
}
