//! How things are, for `boxctl cert list` and everybody else who asks.

use super::manager::Manager;
use super::plan::{self, Plan};
use super::state::State;
use crate::pair::{self, Facts, Pair};
use onebox_api::certificates::{Certificate, Haste, Name, Source, Status};
use onebox_model::Config;
use onebox_model::paths::{TLS_CHAIN, TLS_KEY};
use time::OffsetDateTime;

pub(super) fn of(
    manager: &Manager,
    config: &Config,
    state: &State,
    mut notes: Vec<String>,
) -> Status {
    let now = manager.world.now();
    let in_use = manager.in_use(state);
    let facts = in_use.as_ref().map(|in_use| &in_use.facts);
    let served = served(manager, facts, now);
    let off = plan::off(config);
    if let (Some(_), Some(facts)) = (&off, facts) {
        notes.push(format!(
            "the certificate from {} is not renewed and ends {}",
            facts.issuer, facts.not_after
        ));
    }
    if !state.kept_for.is_empty() {
        notes.push(format!(
            "an older certificate is still served for names of which there is no newer one; it is for {}",
            state.kept_for.join(", ")
        ));
    }
    let wanted = plan::wanted(config);
    let names = wanted
        .iter()
        .map(|name| {
            let failed = state.names.get(name);
            // Nobody believes the box's own.
            let covers = |certificate: &Certificate| {
                certificate.source != Source::Local && certificate.names.contains(name)
            };
            Name {
                name: name.clone(),
                covered: served.as_ref().is_some_and(covers),
                problem: failed.and_then(|failed| failed.problem.clone()),
                failures: failed.map_or(0, |failed| failed.waiting.failures),
                next_try: state.name_waits(name, now, false),
            }
        })
        .collect();
    let authorities = config.acme.authorities();
    let directories: Vec<&str> = authorities
        .iter()
        .map(|authority| authority.directory.as_str())
        .collect();
    let directory = directories
        .get(plan::authority(&directories, state, now))
        .copied()
        .unwrap_or_default();
    let (renew_at, renew_because) = match (&off, facts) {
        (None, Some(facts)) => {
            let (at, why) = plan::renewal(facts, state);
            (Some(at), Some(why))
        }
        _ => (None, None),
    };
    let next_try = match off {
        Some(_) => None,
        None => next(&wanted, facts, state, directory, now),
    };
    Status {
        authority: off.is_none().then(|| directory.to_owned()),
        off,
        served,
        names,
        renew_at,
        renew_because,
        next_try,
        problem: state.problem.clone(),
        notes,
    }
}

/// When the next run can get further.
fn next(
    wanted: &[String],
    facts: Option<&Facts>,
    state: &State,
    directory: &str,
    now: OffsetDateTime,
) -> Option<OffsetDateTime> {
    let order = match plan::decide(wanted, facts, state, now, Haste::Due) {
        Plan::Wait(until) => until,
        Plan::Order { .. } => {
            let waits = plan::authority_waits(directory, state, now);
            Some(waits.max(state.own.until(now)).unwrap_or(now))
        }
    };
    let ask = state.live.as_ref().and_then(|live| live.ask_at);
    let ask = ask.filter(|at| *at > now);
    order.into_iter().chain(ask).min()
}

/// What the application is given.
fn served(
    manager: &Manager,
    from_authority: Option<&Facts>,
    now: OffsetDateTime,
) -> Option<Certificate> {
    let part = |path| manager.disk.read(path).ok().flatten();
    let (chain, key) = (part(TLS_CHAIN), part(TLS_KEY));
    let Pair::Good(facts) = pair::look(chain.as_deref(), key.as_deref()) else {
        return None;
    };
    let source = match facts.ours {
        true => Source::Local,
        false if from_authority == Some(&facts) => Source::Authority,
        false => Source::Operator,
    };
    Some(Certificate {
        source,
        days_left: (facts.not_after - now).whole_days(),
        issuer: facts.issuer,
        serial: facts.serial,
        names: facts.names,
        not_before: facts.not_before,
        not_after: facts.not_after,
    })
}
