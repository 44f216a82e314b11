//! Hears of changed flags. Lives as long as the process.

use super::Flags;
use super::shared::CHANNEL;
use futures_util::StreamExt;
use std::time::Duration;

pub(super) async fn run(flags: Flags) {
    let inner = flags.0;
    loop {
        if let Ok(mut connection) = inner.cache.subscriber().await
            && connection.subscribe(CHANNEL).await.is_ok()
        {
            inner.remembered.set_hearing(true);
            let mut changes = connection.on_message();
            while changes.next().await.is_some() {
                inner.remembered.clear();
            }
            inner.remembered.set_hearing(false);
            tracing::debug!("changes of flags are not heard of; asking each time meanwhile");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
