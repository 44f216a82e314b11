//! Applying a generation, and going back from it.

use super::lock::{Busy, GenerationLock};
use super::plan::{self, PlanError, actions_between};
use super::{
    BoxHealth, Desired, Health, Intent, Invalid, Meta, Phase, Store, StoreError, Validate,
    Validators,
};
use crate::disk::{Access, Disk, DiskError};
use crate::prepare;
use crate::steps::Steps;
use crate::systemd::{SystemdError, Units};
use onebox_api::generations::{Action, Applied, Fate, Generation, Plan};
use onebox_model::Machine;
use onebox_model::paths::{CONFIG, CONFIG_LAST_GOOD, TLS_CHAIN};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

/// How long a change that could lock out waits to be confirmed.
const CONFIRM_WITHIN: Duration = Duration::from_secs(60);

/// Changes a box.
#[derive(Clone)]
pub struct Applier {
    /// The system's files.
    pub disk: Arc<Disk>,
    /// Systemd.
    pub systemd: Arc<dyn Units>,
    /// Who judges rendered files.
    pub validate: Arc<dyn Validate>,
    /// Who judges the box.
    pub health: Arc<dyn Health>,
    /// The machine's size.
    pub machine: Machine,
}

/// Who wants it, and why.
#[derive(Clone, Debug)]
pub struct Request {
    /// An account, or what part of the box.
    pub by: String,
    /// For the history.
    pub message: String,
    /// Whether to wait when somebody else applies.
    pub wait: bool,
    /// How long the box may take to be healthy.
    pub patience: Duration,
}

/// Nothing was changed, or what was changed was taken back.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// There is nothing that could be applied.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Somebody else applies.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// A program refuses what was rendered.
    #[error("nothing was changed: {0}")]
    Invalid(#[from] Invalid),
    /// A generation cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// It was not good, and the generation before is in force again.
    #[error("generation {number} was taken back, generation {before} is in force again: {why}")]
    Reverted {
        /// Which was tried.
        number: u64,
        /// Which is in force.
        before: u64,
        /// Why.
        why: String,
    },
    /// It was not good, and going back failed as well.
    #[error(
        "generation {number} is not good ({why}), and going back to {before} failed: {error}; correct it and apply again, a reboot starts with {before}"
    )]
    Stuck {
        /// Which was tried.
        number: u64,
        /// Which should be in force.
        before: u64,
        /// Why it is not good.
        why: String,
        /// Why there is no way back.
        error: String,
    },
    /// There is nothing to go back to.
    #[error("there is no earlier generation to go back to; `boxctl history` shows what there is")]
    NothingBefore,
    /// Nothing waits.
    #[error("no change waits to be confirmed")]
    NothingToConfirm,
}

/// How long a box may take to be healthy again: an emulated one restarts
/// PostgreSQL and the site.
pub const PATIENCE: Duration = Duration::from_secs(180);

impl Applier {
    /// That of the box below `disk`, with its own programs.
    #[must_use]
    pub fn of_box(disk: Arc<Disk>, systemd: Arc<dyn Units>, machine: Machine) -> Self {
        Self {
            validate: Arc::new(Validators {
                systemd: Arc::clone(&systemd),
                disk: Arc::clone(&disk),
            }),
            health: Arc::new(BoxHealth {
                chain: disk.path(TLS_CHAIN),
                systemd: Arc::clone(&systemd),
            }),
            disk,
            systemd,
            machine,
        }
    }

    fn store(&self) -> Store<'_> {
        Store(&self.disk)
    }

    /// What applying the operator's file would do.
    ///
    /// # Errors
    /// When the file has mistakes or the box cannot be looked at.
    pub fn plan(&self) -> Result<Plan, ApplyError> {
        let desired = plan::wanted(&self.disk, &self.machine)?;
        Ok(plan::plan(&self.disk, &self.machine, &desired)?)
    }

    /// Applies the operator's file.
    ///
    /// # Errors
    /// When nothing was changed, or was taken back.
    pub async fn apply(&self, request: &Request, steps: &Steps) -> Result<Applied, ApplyError> {
        let _lock = self.lock(request, steps).await?;
        self.recover_locked(steps).await?;
        let desired = plan::wanted(&self.disk, &self.machine)?;
        self.bring(&desired, request, steps).await
    }

    /// Applies an earlier generation anew. What the operator's file says
    /// besides is kept beside it.
    ///
    /// # Errors
    /// When there is none, or as for [`Self::apply`].
    pub async fn undo(
        &self,
        to: Option<u64>,
        request: &Request,
        steps: &Steps,
    ) -> Result<Applied, ApplyError> {
        let _lock = self.lock(request, steps).await?;
        self.recover_locked(steps).await?;
        let current = self.store().current()?.unwrap_or(0);
        let number = match to {
            Some(number) => number,
            None => self
                .store()
                .kept_before(current)?
                .ok_or(ApplyError::NothingBefore)?,
        };
        let desired = plan::generation(&self.disk, &self.machine, number)?;
        let request = Request {
            message: format!("back to generation {number}"),
            ..request.clone()
        };
        let applied = self.bring(&desired, &request, steps).await?;
        self.give_back(&desired.text, current, steps)?;
        Ok(applied)
    }

    /// Keeps a change that waits to be confirmed.
    ///
    /// # Errors
    /// When none waits.
    pub async fn confirm(&self, request: &Request) -> Result<Generation, ApplyError> {
        let _lock = self.lock(request, &Steps::logged()).await?;
        match Intent::read(&self.disk)? {
            Some(intent) if intent.phase == Phase::Unconfirmed => {
                self.keep(intent.to)?;
                Ok(self.store().show(intent.to)?)
            }
            _ => Err(ApplyError::NothingToConfirm),
        }
    }

    /// Ends what a crash left undone, and takes back what was not confirmed in
    /// time; does nothing at rest.
    ///
    /// # Errors
    /// When going back fails.
    pub async fn recover(&self, steps: &Steps) -> Result<(), ApplyError> {
        let request = Request {
            by: "boxd".to_owned(),
            message: String::new(),
            wait: true,
            patience: PATIENCE,
        };
        if Intent::read(&self.disk)?.is_none() {
            return Ok(());
        }
        let _lock = self.lock(&request, steps).await?;
        self.recover_locked(steps).await
    }

    async fn recover_locked(&self, steps: &Steps) -> Result<(), ApplyError> {
        let Some(intent) = Intent::read(&self.disk)? else {
            return Ok(());
        };
        let why = match (intent.phase, intent.until) {
            (Phase::Unconfirmed, Some(until)) if OffsetDateTime::now_utc() < until => return Ok(()),
            (Phase::Unconfirmed, _) => "it was not confirmed in time",
            (Phase::Applying, _) => "it was interrupted",
        };
        // Taken back is what it is; that is no failure of who asked now.
        match self.revert(&intent, why, steps).await {
            ApplyError::Reverted { .. } => Ok(()),
            error => Err(error),
        }
    }

    async fn lock(&self, request: &Request, steps: &Steps) -> Result<GenerationLock, ApplyError> {
        self.store().prepare()?;
        let waiting = |who: &str| steps.tell(format!("waiting for another apply: {who}"));
        let lock = GenerationLock::take(&self.disk, &request.by, request.wait, waiting).await?;
        Ok(lock?)
    }

    async fn bring(
        &self,
        desired: &Desired,
        request: &Request,
        steps: &Steps,
    ) -> Result<Applied, ApplyError> {
        let store = self.store();
        let plan = plan::plan(&self.disk, &self.machine, desired)?;
        if let (Some(current), true) = (plan.current, plan.is_empty()) {
            steps.tell("nothing to do");
            return Ok(Applied {
                generation: Some(store.show(current)?),
                plan,
            });
        }
        let from = match plan.current {
            Some(number) => number,
            None => self.adopt_in_force()?,
        };
        let before = plan::generation(&self.disk, &self.machine, from)?;
        desired.tree.write(&self.disk)?;
        steps.tell("checking the rendered files");
        self.validate.check(&desired.tree).await?;
        let to = store.create(
            &desired.text,
            &Meta {
                at: OffsetDateTime::now_utc(),
                by: request.by.clone(),
                message: request.message.clone(),
                fate: Fate::Applying,
            },
        )?;
        let intent = Intent {
            from,
            to,
            phase: Phase::Applying,
            until: None,
        };
        intent.write(&self.disk)?;
        // From here on whatever goes wrong is taken back.
        steps.tell(format!("switching to generation {to}"));
        let actions = with(&plan.actions, actions_between(&before, desired));
        if let Err(why) = self
            .switch(desired, to, &actions, request.patience, steps)
            .await
        {
            return Err(self.revert(&intent, &why, steps).await);
        }
        self.settle(&intent, plan.needs_confirmation, steps)?;
        desired.tree.prune(&self.disk, &[&before.tree])?;
        store.prune()?;
        Ok(Applied {
            generation: Some(store.show(to)?),
            plan,
        })
    }

    /// Before there are generations something is in force already: it becomes
    /// the first, so that there is something to go back to.
    fn adopt_in_force(&self) -> Result<u64, ApplyError> {
        let chosen = crate::effective::choose(&self.disk);
        Ok(prepare::adopt(&self.disk, &chosen.text)?)
    }

    /// Puts a generation in force and waits until the box is healthy with it.
    async fn switch(
        &self,
        desired: &Desired,
        number: u64,
        actions: &[Action],
        patience: Duration,
        steps: &Steps,
    ) -> Result<(), String> {
        self.files(desired, number)
            .map_err(|error| error.to_string())?;
        self.tell_units(actions, steps)
            .await
            .map_err(|error| error.to_string())?;
        steps.tell("waiting until the box is healthy");
        self.health.check(patience).await
    }

    fn files(&self, desired: &Desired, number: u64) -> Result<(), StoreError> {
        desired.tree.write(&self.disk)?;
        desired.tree.switch(&self.disk)?;
        Store(&self.disk).set_current(number)
    }

    async fn tell_units(&self, actions: &[Action], steps: &Steps) -> Result<(), SystemdError> {
        // Limits of units come from the generator, which reads what is in force.
        self.systemd.reload_manager().await?;
        for Action { unit, verb } in actions {
            steps.tell(format!("{} {unit}", verb.name()));
            self.systemd.act(*verb, unit).await?;
        }
        Ok(())
    }

    /// Goes back, and says what is in force then.
    async fn revert(&self, intent: &Intent, why: &str, steps: &Steps) -> ApplyError {
        steps.tell(format!("going back to generation {}: {why}", intent.from));
        let (number, before, why) = (intent.to, intent.from, why.to_owned());
        match self.go_back(intent, &why, steps).await {
            Ok(()) => ApplyError::Reverted {
                number,
                before,
                why,
            },
            Err(error) => ApplyError::Stuck {
                number,
                before,
                why,
                error,
            },
        }
    }

    async fn go_back(&self, intent: &Intent, why: &str, steps: &Steps) -> Result<(), String> {
        let text = |error: &dyn ToString| error.to_string();
        let load = |number| plan::generation(&self.disk, &self.machine, number);
        let old = load(intent.from).map_err(|error| text(&error))?;
        let new = load(intent.to).map_err(|error| text(&error))?;
        // Written first: a crash from here on is a revert that goes on.
        let back = Intent {
            phase: Phase::Applying,
            until: None,
            ..intent.clone()
        };
        back.write(&self.disk).map_err(|error| text(&error))?;
        self.files(&old, intent.from)
            .map_err(|error| text(&error))?;
        let actions = actions_between(&new, &old);
        self.tell_units(&actions, steps)
            .await
            .map_err(|error| text(&error))?;
        let fate = Fate::Reverted {
            why: why.to_owned(),
        };
        self.store()
            .set_fate(intent.to, fate)
            .and_then(|()| Intent::done(&self.disk))
            .map_err(|error| text(&error))
    }

    fn settle(&self, intent: &Intent, ask: bool, steps: &Steps) -> Result<(), ApplyError> {
        if !ask {
            return Ok(self.keep(intent.to)?);
        }
        let until = OffsetDateTime::now_utc() + CONFIRM_WITHIN;
        self.store()
            .set_fate(intent.to, Fate::Unconfirmed { until })?;
        let waiting = Intent {
            phase: Phase::Unconfirmed,
            until: Some(until),
            ..intent.clone()
        };
        waiting.write(&self.disk)?;
        steps.tell(format!(
            "this could lock you out: `boxctl confirm` within {} s keeps it, else it is taken back",
            CONFIRM_WITHIN.as_secs()
        ));
        Ok(())
    }

    fn keep(&self, number: u64) -> Result<(), StoreError> {
        let store = self.store();
        let text = store.text(number)?;
        store.set_fate(number, Fate::Kept)?;
        Intent::done(&self.disk)?;
        // For releases that know of no generations (an earlier slot).
        self.disk
            .write(CONFIG_LAST_GOOD, text.as_bytes(), Access::root(0o600))?;
        Ok(())
    }

    /// Makes the operator's file say what is in force, and keeps an edit that
    /// was not applied.
    fn give_back(&self, text: &str, before: u64, steps: &Steps) -> Result<(), ApplyError> {
        let edited = self.disk.read(CONFIG)?.unwrap_or_default();
        if edited == text.as_bytes() {
            return Ok(());
        }
        let was_applied = self
            .store()
            .text(before)
            .is_ok_and(|applied| applied.as_bytes() == edited);
        if !was_applied {
            let aside = format!("{CONFIG}.pending");
            self.disk.write(&aside, &edited, Access::root(0o600))?;
            steps.tell(format!("your edit that was not applied is kept as {aside}"));
        }
        self.disk
            .write(CONFIG, text.as_bytes(), Access::root(0o644))?;
        Ok(())
    }
}

/// Those of the plan, which knows what stands on the box, and those that
/// follow from the generations, which a file changed by hand hides.
fn with(planned: &[Action], between: Vec<Action>) -> Vec<Action> {
    let mut all = planned.to_vec();
    for action in between {
        if all.iter().all(|one| one.unit != action.unit) {
            all.push(action);
        }
    }
    all
}
