//! Visitors who come at a constant rate, whatever becomes of those before, each
//! with a connection of their own; and what they were answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use onebox_vm::https::Client;

/// Longer than an upgrade takes in an emulated box.
const PATIENCE: Duration = Duration::from_secs(600);

/// They come.
#[derive(Debug)]
pub struct Visitors {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<JoinHandle<Visit>>>,
}

#[derive(Debug)]
struct Visit {
    waited: Duration,
    /// The status, or why there was none.
    answer: Result<u16, String>,
}

/// What became of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visited {
    /// So many came.
    pub came: usize,
    /// Refused, cut off, or answered that the server has a fault.
    pub failed: Vec<String>,
    /// The longest that one waited for an answer.
    pub longest: Duration,
}

impl Visitors {
    /// One comes every `interval` and asks for `path`.
    #[must_use]
    pub fn start(client: &Client, path: &'static str, interval: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let client = client.clone().limit(PATIENCE);
        let thread = thread::spawn(move || {
            let begun = Instant::now();
            let mut visits = Vec::new();
            for number in 1_u32.. {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let client = client.clone();
                visits.push(thread::spawn(move || {
                    let begun = Instant::now();
                    let answer = client.get(path, None);
                    Visit {
                        waited: begun.elapsed(),
                        answer: answer
                            .map(|answer| answer.status)
                            .map_err(|error| error.to_string()),
                    }
                }));
                let next = begun + interval * number;
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            visits
        });
        Self { stop, thread }
    }

    /// No more come, and those that wait are waited for.
    ///
    /// # Panics
    /// When a client itself broke.
    #[must_use]
    pub fn finish(self) -> Visited {
        self.stop.store(true, Ordering::Relaxed);
        let visits = self.thread.join().expect("the visitors' thread");
        let mut visited = Visited {
            came: visits.len(),
            failed: Vec::new(),
            longest: Duration::ZERO,
        };
        for visit in visits {
            let visit = visit.join().expect("a visitor's thread");
            visited.longest = visited.longest.max(visit.waited);
            match visit.answer {
                Ok(status) if status < 500 => {}
                Ok(status) => visited.failed.push(status.to_string()),
                Err(why) => visited
                    .failed
                    .push(format!("{why}, after {:.1} s", visit.waited.as_secs_f64())),
            }
        }
        visited
    }
}
