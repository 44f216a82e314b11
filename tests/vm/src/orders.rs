//! Orders that are placed at a constant rate until the box is gone, and which
//! of them were acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::App;

/// A client at work.
#[derive(Debug)]
pub struct Orders {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Acknowledged>>,
}

/// An order that the box said it has.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    /// Its id.
    pub id: i64,
    /// When the answer was here.
    pub at: Instant,
}

impl Orders {
    /// Places one every `interval`, of the products in turn. A box that does not
    /// answer any more is asked on.
    ///
    /// # Panics
    /// When nothing is on sale.
    #[must_use]
    pub fn start(app: &App, interval: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let products = app.products();
        assert!(!products.is_empty(), "nothing is on sale");
        let (app, stopped) = (app.clone(), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            let begun = Instant::now();
            let mut acknowledged = Vec::new();
            for (number, product) in (1..).zip(products.into_iter().cycle()) {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                match app.order(product) {
                    Ok(id) => acknowledged.push(Acknowledged {
                        id,
                        at: Instant::now(),
                    }),
                    Err(why) => println!("no order: {why}"),
                }
                let next = begun + interval * number;
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            acknowledged
        });
        Self { stop, thread }
    }

    /// Places no more; what was acknowledged, oldest first.
    ///
    /// # Panics
    /// When the client itself broke.
    #[must_use]
    pub fn finish(self) -> Vec<Acknowledged> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the orders' thread")
    }
}
