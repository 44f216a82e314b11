//! Shows how a start goes: a spinner on a terminal, a line for each new phase
//! elsewhere.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A start being watched, on stderr.
pub(crate) struct Progress {
    begun: Instant,
    spinner: Option<ProgressBar>,
    last: String,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let spinner = io::stderr().is_terminal().then(|| {
            let spinner = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                spinner.set_style(style);
            }
            spinner.enable_steady_tick(Duration::from_millis(120));
            spinner
        });
        Self {
            begun: Instant::now(),
            spinner,
            last: String::new(),
        }
    }

    /// Tells what is going on now; the same again is not told twice.
    pub(crate) fn now(&mut self, what: &str) {
        if what == self.last {
            return;
        }
        let seconds = self.begun.elapsed().as_secs();
        match &self.spinner {
            Some(spinner) => {
                if !self.last.is_empty() {
                    spinner.println(format!("  {seconds:>4} s  {} done", self.last));
                }
                spinner.set_message(what.to_owned());
            }
            None => eprintln!("  {seconds:>4} s  {what}"),
        }
        what.clone_into(&mut self.last);
    }

    /// Seconds since the start.
    pub(crate) fn seconds(&self) -> u64 {
        self.begun.elapsed().as_secs()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
    }
}
