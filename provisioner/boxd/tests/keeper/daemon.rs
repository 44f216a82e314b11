//! The daemon over its real socket, with a systemd that is played.

use crate::stage::Stage;
use boxd::daemon::Keeper;
use onebox_api::client::{Client, ClientError};
use onebox_api::generations::{self, Applied, Apply, Generation, Plan, Undo};
use onebox_api::reconcilers::{self, Outcome, ReconcilerStatus};
use onebox_api::status::{STATUS, Status};
use onebox_api::units::{self, Act, UnitState, Verb};
use onebox_model::units::{REDIS, WEB, own};
use serde::de::DeserializeOwned;
use std::path::PathBuf;

/// A daemon that serves a played box.
struct Daemon {
    socket: PathBuf,
    stage: Stage,
}

impl Daemon {
    async fn new() -> Self {
        let stage = Stage::new("");
        for unit in own() {
            stage.systemd.fake.set(&unit, "active");
        }
        let socket = stage.root().join("boxd.sock");
        let (keeper, path) = (Keeper::new(stage.applier()), socket.clone());
        tokio::spawn(async move { keeper.serve(&path).await.unwrap() });
        while !socket.exists() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        Self { socket, stage }
    }

    async fn ask<T, F>(&self, ask: F) -> Result<T, ClientError>
    where
        T: Send + 'static,
        F: FnOnce(Client) -> Result<T, ClientError> + Send + 'static,
    {
        let client = Client::new(&self.socket);
        tokio::task::spawn_blocking(move || ask(client))
            .await
            .unwrap()
    }

    async fn get<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &'static str,
    ) -> Result<T, ClientError> {
        self.ask(move |client| client.get(path)).await
    }

    async fn act(&self, verb: Verb, unit: &str) -> Result<UnitState, ClientError> {
        let unit = unit.to_owned();
        self.ask(move |client| client.post(units::ACT, &Act { verb, unit }))
            .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_tells_of_every_unit_and_of_what_is_not_known() {
    let daemon = Daemon::new().await;
    daemon.stage.systemd.fake.set(REDIS, "failed");
    let status: Status = daemon.get(STATUS).await.unwrap();
    assert_eq!(status.units.len(), own().len());
    let redis = status.units.iter().find(|unit| unit.name == REDIS);
    assert!(redis.unwrap().is_failed());
    assert_eq!(status.config_source, "generation");
    assert_eq!(
        (status.generation, status.pending_changes),
        (Some(1), Some(0))
    );
    assert_eq!(status.image, None, "not a box");
    assert!(status.memory.total_bytes > 0);
    assert!(!status.disks.is_empty());
    // There is a database on no test machine, or one without our tables.
    assert_eq!(status.queues.is_none(), status.queues_error.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn units_are_acted_on_by_short_names_and_failures_are_told() {
    let daemon = Daemon::new().await;
    let web = daemon.act(Verb::Restart, "web").await.unwrap();
    assert_eq!((web.name.as_str(), web.is_active()), (WEB, true));
    assert_eq!(
        daemon.stage.systemd.fake.calls(),
        ["restart wizamart-web.service"]
    );

    daemon.stage.systemd.fake.fail(Verb::Start, REDIS);
    let refused = daemon.act(Verb::Start, "redis").await.unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("journalctl -u redis.service"), "{text}");

    for (name, wanted) in [
        ("worker/import", "did you mean \"worker/imports\""),
        ("nginx.service", "systemd knows no unit nginx.service"),
    ] {
        let text = daemon.act(Verb::Start, name).await.unwrap_err().to_string();
        assert!(text.contains(wanted), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recurring_work_is_listed_and_run_when_asked() {
    let daemon = Daemon::new().await;
    let all: Vec<ReconcilerStatus> = daemon.get(reconcilers::LIST).await.unwrap();
    let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    for name in ["units", "disks", "memory", "clock"] {
        assert!(names.contains(&name), "{names:?}");
    }
    daemon.stage.systemd.fake.set(WEB, "failed");
    let run = |name: &str| reconcilers::Run {
        name: name.to_owned(),
    };
    let asked = run("units");
    let status: ReconcilerStatus = daemon
        .ask(move |client| client.post(reconcilers::RUN, &asked))
        .await
        .unwrap();
    assert_eq!(status.runs, 1);
    assert_eq!(status.last_outcome, Some(Outcome::Attention));
    let unknown = run("unit");
    let error = daemon
        .ask(move |client| client.post::<ReconcilerStatus>(reconcilers::RUN, &unknown))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("it is one of generations, units, disks"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_answered_with_a_problem() {
    let daemon = Daemon::new().await;
    let error = daemon.get::<Status>("/v1/nothing").await.unwrap_err();
    assert!(matches!(&error, ClientError::Refused(problem) if problem.status == 404));
    let missing = Client::new(&daemon.socket.with_extension("none"));
    let error = tokio::task::spawn_blocking(move || missing.get::<Status>(STATUS))
        .await
        .unwrap()
        .unwrap_err();
    assert!(error.to_string().contains("boxd is not running"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_planned_applied_with_its_steps_and_undone() {
    let daemon = Daemon::new().await;
    daemon.stage.edit("[log]\nlevel = \"debug\"\n");
    let plan: Plan = daemon.get(generations::PLAN).await.unwrap();
    assert_eq!(plan.settings.len(), 1);
    let status: Status = daemon.get(STATUS).await.unwrap();
    assert_eq!(status.pending_changes, Some(1));
    let apply = Apply {
        message: "look closer".to_owned(),
        ..Apply::default()
    };
    let (applied, steps): (Applied, Vec<String>) = daemon
        .ask(move |client| {
            let mut steps = Vec::new();
            let applied = client.follow(generations::APPLY, &apply, |step| {
                steps.push(step.to_owned());
            })?;
            Ok((applied, steps))
        })
        .await
        .unwrap();
    let generation = applied.generation.unwrap();
    assert_eq!(
        (generation.number, &*generation.message),
        (2, "look closer")
    );
    assert!(
        steps.contains(&"restart wizamart-web.service".to_owned()),
        "{steps:?}"
    );

    daemon.stage.edit("[log]\nlevle = 1\n");
    let refused = daemon.get::<Plan>(generations::PLAN).await.unwrap_err();
    assert!(refused.to_string().contains("onebox.toml:2"), "{refused}");
    let undone: Applied = daemon
        .ask(|client| client.follow(generations::UNDO, &Undo::default(), |_| {}))
        .await
        .unwrap();
    assert_eq!(undone.generation.unwrap().number, 3);
    let history: Vec<Generation> = daemon.get(generations::HISTORY).await.unwrap();
    let numbers: Vec<u64> = history.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [3, 2, 1]);
    let none = daemon
        .ask(|client| client.post::<Generation>(generations::CONFIRM, &()))
        .await
        .unwrap_err();
    assert!(none.to_string().contains("no change waits"), "{none}");
}
