//! The served certificate: from the box's own authority until a real one takes
//! its place.
//!
//! Looking, deciding and making are apart. Only two things make a new one: no
//! pair a server could load, or a pair of our own that is out of date. A
//! certificate from elsewhere is never replaced while it works, expired or
//! not: that is for whoever put it there, and serving it tells them.

use super::{Report, StepError, names};
use crate::disk::{Access, Disk};
use crate::local_ca::LocalCa;
use crate::pair::{self, Pair};
use onebox_model::Config;
use onebox_model::paths::{TLS_CHAIN, TLS_KEY};
use onebox_model::render::Account;
use time::{Duration, OffsetDateTime};

/// Before its end nobody should have to look at a certificate of our own.
const LAST_PART: Duration = Duration::days(30);

const CHAIN_ACCESS: Access = Access::root(0o644);
const KEY_ACCESS: Access = Access {
    mode: 0o640,
    owner: Account::Root,
    group: Account::Wizamart,
};

/// What is to be done about the pair that is there.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Keep,
    KeepWarning(String),
    Make,
    /// The old pair may be somebody's only copy.
    SetAsideAndMake(String),
}

/// Sees to it that there is a pair to serve with, and changes nothing else.
pub(crate) fn ensure(
    disk: &Disk,
    (now, hostname): (OffsetDateTime, &str),
    config: &Config,
    report: &mut Report,
) -> Result<(), StepError> {
    let wanted = names::wanted(config, hostname);
    let chain = disk.read(TLS_CHAIN)?;
    let key = disk.read(TLS_KEY)?;
    let found = pair::look(chain.as_deref(), key.as_deref());
    match decide(&found, &wanted, now) {
        Decision::Keep => {}
        Decision::KeepWarning(warning) => report.warnings.push(warning),
        Decision::Make => return make(disk, now, &wanted, report),
        Decision::SetAsideAndMake(why) => {
            for (path, old) in [(TLS_CHAIN, &chain), (TLS_KEY, &key)] {
                if old.is_some() {
                    let aside = disk.set_aside(path)?;
                    report.warnings.push(format!(
                        "{path} is no use: {why}; it is now {}",
                        aside.display()
                    ));
                }
            }
            return make(disk, now, &wanted, report);
        }
    }
    // Contents stay, access is put right.
    for (path, old, access) in [(TLS_KEY, key, KEY_ACCESS), (TLS_CHAIN, chain, CHAIN_ACCESS)] {
        let change = disk.write(path, &old.unwrap_or_default(), access)?;
        report.note(path, change);
    }
    Ok(())
}

fn decide(found: &Pair, wanted: &[String], now: OffsetDateTime) -> Decision {
    match found {
        Pair::None => Decision::Make,
        // What an interrupted run of ours leaves is no loss: its halves were
        // never served together.
        Pair::Broken { ours: true, .. } => Decision::Make,
        Pair::Broken { why, .. } => Decision::SetAsideAndMake(why.clone()),
        Pair::Good(facts) if facts.ours => {
            let is_of_now = facts.not_before <= now && now < facts.not_after - LAST_PART;
            if !is_of_now || !facts.names_are(wanted) {
                Decision::Make
            } else {
                Decision::Keep
            }
        }
        Pair::Good(facts) if facts.expired(now) => Decision::KeepWarning(format!(
            "the certificate in {TLS_CHAIN} ended {}; it is still served, replace it or delete it to get a self-signed one",
            facts.not_after
        )),
        Pair::Good(_) => Decision::Keep,
    }
}

fn make(
    disk: &Disk,
    now: OffsetDateTime,
    wanted: &[String],
    report: &mut Report,
) -> Result<(), StepError> {
    let new = LocalCa::open(disk, now)?.issue(wanted, now)?;
    // Key before chain: a key alone or beside an old chain is seen as broken,
    // and as ours, by the next run.
    let change = disk.write(TLS_KEY, new.key.as_bytes(), KEY_ACCESS)?;
    report.note(TLS_KEY, change);
    let change = disk.write(TLS_CHAIN, new.chain.as_bytes(), CHAIN_ACCESS)?;
    report.note(TLS_CHAIN, change);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::Facts;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn good(ours: bool, days_left: i64) -> Pair {
        Pair::Good(Facts {
            ours,
            not_before: NOW - Duration::days(100),
            not_after: NOW + Duration::days(days_left),
            names: vec!["b".into(), "a".into()],
            issuer: String::new(),
            serial: String::new(),
        })
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn our_own_is_made_anew_before_it_ends_or_when_names_changed() {
        let wanted = names(&["a", "b"]);
        assert_eq!(decide(&good(true, 31), &wanted, NOW), Decision::Keep);
        assert_eq!(decide(&good(true, 29), &wanted, NOW), Decision::Make);
        assert_eq!(decide(&good(true, -1), &wanted, NOW), Decision::Make);
        let clock_was_ahead = NOW - Duration::days(101);
        assert_eq!(
            decide(&good(true, 99), &wanted, clock_was_ahead),
            Decision::Make
        );
        assert_eq!(
            decide(&good(true, 99), &names(&["a", "c"]), NOW),
            Decision::Make
        );
        assert_eq!(decide(&good(true, 99), &names(&["a"]), NOW), Decision::Make);
    }

    #[test]
    fn one_from_elsewhere_is_kept_whatever_its_names_and_dates() {
        assert_eq!(decide(&good(false, 1), &names(&["z"]), NOW), Decision::Keep);
        let decision = decide(&good(false, -1), &names(&["z"]), NOW);
        assert!(matches!(decision, Decision::KeepWarning(text) if text.contains("ended")));
    }

    #[test]
    fn a_broken_pair_from_elsewhere_is_set_aside_and_ours_is_not() {
        let broken = |ours| Pair::Broken {
            ours,
            why: "reason".into(),
        };
        assert_eq!(decide(&broken(true), &[], NOW), Decision::Make);
        assert_eq!(
            decide(&broken(false), &[], NOW),
            Decision::SetAsideAndMake("reason".into())
        );
        assert_eq!(decide(&Pair::None, &[], NOW), Decision::Make);
    }
}
