//! The reconciler of certificates: one run brings things one step nearer to
//! what is wanted, says how they are, and when to come back.
//!
//! Whatever goes wrong ends in the status and never the process: the box serves
//! what it has.

use super::authority::{Authority, Say};
use super::error::{OrderError, Unproven};
use super::order::{Issued, Wanted};
use super::plan::{self, Plan};
use super::real::{Real, Reload};
use super::schedule::{self, Suggestion};
use super::state::{Live, State};
use super::status;
use super::store::{self, Stored};
use super::world::World;
use super::{authority, check};
use crate::disk::{Access, Disk, Lock};
use crate::pair::{self, Facts, Pair};
use crate::prepare::{self, certificate};
use crate::systemd::Units;
use onebox_api::certificates::{Haste, Reason, Report, Status};
use onebox_api::units::Verb;
use onebox_model::paths::{ACME_DIR, STATE_DIR};
use onebox_model::{Config, units};
use std::sync::Arc;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

/// How soon names are looked at again that certainly cannot be proven now.
const LOOK_AGAIN: Duration = Duration::minutes(10);
/// What stands while an authority is being asked, so that a process that dies
/// over it does not ask again at once.
const GUARD: Duration = Duration::minutes(1);
/// Orders in one run: each further one is for fewer names, or at the next
/// authority.
const ORDERS: usize = 5;
/// The application reads its pair when told, and looks by itself every ten
/// seconds.
const TAKES_OVER: std::time::Duration = std::time::Duration::from_secs(25);
/// Longest time between two runs.
const PERIOD: Duration = Duration::hours(12);

/// The keeper of certificates.
pub struct Manager {
    pub(super) disk: Arc<Disk>,
    pub(super) world: Arc<dyn World>,
    /// Held by a run: two at once would order twice.
    running: Mutex<()>,
}

impl std::fmt::Debug for Manager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Manager")
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// How things are now.
    pub status: Status,
    /// When to run next at the latest.
    pub next: OffsetDateTime,
}

/// The pair in use, as it is on disk.
pub(super) struct InUse {
    pub(super) stored: Stored,
    pub(super) facts: Facts,
}

/// Why a certificate was not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// There is none.
    #[error(
        "there is no certificate from an authority to revoke; `boxctl cert list` shows what is served"
    )]
    None,
    /// Its authority is not in the configuration.
    #[error(
        "the certificate is from {0}, which is not in [acme]; set acme.directory to it to revoke there"
    )]
    Unknown(String),
    /// The authority, or something on the way.
    #[error("not revoked: {0}")]
    Refused(String),
    /// What the configuration says cannot be used.
    #[error("not revoked: {0}")]
    Config(String),
    /// It is revoked, and that could not be written down.
    #[error("revoked, and that could not be written down: {0}")]
    Disk(#[from] crate::disk::DiskError),
}

impl Manager {
    /// The keeper of a box's certificates; systemd is asked to reload the
    /// application.
    #[must_use]
    pub fn of_box(disk: Arc<Disk>, systemd: Arc<dyn Units>) -> Self {
        let reload: Reload = Arc::new(move || {
            let systemd = Arc::clone(&systemd);
            Box::pin(async move {
                let reloaded = systemd.act(Verb::Reload, units::WEB).await;
                reloaded.map_err(|error| error.to_string())
            })
        });
        let real = Real::new(Arc::clone(&disk), reload);
        Self::new(disk, Arc::new(real))
    }

    pub(crate) fn new(disk: Arc<Disk>, world: Arc<dyn World>) -> Self {
        Self {
            disk,
            world,
            running: Mutex::default(),
        }
    }

    /// How things are, without doing anything.
    #[must_use]
    pub fn status(&self, config: &Config) -> Status {
        let (state, note) = State::load(&self.disk);
        self.shown(config, &state, note.into_iter().collect())
    }

    /// What would keep an authority from validating, without asking for
    /// anything.
    pub async fn test(&self, config: &Config) -> Report {
        self.world.look(config, &plan::wanted(config)).await
    }

    /// Does what is due; in haste it cuts waits short or orders anew, but for the
    /// authority's limit of failed validations.
    pub async fn run(&self, config: &Config, haste: Haste, say: Say<'_>) -> Outcome {
        let _one_at_a_time = self.running.lock().await;
        let _one_process = self.other_processes().await;
        let (mut state, note) = State::load(&self.disk);
        let mut notes: Vec<String> = note.into_iter().collect();
        self.reconcile(config, haste, say, &mut state, &mut notes)
            .await;
        if let Err(error) = state.save(&self.disk) {
            notes.push(format!("what happened could not be written down: {error}"));
        }
        let now = self.world.now();
        let status = self.shown(config, &state, notes);
        let next = [status.next_try, status.renew_at]
            .into_iter()
            .flatten()
            .chain([now + PERIOD])
            .min()
            .unwrap_or(now + PERIOD)
            // A moment that has passed and was not enough comes again soon.
            .max(now + Duration::minutes(1));
        Outcome { status, next }
    }

    /// Has the certificate in use revoked, and a new one is ordered by the next
    /// run.
    ///
    /// # Errors
    /// When there is none, or its authority does not do so.
    pub async fn revoke(&self, config: &Config, reason: Reason) -> Result<(), RevokeError> {
        let _one_at_a_time = self.running.lock().await;
        let _one_process = self.other_processes().await;
        let (mut state, _) = State::load(&self.disk);
        let (Some(live), Some(in_use)) = (state.live.clone(), self.in_use(&state)) else {
            return Err(RevokeError::None);
        };
        let authorities = self
            .world
            .authorities(config)
            .map_err(RevokeError::Config)?;
        let issuer = authorities
            .iter()
            .find(|authority| authority.directory() == live.directory)
            .ok_or_else(|| RevokeError::Unknown(live.directory.clone()))?;
        issuer
            .revoke(&in_use.stored.chain, reason)
            .await
            .map_err(|error| RevokeError::Refused(error.to_string()))?;
        if let Some(live) = &mut state.live {
            live.revoked = true;
            live.suggestion = None;
        }
        state.save(&self.disk)?;
        Ok(())
    }

    /// Waits until no other process is at it: `boxd cert` beside the daemon. A
    /// directory that cannot be locked cannot be written either, which the run
    /// finds out by itself.
    async fn other_processes(&self) -> Option<Lock> {
        let disk = Arc::clone(&self.disk);
        let lock = tokio::task::spawn_blocking(move || {
            disk.directory(ACME_DIR, Access::root(0o755)).ok()?;
            disk.lock(ACME_DIR).ok()
        });
        lock.await.ok().flatten()
    }

    async fn reconcile(
        &self,
        config: &Config,
        haste: Haste,
        say: Say<'_>,
        state: &mut State,
        notes: &mut Vec<String>,
    ) {
        let wanted = plan::wanted(config);
        state.tidy(&wanted, self.world.now());
        self.heal(config, state, notes).await;
        if plan::off(config).is_some() {
            state.problem = None;
            return;
        }
        let authorities = match self.world.authorities(config) {
            Ok(authorities) => authorities,
            Err(why) => {
                state.problem = Some(why);
                return;
            }
        };
        self.ask_for_suggestion(&authorities, state).await;
        for _ in 0..ORDERS {
            let again = self
                .step(config, &wanted, &authorities, haste, say, state, notes)
                .await;
            if !again {
                break;
            }
        }
        self.forget_problem(&wanted, state);
    }

    /// What was said of something that is no longer wanted, or has come right
    /// by itself, is not said for ever.
    fn forget_problem(&self, wanted: &[String], state: &mut State) {
        let now = self.world.now();
        let in_use = self.in_use(state);
        let Some(facts) = in_use.as_ref().map(|in_use| &in_use.facts) else {
            return;
        };
        let is_whole = wanted.iter().all(|name| facts.names.contains(name));
        let plan = plan::decide(wanted, Some(facts), state, now, Haste::Due);
        let is_failing = state.own.failures > 0
            || state
                .authorities
                .values()
                .any(|of| of.waiting.failures > 0 || of.refused.failures > 0)
            || wanted
                .iter()
                .any(|name| state.names.get(name).is_some_and(|of| of.problem.is_some()));
        if is_whole && !is_failing && matches!(plan, Plan::Wait(_)) {
            state.problem = None;
        }
    }

    /// One order, if one is due. Tells whether another may be due at once.
    #[expect(clippy::too_many_arguments, reason = "a run's whole context")]
    async fn step(
        &self,
        config: &Config,
        wanted: &[String],
        authorities: &[Box<dyn Authority>],
        haste: Haste,
        say: Say<'_>,
        state: &mut State,
        notes: &mut Vec<String>,
    ) -> bool {
        let now = self.world.now();
        let in_use = self.in_use(state);
        let facts = in_use.as_ref().map(|in_use| &in_use.facts);
        let Plan::Order { names, why } = plan::decide(wanted, facts, state, now, haste) else {
            return false;
        };
        let directories: Vec<&str> = authorities.iter().map(|one| one.directory()).collect();
        let place = plan::authority(&directories, state, now);
        let Some(authority) = authorities.get(place) else {
            return false;
        };
        let waits =
            plan::authority_waits(authority.directory(), state, now).max(state.own.until(now));
        if waits.is_some() && haste == Haste::Due {
            return false;
        }
        say(format!("a certificate is ordered: {why}"));
        let names = match self.unblocked(config, names, say, state).await {
            Ok(names) if names.is_empty() => return false,
            Ok(names) => names,
            Err(why) => {
                state.own.next_try = Some(now + LOOK_AGAIN);
                state.problem = Some(why);
                return false;
            }
        };
        if let Err(error) = self.guard(authority.directory(), state) {
            self.count(error, authority.directory(), &names, state);
            return false;
        }
        say(format!(
            "asking {} for {}",
            authority.directory(),
            names.join(", ")
        ));
        let order = self.wanted(
            config,
            names.clone(),
            in_use.as_ref(),
            state,
            authority.as_ref(),
        );
        let outcome = match authority.issue(&order, say).await {
            Ok(issued) => self.take(authority.directory(), &names, wanted, issued, state, notes),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => {
                plan::after_success(&directories, place, state);
                state.own = super::state::Waiting::default();
                for name in &names {
                    state.name_succeeded(name);
                }
                state.problem = None;
                if let Err(error) = state.save(&self.disk) {
                    notes.push(format!("what happened could not be written down: {error}"));
                }
                self.serve(say, notes).await;
                self.ask_for_suggestion(authorities, state).await;
                false
            }
            Err(error) => {
                say(error.to_string());
                let names_failed = matches!(&error, OrderError::Unproven(_));
                self.count(error, authority.directory(), &names, state);
                let next = plan::authority(&directories, state, self.world.now());
                names_failed || next != place
            }
        }
    }

    /// The names without those that certainly cannot be proven now.
    async fn unblocked(
        &self,
        config: &Config,
        names: Vec<String>,
        say: Say<'_>,
        state: &mut State,
    ) -> Result<Vec<String>, String> {
        say("looking at the names as an authority will".to_owned());
        let report = self.world.look(config, &names).await;
        let now = self.world.now();
        let general = report
            .general
            .iter()
            .find(|check| check.state == onebox_api::certificates::State::Bad);
        if let Some(check) = general {
            return Err(format!("{}: {}", check.what, check.seen));
        }
        let mut left = names;
        for name in &report.names {
            if let Some(check) = name.blocked_by() {
                let problem = format!("no attempt was made: {}: {}", check.what, check.seen);
                say(format!("{}: {problem}", name.name));
                state.name_blocked(&name.name, &problem, now + LOOK_AGAIN);
                left.retain(|other| *other != name.name);
            }
        }
        if left.is_empty() {
            state.problem = Some("no name can be proven now".to_owned());
        }
        Ok(left)
    }

    /// Makes sure that a certificate could be kept, and that asking is written
    /// down before it is done.
    fn guard(&self, directory: &str, state: &mut State) -> Result<(), OrderError> {
        store::try_writing(&self.disk)?;
        let now = self.world.now();
        let before = state
            .authorities
            .get(directory)
            .cloned()
            .unwrap_or_default();
        let of = state.authorities.entry(directory.to_owned()).or_default();
        of.waiting.next_try = Some(now + GUARD);
        let saved = state.save(&self.disk);
        // Only what is on disk says so: what follows is known when this returns.
        state.authorities.insert(directory.to_owned(), before);
        saved.map_err(|error| OrderError::Own(error.to_string()))
    }

    fn wanted(
        &self,
        config: &Config,
        names: Vec<String>,
        in_use: Option<&InUse>,
        state: &State,
        authority: &dyn Authority,
    ) -> Wanted {
        let acme = &config.acme;
        let same = state
            .live
            .as_ref()
            .filter(|live| live.directory == authority.directory() && !live.revoked);
        let replaces = same
            .and(in_use)
            .filter(|in_use| in_use.facts.names.iter().any(|name| names.contains(name)))
            .and_then(|in_use| authority::identifier(&in_use.stored.chain));
        let revoked = state.live.as_ref().is_some_and(|live| live.revoked);
        // A key that may be known to others is not taken again.
        let keeps_key = acme.reuse_key && !revoked;
        Wanted {
            names,
            replaces,
            profile: acme.profile.clone(),
            preferred_chain: acme.preferred_chain.clone(),
            key_type: acme.key_type,
            old_key: in_use
                .filter(|_| keeps_key)
                .map(|in_use| in_use.stored.key.clone()),
        }
    }

    /// Takes what an authority gave into use, if it is what was ordered.
    fn take(
        &self,
        directory: &str,
        names: &[String],
        wanted: &[String],
        issued: Issued,
        state: &mut State,
        notes: &mut Vec<String>,
    ) -> Result<(), OrderError> {
        let now = self.world.now();
        let facts = check::issued(&issued.chain, &issued.key, names, now).map_err(|why| {
            OrderError::Unavailable {
                problem: format!("what {directory} gave is not what was ordered: {why}"),
                retry_after: None,
            }
        })?;
        notes.extend(issued.notes);
        let before = self.in_use(state).zip(state.live.clone());
        let own = |error: crate::disk::DiskError| OrderError::Own(error.to_string());
        let id = id(now, &facts.serial);
        let pair = Stored {
            chain: issued.chain,
            key: issued.key,
        };
        store::write(&self.disk, &id, &pair).map_err(own)?;
        // Written down before it is used: what is cut off in between is mended by
        // the next run in favour of the new one.
        state.live = Some(Live {
            id: id.clone(),
            directory: directory.to_owned(),
            revoked: false,
            suggestion: None,
            ask_at: None,
        });
        state.save(&self.disk).map_err(own)?;
        let _nobody_else = self.disk.lock(STATE_DIR).map_err(own)?;
        store::put_into_use(&self.disk, &id, !self.serves_own()).map_err(own)?;
        // The pair before may be for names that this one is not for.
        let kept = before.filter(|(in_use, live)| {
            let only_there = |name: &&String| wanted.contains(name) && !facts.names.contains(name);
            let of_use = in_use.facts.names.iter().any(|name| only_there(&name));
            of_use && !in_use.facts.expired(now) && !live.revoked
        });
        let kept_id = kept
            .as_ref()
            .map(|(_, live)| live.id.clone())
            .or_else(|| self.older_still_needed(wanted, &facts, now));
        store::keep_serving(&self.disk, kept_id.as_deref()).map_err(own)?;
        let in_use: Vec<&str> = [Some(id.as_str()), kept_id.as_deref()]
            .into_iter()
            .flatten()
            .collect();
        if let Err(error) = store::prune(&self.disk, &in_use) {
            notes.push(format!("old certificates stay on disk: {error}"));
        }
        Ok(())
    }

    /// An older pair that was kept before and is still the only one for a name.
    fn older_still_needed(
        &self,
        wanted: &[String],
        newer: &Facts,
        now: OffsetDateTime,
    ) -> Option<String> {
        let id = store::still_served(&self.disk)?;
        let older = self.read(&id)?;
        let needed = older
            .facts
            .names
            .iter()
            .any(|name| wanted.contains(name) && !newer.names.contains(name));
        (needed && !older.facts.expired(now)).then_some(id)
    }

    /// Whether what the application is given is of the box's own authority.
    fn serves_own(&self) -> bool {
        let part = |path| self.disk.read(path).ok().flatten();
        let chain = part(onebox_model::paths::TLS_CHAIN);
        let key = part(onebox_model::paths::TLS_KEY);
        match pair::look(chain.as_deref(), key.as_deref()) {
            Pair::Good(facts) => facts.ours,
            Pair::Broken { ours, .. } => ours,
            Pair::None => true,
        }
    }

    /// Has the application use what is stored, and looks whether it does.
    async fn serve(&self, say: Say<'_>, notes: &mut Vec<String>) {
        say("the application reads the new certificate".to_owned());
        if let Err(why) = self.world.reload().await {
            // It looks by itself as well, within seconds.
            notes.push(format!(
                "the application was not told of the certificate: {why}"
            ));
        }
        match self.world.serves(TAKES_OVER).await {
            Ok(()) => say("the new certificate is served".to_owned()),
            Err(why) => notes.push(format!("the stored certificate is not served: {why}")),
        }
    }

    /// Puts right what a run that was cut off, or somebody, left: the pair from
    /// the authority is what the application is given, and if there is none it
    /// has one of the box's own.
    async fn heal(&self, config: &Config, state: &mut State, notes: &mut Vec<String>) {
        let now = self.world.now();
        let mut changed = false;
        match (self.in_use(state), state.live.clone()) {
            (Some(in_use), Some(live)) if !in_use.facts.expired(now) => {
                if !store::is_in_use(&self.disk, &live.id) {
                    let _nobody_else = self.disk.lock(STATE_DIR);
                    match store::put_into_use(&self.disk, &live.id, !self.serves_own()) {
                        Ok(()) => changed = true,
                        Err(error) => notes.push(format!(
                            "the authority's certificate could not be put into use: {error}"
                        )),
                    }
                }
            }
            _ => changed = self.keep_own(config, notes),
        }
        changed |= self.drop_older(state, now, notes);
        if changed && let Err(why) = self.world.reload().await {
            notes.push(format!(
                "the application was not told of the certificate: {why}"
            ));
        }
        if let Err(why) = self.world.serves(std::time::Duration::ZERO).await {
            // It may have missed to read it.
            let reloaded = self.world.reload().await;
            let served = match reloaded {
                Ok(()) => self.world.serves(TAKES_OVER).await,
                Err(_) => Err(why),
            };
            if let Err(why) = served {
                notes.push(format!("the stored certificate is not served: {why}"));
            }
        }
    }

    fn keep_own(&self, config: &Config, notes: &mut Vec<String>) -> bool {
        let mut report = prepare::Report::default();
        let _nobody_else = self.disk.lock(STATE_DIR);
        let now = (self.world.now(), self.world.hostname());
        let kept = certificate::ensure(&self.disk, (now.0, &now.1), config, &mut report);
        notes.append(&mut report.warnings);
        if let Err(error) = kept {
            notes.push(format!(
                "the box's own certificate could not be made: {error}"
            ));
        }
        let is_change = |done: &prepare::Done| done.change != crate::disk::Change::Kept;
        report.done.iter().any(is_change)
    }

    /// Stops serving an older pair that ended.
    fn drop_older(&self, state: &mut State, now: OffsetDateTime, notes: &mut Vec<String>) -> bool {
        let Some(id) = store::still_served(&self.disk) else {
            state.kept_for.clear();
            return false;
        };
        let older = self.read(&id);
        if let Some(older) = older.filter(|older| !older.facts.expired(now)) {
            state.kept_for = older.facts.names;
            return false;
        }
        state.kept_for.clear();
        if let Err(error) = store::keep_serving(&self.disk, None) {
            notes.push(format!("a certificate that ended stays in use: {error}"));
        }
        true
    }

    /// Asks the authority of the pair in use when it wants it renewed.
    async fn ask_for_suggestion(&self, authorities: &[Box<dyn Authority>], state: &mut State) {
        let now = self.world.now();
        let Some(in_use) = self.in_use(state) else {
            return;
        };
        let Some(live) = &mut state.live else {
            return;
        };
        let due = live.ask_at.is_none_or(|at| schedule::sane(at, now) <= now);
        let of = authorities
            .iter()
            .find(|authority| authority.directory() == live.directory);
        let Some(authority) = of.filter(|_| due && !live.revoked) else {
            return;
        };
        match authority.suggestion(&in_use.stored.chain).await {
            Ok(Some(suggested)) => {
                live.suggestion = Suggestion::take(
                    live.suggestion.as_ref(),
                    suggested.window,
                    suggested.explanation,
                    self.world.random(),
                );
                live.ask_at = Some(schedule::ask_again(now, Some(suggested.retry_after)));
            }
            Ok(None) => {
                live.suggestion = None;
                live.ask_at = Some(schedule::ask_again(now, None));
            }
            // The dates of the certificate count meanwhile.
            Err(error) => {
                tracing::info!("no suggestion from {}: {error}", live.directory);
                live.ask_at = Some(now + Duration::hours(1));
            }
        }
    }

    /// Writes down what went wrong, and when to try again.
    fn count(&self, error: OrderError, directory: &str, names: &[String], state: &mut State) {
        let now = self.world.now();
        state.problem = Some(error.to_string());
        let error = match error {
            // Of a single name there is nothing to leave out.
            OrderError::Refused(problem) if names.len() == 1 => {
                let name = names.first().cloned().unwrap_or_default();
                OrderError::Unproven(vec![Unproven {
                    name,
                    problem,
                    counted: false,
                }])
            }
            error => error,
        };
        let of = state.authorities.entry(directory.to_owned()).or_default();
        match error {
            OrderError::Unproven(failed) => {
                let mut known = false;
                for one in failed {
                    // A wildcard is told by the name that it is of.
                    let wildcard = format!("*.{}", one.name);
                    let is_ours = |name: &&String| **name == one.name || **name == wildcard;
                    let ours: Vec<String> = names.iter().filter(is_ours).cloned().collect();
                    for name in ours {
                        known = true;
                        if one.counted {
                            state.name_failed(&name, &one.problem, now);
                        } else {
                            state.name_refused(&name, &one.problem, now);
                        }
                    }
                }
                // Of names that nobody ordered nothing can be left out.
                if !known {
                    let of = state.authorities.entry(directory.to_owned()).or_default();
                    of.refused.fail(now, None);
                }
            }
            OrderError::Refused(_) => of.refused.fail(now, None),
            OrderError::Limited { retry_after, .. } => of.refused.fail(now, retry_after),
            OrderError::Unavailable { retry_after, .. } => of.waiting.fail(now, retry_after),
            OrderError::Own(_) => state.own.fail(now, None),
        }
    }

    /// The pair from an authority that is in use, if it can be used.
    pub(super) fn in_use(&self, state: &State) -> Option<InUse> {
        self.read(&state.live.as_ref()?.id)
    }

    fn read(&self, id: &str) -> Option<InUse> {
        let stored = store::read(&self.disk, id).ok()??;
        match pair::look(Some(stored.chain.as_bytes()), Some(stored.key.as_bytes())) {
            Pair::Good(facts) => Some(InUse { stored, facts }),
            _ => None,
        }
    }

    fn shown(&self, config: &Config, state: &State, notes: Vec<String>) -> Status {
        status::of(self, config, state, notes)
    }
}

/// A directory's name that sorts by time.
fn id(now: OffsetDateTime, serial: &str) -> String {
    let (date, clock) = (now.date(), now.time());
    let short: String = serial
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(12)
        .collect();
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}-{short}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    )
}
