//! The rules about time.

use super::*;
use proptest::prelude::*;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn lifetime(whole: Duration) -> Lifetime {
    Lifetime {
        not_before: NOW,
        not_after: NOW + whole,
    }
}

#[test]
fn a_third_is_left_when_the_latest_moment_comes_and_half_of_a_short_one() {
    let days = |days| lifetime(Duration::days(days)).floor() - NOW;
    assert_eq!(days(90), Duration::days(60));
    assert_eq!(days(45), Duration::days(30));
    assert_eq!(days(6), Duration::days(3));
    assert_eq!(
        lifetime(Duration::hours(160)).floor() - NOW,
        Duration::hours(80)
    );
}

#[test]
fn the_drawn_moment_stays_while_the_window_holds_it() {
    let window = (NOW + Duration::days(10), NOW + Duration::days(20));
    let first = Suggestion::take(None, window, None, 0.25).unwrap();
    assert_eq!(first.chosen, NOW + Duration::hours(300));
    let again = Suggestion::take(Some(&first), window, None, 0.9).unwrap();
    assert_eq!(again.chosen, first.chosen);
    // An authority that must revoke moves the window into the past.
    let past = (NOW - Duration::days(2), NOW - Duration::days(1));
    let urgent = Suggestion::take(Some(&first), past, Some("why".into()), 0.5).unwrap();
    assert!(urgent.chosen < NOW);
    let (at, why) = renew_at(lifetime(Duration::days(90)), Some(&urgent));
    assert!(at < NOW && why.ends_with("why"));
    assert_eq!(Suggestion::take(None, (NOW, NOW), None, 0.5), None);
}

#[test]
fn a_suggestion_later_than_the_last_moment_is_not_waited_for() {
    let late = (NOW + Duration::days(80), NOW + Duration::days(89));
    let late = Suggestion::take(None, late, None, 0.0).unwrap();
    let whole = lifetime(Duration::days(90));
    assert_eq!(renew_at(whole, Some(&late)).0, whole.floor());
    assert_eq!(renew_at(whole, None).0, whole.floor());
}

#[test]
fn waits_grow_and_nobody_can_make_them_longer_than_a_day() {
    let minutes = |failures| wait_after(failures, None).whole_minutes();
    assert_eq!([1, 2, 3, 4, 99].map(minutes), [1, 10, 100, 1440, 1440]);
    let hostile = wait_after(1, Some(Duration::MAX));
    assert_eq!(hostile, Duration::hours(24));
    assert_eq!(wait_after(2, Some(Duration::hours(3))), Duration::hours(3));
    assert_eq!(sane(NOW + LONGEST_WAIT, NOW), NOW + LONGEST_WAIT);
    assert_eq!(sane(NOW + Duration::days(4000), NOW), NOW);
    let asked = ask_again(NOW, Some(Duration::days(4000))) - NOW;
    assert_eq!(asked, Duration::hours(6));
    assert_eq!(
        ask_again(NOW, Some(Duration::ZERO)) - NOW,
        Duration::hours(1)
    );
}

#[test]
fn the_fifth_failure_of_an_hour_waits_for_the_first_to_be_an_hour_old() {
    let at = |minutes| NOW + Duration::minutes(minutes);
    let now = at(59);
    assert_eq!(may_fail_again(&[at(0), at(1), at(11)], now), None);
    let four = [at(0), at(1), at(11), at(50)];
    assert_eq!(may_fail_again(&four, now), Some(at(60) + Duration::SECOND));
    assert_eq!(may_fail_again(&four, at(61)), None);
}

proptest! {
    #[test]
    fn never_later_than_the_last_moment_and_always_inside_the_window(
        hours in 1_i64..20_000, start in -1000_i64..20_000, length in 1_i64..2000, random in 0.0..1.0_f64
    ) {
        let whole = lifetime(Duration::hours(hours));
        let window = (NOW + Duration::hours(start), NOW + Duration::hours(start + length));
        let suggestion = Suggestion::take(None, window, None, random).unwrap();
        prop_assert!((window.0..=window.1).contains(&suggestion.chosen));
        let (at, _) = renew_at(whole, Some(&suggestion));
        prop_assert!(at <= whole.floor() && whole.floor() < whole.not_after);
    }

    #[test]
    fn whoever_waits_as_told_never_fails_five_times_in_an_hour(
        gaps in prop::collection::vec(0_i64..1200, 1..60)
    ) {
        let mut failed: Vec<OffsetDateTime> = Vec::new();
        let mut now = NOW;
        for gap in gaps {
            now += Duration::seconds(gap);
            if let Some(at) = may_fail_again(&failed, now) {
                now = at;
            }
            prop_assert_eq!(may_fail_again(&failed, now), None);
            failed.push(now);
            let recent = failed.iter().filter(|at| now - **at <= Duration::hours(1)).count();
            prop_assert!(recent <= FAILURES_PER_HOUR, "{}", recent);
        }
    }
}
