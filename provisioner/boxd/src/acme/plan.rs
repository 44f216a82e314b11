//! What to do now: decided from what is wanted, what there is and what happened
//! before. Nothing is done here.

use super::schedule::{self, Lifetime};
use super::state::State;
use crate::pair::Facts;
use onebox_api::certificates::Haste;
use onebox_model::Config;
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// After so many failures in a row of an authority's servers the next one is
/// asked.
const FAILURES_BEFORE_NEXT: u32 = 3;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Nothing before this moment; `None` when nothing at all is to be expected.
    Wait(Option<OffsetDateTime>),
    /// A certificate for these names, and why.
    Order { names: Vec<String>, why: String },
}

/// Every name that a certificate is wanted for.
pub(crate) fn wanted(config: &Config) -> Vec<String> {
    let addresses = config.acme.ip_addresses();
    let addresses = addresses.iter().map(ToString::to_string);
    config
        .web
        .domains
        .iter()
        .cloned()
        .chain(addresses)
        .collect()
}

/// Why the box gets no certificates by itself, if so.
pub(crate) fn off(config: &Config) -> Option<String> {
    let why = if !config.acme.enabled {
        "acme.enabled is false"
    } else if wanted(config).is_empty() {
        "web.domains is empty: write the names of this box there to get a certificate for them"
    } else if !config.acme.terms_agreed {
        "acme.terms_agreed is not set: read the authority's terms and set it to true to get a certificate"
    } else {
        return None;
    };
    Some(why.to_owned())
}

/// Decides for the pair in use (`None`: there is none that can be used).
pub(crate) fn decide(
    wanted: &[String],
    live: Option<&Facts>,
    state: &State,
    now: OffsetDateTime,
    haste: Haste,
) -> Plan {
    let waits = |name: &String| state.name_waits(name, now, haste != Haste::Due);
    let ready: Vec<String> = wanted
        .iter()
        .filter(|name| waits(name).is_none())
        .cloned()
        .collect();
    let covered: BTreeSet<&String> = live.iter().flat_map(|facts| &facts.names).collect();
    let missing: Vec<&String> = wanted
        .iter()
        .filter(|name| !covered.contains(name))
        .collect();
    let why = match live {
        _ if haste == Haste::Anew => Some("asked for".to_owned()),
        None => Some("there is none from an authority".to_owned()),
        Some(_) if state.live.as_ref().is_some_and(|live| live.revoked) => {
            Some("the one in use is revoked".to_owned())
        }
        Some(facts) => {
            let new: Vec<&str> = missing
                .iter()
                .filter(|name| ready.contains(name))
                .map(|name| name.as_str())
                .collect();
            let (at, why) = renewal(facts, state);
            if !new.is_empty() {
                Some(format!("{} is to be added", new.join(", ")))
            } else if now >= at {
                Some(why)
            } else {
                None
            }
        }
    };
    match why {
        Some(why) if !ready.is_empty() => Plan::Order { names: ready, why },
        // Names that wait are looked at again when the first of them is due.
        Some(_) => Plan::Wait(wanted.iter().filter_map(waits).min()),
        None => {
            let renew = live.map(|facts| renewal(facts, state).0);
            let retry = missing.iter().filter_map(|name| waits(name)).min();
            Plan::Wait(renew.into_iter().chain(retry).min())
        }
    }
}

/// When the pair in use is renewed, and why then.
pub(crate) fn renewal(facts: &Facts, state: &State) -> (OffsetDateTime, String) {
    let suggestion = state
        .live
        .as_ref()
        .and_then(|live| live.suggestion.as_ref());
    let lifetime = Lifetime {
        not_before: facts.not_before,
        not_after: facts.not_after,
    };
    schedule::renew_at(lifetime, suggestion)
}

/// Which of the authorities is asked, by its place in the list: the first one
/// whose servers have not failed over and over; when all have, the one that is
/// due first.
pub(crate) fn authority(directories: &[&str], state: &State, now: OffsetDateTime) -> usize {
    let failures = |directory: &str| {
        let of = state.authorities.get(directory);
        of.map_or(0, |of| of.waiting.failures)
    };
    let works = directories
        .iter()
        .position(|directory| failures(directory) < FAILURES_BEFORE_NEXT);
    works.unwrap_or_else(|| {
        let due = |place: &usize| {
            let directory = directories.get(*place).copied().unwrap_or_default();
            authority_waits(directory, state, now)
        };
        (0..directories.len()).min_by_key(due).unwrap_or_default()
    })
}

/// When an authority may be asked; `None` for at once.
pub(crate) fn authority_waits(
    directory: &str,
    state: &State,
    now: OffsetDateTime,
) -> Option<OffsetDateTime> {
    let of = state.authorities.get(directory)?;
    of.waiting.until(now).max(of.refused.until(now))
}

/// What a success with one authority means for those before it: they are asked
/// first again next time, and given up after one failure.
pub(crate) fn after_success(directories: &[&str], place: usize, state: &mut State) {
    for (other, directory) in directories.iter().enumerate() {
        let of = state
            .authorities
            .entry((*directory).to_owned())
            .or_default();
        if other == place {
            *of = super::state::AuthorityState::default();
        } else if of.waiting.failures >= FAILURES_BEFORE_NEXT {
            of.waiting.failures = FAILURES_BEFORE_NEXT - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acme::state::Live;
    use time::Duration;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn facts(of: &[&str], age: i64, left: i64) -> Facts {
        Facts {
            ours: false,
            not_before: NOW - Duration::days(age),
            not_after: NOW + Duration::days(left),
            names: names(of),
            issuer: String::new(),
            serial: String::new(),
        }
    }

    fn order(plan: Plan) -> (Vec<String>, String) {
        match plan {
            Plan::Order { names, why } => (names, why),
            Plan::Wait(until) => panic!("waits until {until:?}"),
        }
    }

    #[test]
    fn one_is_ordered_when_there_is_none_or_the_time_has_come_and_not_before() {
        let (wanted, state) = (names(&["a", "b"]), State::default());
        assert_eq!(
            order(decide(&wanted, None, &state, NOW, Haste::Due)).0,
            wanted
        );
        let fresh = facts(&["a", "b"], 10, 80);
        let until = Plan::Wait(Some(NOW + Duration::days(50)));
        assert_eq!(
            decide(&wanted, Some(&fresh), &state, NOW, Haste::Due),
            until
        );
        let old = facts(&["a", "b"], 60, 30);
        order(decide(&wanted, Some(&old), &state, NOW, Haste::Due));
        let (_, why) = order(decide(&wanted, Some(&fresh), &state, NOW, Haste::Anew));
        assert_eq!(why, "asked for");
    }

    #[test]
    fn a_new_name_is_added_and_one_that_failed_waits_while_the_rest_goes_on() {
        let mut state = State::default();
        let fresh = facts(&["a"], 10, 80);
        let wanted = names(&["a", "b"]);
        let (all, why) = order(decide(&wanted, Some(&fresh), &state, NOW, Haste::Due));
        assert_eq!(all, wanted);
        assert!(why.starts_with("b is to be added"), "{why}");
        state.name_failed("b", "no such host", NOW);
        let minute = Plan::Wait(Some(NOW + Duration::minutes(1)));
        assert_eq!(
            decide(&wanted, Some(&fresh), &state, NOW, Haste::Due),
            minute
        );
        // Nothing else is held up by it.
        assert_eq!(
            order(decide(&wanted, None, &state, NOW, Haste::Due)).0,
            ["a"]
        );
        let old = facts(&["a", "b"], 60, 30);
        assert_eq!(
            order(decide(&wanted, Some(&old), &state, NOW, Haste::Due)).0,
            ["a"]
        );
    }

    #[test]
    fn a_name_that_is_no_longer_wanted_is_no_reason_to_order() {
        let fresh = facts(&["a", "b"], 10, 80);
        let plan = decide(
            &names(&["a"]),
            Some(&fresh),
            &State::default(),
            NOW,
            Haste::Due,
        );
        assert!(matches!(plan, Plan::Wait(_)));
    }

    #[test]
    fn what_is_revoked_is_replaced_at_once() {
        let state = State {
            live: Some(Live {
                id: "1".into(),
                directory: "d".into(),
                revoked: true,
                suggestion: None,
                ask_at: None,
            }),
            ..State::default()
        };
        let fresh = facts(&["a"], 10, 80);
        order(decide(
            &names(&["a"]),
            Some(&fresh),
            &state,
            NOW,
            Haste::Due,
        ));
    }

    #[test]
    fn the_second_authority_is_asked_after_three_failures_of_the_first_ones_servers() {
        let both = ["first", "second"];
        let mut state = State::default();
        for _ in 0..3 {
            assert_eq!(authority(&both, &state, NOW), 0);
            let first = state.authorities.entry("first".into()).or_default();
            first.waiting.fail(NOW, None);
        }
        assert_eq!(authority(&both, &state, NOW), 1);
        assert_eq!(authority(&["first"], &state, NOW), 0);
        // Refusals are no failures of servers.
        let second = state.authorities.entry("second".into()).or_default();
        for _ in 0..9 {
            second.refused.fail(NOW, None);
        }
        assert_eq!(authority(&both, &state, NOW), 1);
        assert!(authority_waits("second", &state, NOW).is_some());
        after_success(&both, 1, &mut state);
        assert_eq!(authority(&both, &state, NOW), 0);
        let first = state.authorities.entry("first".into()).or_default();
        first.waiting.fail(NOW, None);
        assert_eq!(authority(&both, &state, NOW), 1);
    }
}
