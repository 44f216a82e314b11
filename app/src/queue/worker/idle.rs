//! What a worker does when nothing is due.
//!
//! PostgreSQL commits transactions that notify one after the other, so that
//! enqueueing must notify rarely: only when a worker sleeps. A worker with
//! nothing to do therefore first looks again and again for a while, and only
//! then says that it sleeps. A transaction that was begun before that and
//! commits after it does not notify; for those it looks a few times more, at
//! growing distances, before it relies on being woken and on its poll.

use super::Shared;
use crate::storage::workers;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Between two looks of a worker that is awake.
pub(super) const BREATH: Duration = Duration::from_millis(5);
/// A worker without work stays awake for this long.
const LINGER: Duration = Duration::from_millis(100);
/// Looks of one that has just fallen asleep.
const STIRS: [Duration; 4] = [
    Duration::from_millis(25),
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1_600),
];

/// How to go on when nothing came.
pub(super) enum Rest {
    /// Look after this time.
    For(Duration),
    /// The worker has said that it sleeps: look once more, then rest.
    AfterAnotherLook(Duration),
}

/// How long a worker has been without work.
#[derive(Debug, Default)]
pub(super) struct Idle {
    since: Option<Instant>,
    /// Looks since it fell asleep; `None` while it is awake.
    asleep: Option<usize>,
    /// Saying that it is awake, while that is under way.
    waking: Option<JoinHandle<()>>,
}

impl Idle {
    /// A look brought something.
    pub(super) fn something_came(&mut self, shared: &Arc<Shared>) {
        self.since = None;
        if self.asleep.take().is_some() {
            // The jobs need not wait for it: until it is said, enqueueing
            // merely notifies more than it must.
            let shared = Arc::clone(shared);
            self.waking = Some(tokio::spawn(async move {
                if let Err(error) = workers::wakes(&shared.pool, shared.id).await {
                    tracing::debug!("{error}");
                }
            }));
        }
    }

    /// A look brought nothing.
    pub(super) async fn nothing_came(&mut self, shared: &Shared) -> Rest {
        let since = *self.since.get_or_insert_with(Instant::now);
        if self.asleep.is_none() && since.elapsed() < LINGER {
            return Rest::For(BREATH);
        }
        let looks = self.asleep.map_or(0, |looks| looks.saturating_add(1));
        self.asleep = Some(looks);
        let poll = shared.options.poll;
        match STIRS.get(looks) {
            // Said once when it falls asleep, and then with each poll.
            Some(stir) if looks > 0 => Rest::For(*stir),
            stir => {
                self.say_asleep(shared).await;
                Rest::AfterAnotherLook(stir.copied().unwrap_or(poll))
            }
        }
    }

    async fn say_asleep(&mut self, shared: &Shared) {
        if let Some(waking) = self.waking.take() {
            // Said in the wrong order, it would sleep unheard.
            let _over = waking.await;
        }
        // Beyond the next time it is said, and not for ever should it die.
        let until = shared.clock.now() + 2 * shared.options.poll + Duration::from_secs(5);
        let names = shared.options.names();
        if let Err(error) = workers::sleeps(&shared.pool, shared.id, &names, until).await {
            tracing::debug!("{error}; polling instead");
        }
    }
}
