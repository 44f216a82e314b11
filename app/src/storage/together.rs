//! Questions that come while others are being answered are asked together.
//!
//! A query of one row costs its way there and back: a connection from the pool,
//! a message each way, and PostgreSQL's setting up of the statement. Reading the
//! row is the least of it. So whoever comes first asks at once, and whoever comes
//! meanwhile is asked for in one statement as soon as an answer is there. Nobody
//! waits on purpose, and every answer was read after its question was put.

use super::StorageError;
use futures_util::future::BoxFuture;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The statement for many failed, and so did each of them.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct Failed(Arc<StorageError>);

impl Failed {
    /// What the database said.
    #[must_use]
    pub fn storage(&self) -> &StorageError {
        &self.0
    }
}

type Answers<V> = BoxFuture<'static, Result<Vec<V>, StorageError>>;
type Asking<Q, V> = dyn Fn(Vec<Q>) -> Answers<V> + Send + Sync;
type Waiting<Q, V> = (Q, oneshot::Sender<Result<V, Failed>>);

/// One kind of question. Cheap to clone.
pub struct Together<Q, V> {
    ask: Arc<Asking<Q, V>>,
    state: Arc<Mutex<State<Q, V>>>,
    batches: Batches,
}

/// How questions are put together.
#[derive(Clone, Copy, Debug)]
pub struct Batches {
    /// At most so many questions in one statement.
    pub most: usize,
    /// At most so many statements at once.
    pub side_by_side: usize,
}

struct State<Q, V> {
    waiting: Vec<Waiting<Q, V>>,
    running: usize,
}

impl<Q: Send + 'static, V: Send + 'static> Together<Q, V> {
    /// Questions that `ask` answers, each at its place.
    pub fn new(
        batches: Batches,
        ask: impl Fn(Vec<Q>) -> Answers<V> + Send + Sync + 'static,
    ) -> Self {
        Self {
            ask: Arc::new(ask),
            state: Arc::new(Mutex::new(State {
                waiting: Vec::new(),
                running: 0,
            })),
            batches,
        }
    }

    /// The answer to one question. Needs a runtime.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, question: Q) -> Result<V, Failed> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.lock();
            state.waiting.push((question, sender));
            if state.running < self.batches.side_by_side {
                state.running += 1;
                // A task of its own: whoever asked first may go away.
                tokio::spawn(self.clone().answer());
            }
        }
        receiver.await.unwrap_or_else(|_| {
            // The task is gone, and the runtime with it.
            let source = sqlx::Error::WorkerCrashed;
            let action = "wait for an answer";
            Err(Failed(Arc::new(StorageError { action, source })))
        })
    }

    async fn answer(self) {
        let mut turn = Turn {
            of: &self,
            over: false,
        };
        while let Some((questions, senders)) = turn.next() {
            match (self.ask)(questions).await {
                Ok(answers) => {
                    for (sender, answer) in senders.into_iter().zip(answers) {
                        // Whoever no longer waits has gone.
                        let _ = sender.send(Ok(answer));
                    }
                }
                Err(error) => {
                    let failed = Failed(Arc::new(error));
                    for sender in senders {
                        let _ = sender.send(Err(failed.clone()));
                    }
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<Q, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that asks; it is counted until it finds nothing or is dropped.
struct Turn<'a, Q: Send + 'static, V: Send + 'static> {
    of: &'a Together<Q, V>,
    over: bool,
}

impl<Q: Send + 'static, V: Send + 'static> Turn<'_, Q, V> {
    /// What waits, with those who wait for it.
    #[expect(clippy::type_complexity, reason = "two lists that belong together")]
    fn next(&mut self) -> Option<(Vec<Q>, Vec<oneshot::Sender<Result<V, Failed>>>)> {
        let mut state = self.of.lock();
        let many = state.waiting.len().min(self.of.batches.most);
        if many == 0 {
            state.running -= 1;
            self.over = true;
            return None;
        }
        Some(state.waiting.drain(..many).unzip())
    }
}

impl<Q: Send + 'static, V: Send + 'static> Drop for Turn<'_, Q, V> {
    fn drop(&mut self) {
        // A panic in the statement: the next question starts anew.
        if !self.over {
            self.of.lock().running -= 1;
        }
    }
}

impl<Q, V> Clone for Together<Q, V> {
    fn clone(&self) -> Self {
        Self {
            ask: Arc::clone(&self.ask),
            state: Arc::clone(&self.state),
            batches: self.batches,
        }
    }
}

impl<Q, V> fmt::Debug for Together<Q, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together")
            .field("batches", &self.batches)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use futures_util::future::join_all;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const BATCHES: Batches = Batches {
        most: 50,
        side_by_side: 2,
    };

    fn doubling(statements: &Arc<AtomicUsize>) -> Together<u64, u64> {
        let statements = Arc::clone(statements);
        Together::new(BATCHES, move |questions: Vec<u64>| {
            statements.fetch_add(1, Ordering::Relaxed);
            async move {
                tokio::task::yield_now().await;
                if questions.contains(&13) {
                    let source = sqlx::Error::PoolTimedOut;
                    let action = "double thirteen";
                    return Err(StorageError { action, source });
                }
                Ok(questions.iter().map(|n| n * 2).collect())
            }
            .boxed()
        })
    }

    #[tokio::test]
    async fn everybody_gets_the_answer_to_their_own_question() {
        let statements = Arc::default();
        let together = doubling(&statements);
        let asked = (100..1100).map(|n| together.find(n));
        let answers = join_all(asked).await;
        for (n, answer) in (100..1100).zip(answers) {
            assert_eq!(answer.unwrap(), n * 2);
        }
        // All of them wait before the first task runs, so none goes half full.
        assert_eq!(statements.load(Ordering::Relaxed), 20);
    }

    #[tokio::test]
    async fn a_failure_is_everybodys_and_does_not_last() {
        let together = doubling(&Arc::default());
        let answers = join_all([13, 13].map(|n| together.find(n))).await;
        assert!(answers.iter().all(Result::is_err));
        assert_eq!(together.find(4).await.unwrap(), 8);
    }

    #[tokio::test]
    async fn who_goes_away_takes_nobody_along() {
        let together = doubling(&Arc::default());
        let mut first = Box::pin(together.find(1));
        assert!(first.as_mut().now_or_never().is_none());
        let second = together.find(2);
        drop(first);
        assert_eq!(second.await.unwrap(), 4);
    }

    #[tokio::test]
    async fn a_panic_in_a_statement_fails_it_and_no_later_one() {
        let together = Together::new(BATCHES, |questions: Vec<u64>| {
            async move {
                assert!(!questions.contains(&13), "unlucky");
                Ok(questions)
            }
            .boxed()
        });
        assert!(together.find(13).await.is_err());
        assert_eq!(together.find(1).await.unwrap(), 1);
    }
}
