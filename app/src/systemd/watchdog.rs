//! Proof of life. The pings come from a task of the runtime that serves: when
//! that hangs, they stop, and systemd restarts the process.

use super::notify;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// Pings at half the interval systemd asks for, if it asks.
pub fn start() {
    let Some(interval) = interval() else { return };
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(interval / 2);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            notify::watchdog();
        }
    });
}

fn interval() -> Option<Duration> {
    let micros: u64 = std::env::var("WATCHDOG_USEC").ok()?.parse().ok()?;
    let for_us =
        std::env::var("WATCHDOG_PID").map_or(true, |pid| pid == std::process::id().to_string());
    (for_us && micros > 0).then(|| Duration::from_micros(micros))
}
