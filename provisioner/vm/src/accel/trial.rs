//! Judges the first boot of a box under an accelerator that ran a tiny guest
//! and not yet a kernel. Pure: what is seen goes in, the verdict comes out.

use std::time::Duration;

use crate::serial::{Phase, phase};

/// A kernel under KVM needs a second or two and says nothing meanwhile; on a
/// machine that is ten times overloaded it stays within this.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A guest that starts over and over shows signs of life for ever.
pub const LIMIT: Duration = Duration::from_secs(180);

/// What can be seen of a guest from outside.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// Its serial log so far.
    pub log: &'a str,
    /// QEMU's name for its state; `None` when QEMU has ended.
    pub run_state: Option<&'a str>,
}

/// What is known of the accelerator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet.
    Open,
    /// Its kernel reached userspace.
    Proven,
    /// It did not, and why.
    Refuted(String),
}

/// A trial under way.
#[derive(Clone, Debug)]
pub struct Trial {
    patience: Duration,
    limit: Duration,
    /// Length of the log when it last grew, and when that was.
    seen: usize,
    seen_at: Duration,
}

impl Trial {
    /// A trial that allows `patience` between signs of life and `limit` in all.
    #[must_use]
    pub fn new(patience: Duration, limit: Duration) -> Self {
        Self {
            patience,
            limit,
            seen: 0,
            seen_at: Duration::ZERO,
        }
    }

    /// What is known after this was seen `at` this time since the start.
    pub fn observe(&mut self, at: Duration, sight: Sight<'_>) -> Verdict {
        let phase = phase(sight.log);
        if phase >= Phase::Userspace {
            return Verdict::Proven;
        }
        match sight.run_state {
            Some("running") => {}
            Some("internal-error") => {
                return Verdict::Refuted(format!("KVM gave up in the {phase} stage"));
            }
            Some(state) => {
                return Verdict::Refuted(format!("QEMU is in state {state} in the {phase} stage"));
            }
            None => return Verdict::Refuted(format!("QEMU ended in the {phase} stage")),
        }
        if sight.log.len() != self.seen {
            (self.seen, self.seen_at) = (sight.log.len(), at);
        }
        if at.saturating_sub(self.seen_at) >= self.patience {
            let seconds = self.patience.as_secs();
            return Verdict::Refuted(format!(
                "no sign of life for {seconds} s in the {phase} stage"
            ));
        }
        if at >= self.limit {
            let seconds = self.limit.as_secs();
            return Verdict::Refuted(format!("still in the {phase} stage after {seconds} s"));
        }
        Verdict::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRUB: &str = "Onebox: starting slot A\r\n";

    fn running(log: &str) -> Sight<'_> {
        Sight {
            log,
            run_state: Some("running"),
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn trial() -> Trial {
        Trial::new(seconds(60), seconds(180))
    }

    #[test]
    fn userspace_proves_it_even_when_the_machine_has_ended_since() {
        let log = format!("{GRUB}Welcome to Onebox!\r\n");
        assert_eq!(trial().observe(seconds(1), running(&log)), Verdict::Proven);
        let ended = Sight {
            log: &log,
            run_state: None,
        };
        assert_eq!(trial().observe(seconds(500), ended), Verdict::Proven);
    }

    #[test]
    fn a_silent_kernel_is_given_its_time_and_no_more() {
        let mut trial = trial();
        assert_eq!(
            trial.observe(seconds(50), running("SeaBIOS")),
            Verdict::Open
        );
        // What GRUB says is a sign of life: its minute begins here.
        assert_eq!(trial.observe(seconds(55), running(GRUB)), Verdict::Open);
        assert_eq!(trial.observe(seconds(114), running(GRUB)), Verdict::Open);
        let Verdict::Refuted(reason) = trial.observe(seconds(115), running(GRUB)) else {
            panic!("a minute of silence is not a boot");
        };
        assert_eq!(reason, "no sign of life for 60 s in the kernel stage");
    }

    #[test]
    fn a_firmware_that_never_speaks_is_not_waited_for() {
        let verdict = trial().observe(seconds(60), running(""));
        assert!(matches!(verdict, Verdict::Refuted(reason) if reason.contains("firmware")));
    }

    #[test]
    fn a_kernel_that_starts_over_and_over_is_not_watched_for_ever() {
        let mut trial = trial();
        let mut log = String::new();
        let mut last = Verdict::Open;
        for second in (0..=180).step_by(10) {
            assert_eq!(last, Verdict::Open, "before {second} s");
            log.push_str(GRUB);
            last = trial.observe(seconds(second), running(&log));
        }
        assert!(matches!(last, Verdict::Refuted(reason) if reason.contains("180 s")));
    }

    #[test]
    fn a_guest_that_no_longer_runs_is_refuted_at_once() {
        for (state, told) in [
            (Some("internal-error"), "KVM gave up in the kernel stage"),
            (Some("guest-panicked"), "state guest-panicked"),
            (None, "QEMU ended in the kernel stage"),
        ] {
            let sight = Sight {
                log: GRUB,
                run_state: state,
            };
            let Verdict::Refuted(reason) = trial().observe(seconds(1), sight) else {
                panic!("{state:?} is not running");
            };
            assert!(reason.contains(told), "{reason}");
        }
    }
}
