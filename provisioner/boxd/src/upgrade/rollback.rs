//! Going back to the release of before because an operator says so, after it was
//! found good and visitors were let in.
//!
//! First the price: what was written since ([`written`]). Those rows are put into
//! files, the schema is reverted as far as the older programs need it, and the box
//! goes over as to any other release: on trial, with a copy of the data, and back
//! again by itself when the older one is no good any more.

use super::memory::{Fit, Memory};
use super::switch::{self, Way};
use super::{FAREWELL, UpgradeError, Upgrades, snapshot, written};
use crate::acme::config_in_force;
use crate::boot::Slot;
use crate::steps::Steps;
use onebox_api::units::Verb;
use onebox_api::upgrades::{Bad, Begun, Ending, Event, Price, Probe, RollBack, Side};
use onebox_model::{queues, units};
use onebox_release::compatibility::Database;
use std::sync::Arc;
use time::OffsetDateTime;

/// What is remembered of a release that an operator left.
const BY_HAND: &str = "an operator went back from it";

/// What the schema needs before the older programs can work with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Schema {
    /// Nothing: it is theirs, or serves them.
    Stays,
    /// Its last migrations are taken back down to this one.
    RevertsTo(i64),
}

fn schema(now: Database, reversible: bool, older: i64) -> Result<Schema, String> {
    if now.version <= older || now.serves_from <= older {
        return Ok(Schema::Stays);
    }
    if reversible {
        return Ok(Schema::RevertsTo(older));
    }
    Err(format!(
        "the older programs need schema {older}, the database is at {}, and the release says that its migrations cannot be taken back: \
         bring the data back from before the upgrade too (`boxctl restore --help`), or wait for a newer release",
        now.version
    ))
}

/// The commit of the release that runs, and so the moment from which on going back
/// costs something.
fn committed<'a>(memory: &'a Memory, running: &Side) -> Option<&'a Event> {
    let last = memory.history.iter().rev();
    let mut last = last.filter(|event| event.ending == Ending::Committed);
    last.next().filter(|event| event.to == *running)
}

/// All that is known of a rollback before anything is done.
struct Plan {
    price: Price,
    slot: Slot,
    schema: Schema,
    way: Way,
}

impl Upgrades {
    /// What going back to the release of before would cost.
    ///
    /// # Errors
    /// When nobody can tell.
    pub async fn price(&self, asked: RollBack) -> Result<Price, UpgradeError> {
        let _turn = self.take("looking at what going back would cost")?;
        Ok(self.plan_rollback(asked).await?.price)
    }

    async fn plan_rollback(&self, asked: RollBack) -> Result<Plan, UpgradeError> {
        let (slot, running) = self.running()?;
        let own = self.own_release()?;
        let memory = Memory::load(&self.disk)?;
        let mut obstacles = Vec::new();
        let bootable = self
            .store()
            .read()
            .is_ok_and(|found| found.state.boot == slot && found.state.other_ok);
        let to = memory.other.clone().filter(|_| bootable);
        if to.is_none() {
            obstacles.push(format!(
                "slot {} holds no release that was good on this box, so there is none to go back to; \
                 `boxctl upgrade --force VERSION` installs an older one",
                slot.other()
            ));
        }
        let event = committed(&memory, &running);
        if event.is_none() {
            obstacles.push("this box was not upgraded to the release that runs".to_owned());
        }
        let fit: Option<&Fit> = memory.other_fit.as_ref();
        if fit.is_none() && to.is_some() {
            obstacles.push(
                "what the older programs need was not written down when they were left".to_owned(),
            );
        }
        let mut reverts = Schema::Stays;
        let mut written = Vec::new();
        if let (Some(event), Some(fit)) = (event, fit) {
            if fit.redis_rdb_version < own.redis_rdb_version {
                obstacles.push(format!(
                    "the older Redis reads files of version {}, and those here are of version {}",
                    fit.redis_rdb_version, own.redis_rdb_version
                ));
            }
            if config_in_force(&self.disk).database.url.is_none() {
                let (now, _) = self.ask_patiently().await?;
                match schema(now, own.schema.reversible, fit.schema) {
                    Ok(found) => reverts = found,
                    Err(why) => obstacles.push(why),
                }
                let mut connection = self.database().await?;
                written = written::count(&mut connection, event.at)
                    .await
                    .map_err(written::failed)?;
            }
        }
        let kernel_changes = fit.is_none_or(|fit| fit.kernel != own.kernel);
        let way = Way::to(kernel_changes, asked.restart);
        let price = Price {
            since: event.map(|event| event.at),
            steps: steps(reverts, way),
            reverts_to: match reverts {
                Schema::Stays => None,
                Schema::RevertsTo(version) => Some(version),
            },
            running,
            to,
            written,
            obstacles,
        };
        Ok(Plan {
            price,
            slot,
            schema: reverts,
            way,
        })
    }

    /// Goes back to the release of before. Returns a moment before the box goes
    /// over.
    ///
    /// # Errors
    /// When it cannot be done; then the present release goes on.
    pub async fn roll_back(&self, asked: RollBack, steps: &Steps) -> Result<Begun, UpgradeError> {
        let _turn = self.take("going back")?;
        if let Some(trial) = Memory::load(&self.disk)?.trial {
            return Err(UpgradeError::Busy(format!(
                "the trial of release {}",
                trial.to.version
            )));
        }
        let plan = self.plan_rollback(asked).await?;
        let (Some(to), Some(since)) = (plan.price.to.clone(), plan.price.since) else {
            return Err(UpgradeError::Obstacles(plan.price.obstacles));
        };
        if !plan.price.obstacles.is_empty() {
            return Err(UpgradeError::Obstacles(plan.price.obstacles));
        }
        match self.leave(&plan, to.clone(), since, steps).await {
            Ok(export) => {
                let systemd = Arc::clone(&self.systemd);
                let way = plan.way;
                tokio::spawn(async move {
                    // Who asked gets the answer first.
                    tokio::time::sleep(FAREWELL).await;
                    switch::go(&*systemd, way).await;
                });
                Ok(Begun {
                    to,
                    trial_minutes: config_in_force(&self.disk).updates.trial_minutes,
                    restarts: way == Way::Restart,
                    export,
                })
            }
            Err(error) => {
                steps.tell("going on with the present release");
                self.go_on(plan.schema).await;
                Err(error)
            }
        }
    }

    /// Everything up to the moment in which the box may go. Returns where the rows
    /// are.
    async fn leave(
        &self,
        plan: &Plan,
        to: Side,
        since: OffsetDateTime,
        steps: &Steps,
    ) -> Result<Option<String>, UpgradeError> {
        let id = OffsetDateTime::now_utc().unix_timestamp_nanos().to_string();
        if plan.schema != Schema::Stays {
            steps.tell("visitors wait from here on, and jobs");
            if plan.way == Way::Soft {
                switch::ready(&*self.systemd).await?;
            }
            self.rest().await?;
        }
        let mut export = None;
        if !plan.price.written.is_empty() {
            let mut connection = self.database().await?;
            let place =
                written::export(&self.disk, &mut connection, since, &plan.price.written).await?;
            steps.tell(format!("what was written since is in {place}"));
            export = Some(place);
        }
        if let Schema::RevertsTo(version) = plan.schema {
            self.revert(&id, version, steps).await?;
        }
        let running = plan.price.running.clone();
        self.arm(&self.store(), id, running.clone(), to)?;
        let mut memory = Memory::load(&self.disk)?;
        memory.bad.retain(|bad| bad.version != running.version);
        memory.bad.push(Bad {
            version: running.version,
            revision: running.revision,
            at: OffsetDateTime::now_utc(),
            probes: vec![Probe {
                what: "rollback".to_owned(),
                why: BY_HAND.to_owned(),
            }],
            logs: Vec::new(),
        });
        memory.save(&self.disk)?;
        steps.tell(format!(
            "going back to slot {}, on trial",
            plan.slot.other()
        ));
        Ok(export)
    }

    /// Ends everything that writes to the database, so that what is counted stays so.
    async fn rest(&self) -> Result<(), UpgradeError> {
        // The sockets first: connections queue in the store of the site's unit.
        let sockets = [units::HTTP_SOCKET, units::HTTPS_SOCKET].map(str::to_owned);
        for unit in sockets.into_iter().chain(at_work()) {
            self.systemd.act(Verb::Stop, &unit).await?;
        }
        Ok(())
    }

    /// Takes the last migrations back, with nobody at work. What they drop is kept
    /// in the copy of the data, which comes back when the older release is no good.
    async fn revert(&self, id: &str, version: i64, steps: &Steps) -> Result<(), UpgradeError> {
        for unit in [units::REDIS, units::POSTGRESQL] {
            self.systemd.act(Verb::Stop, unit).await?;
        }
        snapshot::make(&self.disk, id)?;
        for unit in [units::POSTGRESQL, units::REDIS] {
            self.systemd.act(Verb::Start, unit).await?;
        }
        steps.tell(format!("taking migrations back, down to {version}"));
        let unit = units::revert(version);
        self.systemd.act(Verb::Start, &unit).await?;
        Ok(())
    }

    /// After a rollback that did not get as far as the boot loader.
    async fn go_on(&self, schema: Schema) {
        switch::over(&self.disk, &*self.systemd).await;
        if let Err(error) = snapshot::discard(&self.disk) {
            tracing::warn!("{error}");
        }
        if schema == Schema::Stays {
            return;
        }
        let back = [
            units::POSTGRESQL,
            units::REDIS,
            units::HTTP_SOCKET,
            units::HTTPS_SOCKET,
        ];
        let back = back.map(str::to_owned).into_iter().chain(at_work());
        for unit in back {
            if let Err(error) = self.systemd.act(Verb::Start, &unit).await {
                tracing::warn!("{error}");
            }
        }
        // The schema comes back up.
        if let Err(error) = self.systemd.act(Verb::Restart, units::MIGRATE).await {
            tracing::warn!("{error}");
        }
    }
}

/// The units that read and write the database.
fn at_work() -> impl Iterator<Item = String> {
    let workers = queues::ALL.into_iter().map(units::worker);
    [units::WEB.to_owned(), units::SCHEDULER.to_owned()]
        .into_iter()
        .chain(workers)
}

fn steps(schema: Schema, way: Way) -> Vec<String> {
    let mut steps = Vec::new();
    if schema != Schema::Stays {
        steps.push("let visitors and jobs wait".to_owned());
    }
    steps.push("put what was written since into files, a table each".to_owned());
    if let Schema::RevertsTo(version) = schema {
        steps.push(format!(
            "take the migrations after {version} back; what only the newer schema has room for goes"
        ));
    }
    steps.push(way.told());
    steps.push(
        "judge the older release, as in an upgrade; keep it and let visitors in, or come back to this one"
            .to_owned(),
    );
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Database = Database {
        version: 15,
        serves_from: 14,
    };

    #[test]
    fn the_schema_stays_where_it_serves_the_older_programs() {
        assert_eq!(schema(NOW, false, 15), Ok(Schema::Stays));
        assert_eq!(schema(NOW, false, 14), Ok(Schema::Stays));
        assert_eq!(schema(NOW, true, 13), Ok(Schema::RevertsTo(13)));
        let why = schema(NOW, false, 13).unwrap_err();
        assert!(why.contains("schema 13") && why.contains("at 15"), "{why}");
    }

    #[test]
    fn the_price_counts_from_the_last_commit_of_what_runs() {
        let side = |version: &str| Side {
            slot: "B".to_owned(),
            version: version.to_owned(),
            revision: "r".to_owned(),
        };
        let event = |to: &str, ending, at| Event {
            at: OffsetDateTime::UNIX_EPOCH + time::Duration::hours(at),
            from: side("1"),
            to: side(to),
            ending,
            away_seconds: 1.0,
            starts: 1,
            probes: Vec::new(),
        };
        let memory = Memory {
            history: vec![
                event("2", Ending::Committed, 1),
                event("3", Ending::RolledBack, 2),
            ],
            ..Memory::default()
        };
        let found = committed(&memory, &side("2")).unwrap();
        assert_eq!(found.at.unix_timestamp(), 3600);
        assert!(committed(&memory, &side("3")).is_none());
        assert!(committed(&Memory::default(), &side("2")).is_none());
    }
}
