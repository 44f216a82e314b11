//! Says how far the downloads are: a bar on a terminal, a line now and then
//! elsewhere (logs of a build server should not fill with control characters).

use std::{
    io::IsTerminal as _,
    sync::Mutex,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// Time between two plain lines.
const EVERY: Duration = Duration::from_secs(5);

/// Progress of a known number of files and bytes.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    plain: Option<Mutex<Plain>>,
    files: u64,
}

#[derive(Debug)]
struct Plain {
    bytes: i64,
    done: u64,
    begun: Instant,
    last: Instant,
}

impl Progress {
    /// Starts counting.
    pub(crate) fn new(files: u64, bytes: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = if terminal {
            ProgressBar::new(bytes)
        } else {
            ProgressBar::hidden()
        };
        bar.set_length(bytes);
        if let Ok(style) = ProgressStyle::with_template(
            "{msg:>9} [{bar:32}] {bytes}/{total_bytes} {bytes_per_sec} ETA {eta}",
        ) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(format!("0/{files}"));
        let now = Instant::now();
        let plain = (!terminal).then(|| {
            Mutex::new(Plain {
                bytes: 0,
                done: 0,
                begun: now,
                last: now,
            })
        });
        Self { bar, plain, files }
    }

    /// Bytes came in (or, when negative, were thrown away).
    pub(crate) fn bytes(&self, count: i64) {
        match &self.plain {
            None if count < 0 => self.bar.dec(count.unsigned_abs()),
            None => self.bar.inc(count.unsigned_abs()),
            Some(plain) => self.line(plain, |plain| plain.bytes += count),
        }
    }

    /// So many files are complete.
    pub(crate) fn files(&self, done: u64) {
        match &self.plain {
            None => self.bar.set_message(format!("{done}/{}", self.files)),
            Some(plain) => self.line(plain, |plain| plain.done = done),
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, plain: &Mutex<Plain>, change: impl FnOnce(&mut Plain)) {
        // A thread that panicked while printing does not spoil the count.
        let mut plain = plain
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        change(&mut plain);
        if plain.last.elapsed() >= EVERY {
            plain.last = Instant::now();
            let megabytes = plain.bytes as f64 / 1e6;
            eprintln!(
                "  {} of {} files, {megabytes:.0} of {:.0} MB, {:.1} MB/s",
                plain.done,
                self.files,
                self.bar.length().unwrap_or_default() as f64 / 1e6,
                megabytes / plain.begun.elapsed().as_secs_f64().max(0.001),
            );
        }
    }
}
