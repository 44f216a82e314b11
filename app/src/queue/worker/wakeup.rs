//! Hears of new jobs the moment they are committed. The connection may be
//! lost, and with it notifications: after every (re)connect the worker looks
//! for itself, and it polls anyway.

use super::Shared;
use sqlx::postgres::PgListener;
use std::sync::Arc;
use std::time::Duration;

/// The channel `storage/sql/jobs/insert.sql` notifies.
const CHANNEL: &str = "wizamart_jobs";

pub(super) async fn run(shared: Arc<Shared>) {
    loop {
        if let Err(error) = listen(&shared).await {
            tracing::warn!("cannot listen for new jobs: {error}; polling meanwhile");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn listen(shared: &Shared) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(&shared.pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        shared.wake.notify_one();
        // `None` means the connection was lost and is there again.
        while let Some(notification) = listener.try_recv().await? {
            let queue = notification.payload();
            if shared
                .options
                .queues
                .iter()
                .any(|mine| mine.as_str() == queue)
            {
                shared.wake.notify_one();
            }
        }
    }
}
