//! A systemd for tests: units are what they were told to be, and every call is
//! written down.

use super::{Ended, SystemdError, Transient, Units};
use futures_util::future::{BoxFuture, FutureExt};
use onebox_api::units::{UnitState, Verb};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The stand-in.
#[derive(Debug, Default)]
pub struct Fake(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    units: BTreeMap<String, UnitState>,
    failing: BTreeSet<(&'static str, String)>,
    calls: Vec<String>,
}

impl Fake {
    /// One with these units, all active.
    #[must_use]
    pub fn with(units: &[&str]) -> Self {
        let fake = Self::default();
        for unit in units {
            fake.set(unit, "active");
        }
        fake
    }

    /// Makes a unit be in a state.
    pub fn set(&self, unit: &str, active_state: &str) {
        let state = self
            .inner()
            .units
            .entry(unit.to_owned())
            .or_default()
            .clone();
        self.put(UnitState {
            name: unit.to_owned(),
            load_state: "loaded".to_owned(),
            active_state: active_state.to_owned(),
            ..state
        });
    }

    /// Makes a unit be so.
    pub fn put(&self, state: UnitState) {
        self.inner().units.insert(state.name.clone(), state);
    }

    /// From now on this fails.
    pub fn fail(&self, verb: Verb, unit: &str) {
        self.inner().failing.insert((verb.name(), unit.to_owned()));
    }

    /// From now on nothing fails.
    pub fn heal(&self) {
        self.inner().failing.clear();
    }

    /// What it was asked to change, in order: `restart redis.service`.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.inner().calls.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn done(&self, verb: Verb, unit: &str) -> Result<(), SystemdError> {
        let mut inner = self.inner();
        inner.calls.push(format!("{} {unit}", verb.name()));
        let failing = inner.failing.contains(&(verb.name(), unit.to_owned()));
        let state = inner.units.entry(unit.to_owned()).or_default();
        let becomes = match verb {
            _ if failing => "failed",
            Verb::Stop | Verb::ResetFailed => "inactive",
            Verb::Enable | Verb::Disable => return Ok(()),
            _ => "active",
        };
        becomes.clone_into(&mut state.active_state);
        if failing {
            return Err(SystemdError::Job {
                unit: unit.to_owned(),
                verb: verb.name(),
                result: "failed".to_owned(),
            });
        }
        Ok(())
    }
}

impl Units for Fake {
    fn act<'a>(&'a self, verb: Verb, unit: &'a str) -> BoxFuture<'a, Result<(), SystemdError>> {
        async move { self.done(verb, unit) }.boxed()
    }

    fn state<'a>(&'a self, unit: &'a str) -> BoxFuture<'a, Result<UnitState, SystemdError>> {
        let state = self.inner().units.get(unit).cloned();
        let absent = || UnitState {
            name: unit.to_owned(),
            load_state: "not-found".to_owned(),
            active_state: "inactive".to_owned(),
            ..UnitState::default()
        };
        async move { Ok(state.unwrap_or_else(absent)) }.boxed()
    }

    fn loaded(&self) -> BoxFuture<'_, Result<Vec<String>, SystemdError>> {
        let names = self.inner().units.keys().cloned().collect();
        async move { Ok(names) }.boxed()
    }

    fn failed(&self) -> BoxFuture<'_, Result<Vec<String>, SystemdError>> {
        let inner = self.inner();
        let failed = inner.units.iter().filter(|(_, unit)| unit.is_failed());
        let names = failed.map(|(name, _)| name.clone()).collect();
        async move { Ok(names) }.boxed()
    }

    fn reload_manager(&self) -> BoxFuture<'_, Result<(), SystemdError>> {
        self.inner().calls.push("daemon-reload".to_owned());
        async { Ok(()) }.boxed()
    }

    fn run<'a>(&'a self, unit: &'a Transient) -> BoxFuture<'a, Result<Ended, SystemdError>> {
        let call = format!("run {} {}", unit.unit, unit.command.join(" "));
        self.inner().calls.push(call);
        async {
            Ok(Ended {
                result: "success".to_owned(),
                status: 0,
            })
        }
        .boxed()
    }
}
