//! How long a failed job waits: attempt⁴ seconds, so that a hiccup costs a
//! second and an outage of days is still outlived, with jitter, so that what
//! failed together does not return together.

use time::Duration;

/// The wait after the given attempt (from 1). `roll` is a random number in
/// `0.0..1.0`; it adds up to a tenth and a second.
#[must_use]
pub fn delay(attempt: i32, roll: f64) -> Duration {
    let attempt = f64::from(attempt.max(1));
    let seconds = attempt.powi(4);
    Duration::seconds_f64(seconds + roll * (seconds / 10.0 + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_with_the_fourth_power() {
        assert_eq!(delay(1, 0.0), Duration::seconds(1));
        assert_eq!(delay(3, 0.0), Duration::seconds(81));
        assert_eq!(delay(25, 0.0), Duration::seconds(390_625));
    }

    #[test]
    fn jitter_only_adds_and_stays_within_its_bound() {
        for attempt in 1..=25 {
            let (least, most) = (delay(attempt, 0.0), delay(attempt, 0.999_999));
            assert!(least < most);
            assert!(most <= least * 1.1 + Duration::seconds(1));
        }
    }

    #[test]
    fn an_attempt_that_never_was_waits_like_the_first() {
        assert_eq!(delay(0, 0.0), delay(1, 0.0));
    }
}
