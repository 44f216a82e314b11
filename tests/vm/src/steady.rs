//! A client that opens a new TLS connection at a constant rate, whatever became
//! of the ones before: what a restart costs its users is what it counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use onebox_vm::https::Client;

/// A client at work.
#[derive(Debug)]
pub struct Steady {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Tally>,
}

/// What became of the requests.
#[derive(Debug, Default)]
pub struct Tally {
    /// Answers with status 200.
    pub answered: usize,
    /// Everything else, in words.
    pub failures: Vec<String>,
    /// The slowest answer.
    pub slowest: Duration,
}

impl Steady {
    /// Asks for `path` every `interval`, each time on a connection of its own.
    #[must_use]
    pub fn start(client: &Client, path: &'static str, interval: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        // A slow answer is fine; an answer must come.
        let client = client.clone().limit(Duration::from_secs(120));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let begun = Instant::now();
            let mut asked = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let client = client.clone();
                asked.push(thread::spawn(move || ask(&client, path, begun)));
                let next = begun + interval * u32::try_from(asked.len()).unwrap_or(u32::MAX);
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            let mut tally = Tally::default();
            for one in asked {
                tally.add(one.join().expect("a request's thread"));
            }
            tally
        });
        Self { stop, thread }
    }

    /// Stops asking, waits for the last answers and counts.
    ///
    /// # Panics
    /// When the client itself broke.
    #[must_use]
    pub fn finish(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the client's thread")
    }
}

impl Tally {
    fn add(&mut self, (took, failure): (Duration, Option<String>)) {
        match failure {
            None => self.answered += 1,
            Some(failure) => self.failures.push(failure),
        }
        self.slowest = self.slowest.max(took);
    }
}

fn ask(client: &Client, path: &str, begun: Instant) -> (Duration, Option<String>) {
    let (at, start) = (begun.elapsed(), Instant::now());
    let failure = match client.get(path, None) {
        Ok(answer) if answer.status == 200 => None,
        Ok(answer) => Some(format!(
            "at {at:.1?}: status {}: {}",
            answer.status,
            answer.text()
        )),
        Err(error) => Some(format!("at {at:.1?}: {error}")),
    };
    (start.elapsed(), failure)
}
