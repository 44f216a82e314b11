//! The daemon over its real socket, with a systemd that is played.

#![allow(clippy::unwrap_used, reason = "test helpers")]

use boxd::accounts::Ownership;
use boxd::daemon::Keeper;
use boxd::disk::Disk;
use boxd::systemd::fake::Fake;
use onebox_api::client::{Client, ClientError};
use onebox_api::reconcilers::{self, Outcome, ReconcilerStatus};
use onebox_api::status::{STATUS, Status};
use onebox_api::units::{self, Act, UnitState, Verb};
use onebox_model::units::{REDIS, WEB, own};
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::sync::Arc;

struct Stage {
    socket: PathBuf,
    fake: Arc<Fake>,
    _dir: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("var/lib/onebox")).unwrap();
        let units = own();
        let names: Vec<&str> = units.iter().map(String::as_str).collect();
        let fake = Arc::new(Fake::with(&names));
        let disk = Disk::new(dir.path(), Ownership::Skip);
        let keeper = Keeper::new(disk, fake.clone());
        let socket = dir.path().join("boxd.sock");
        let path = socket.clone();
        tokio::spawn(async move { keeper.serve(&path).await.unwrap() });
        while !socket.exists() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        Self {
            socket,
            fake,
            _dir: dir,
        }
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
    let stage = Stage::new().await;
    stage.fake.set(REDIS, "failed");
    let status: Status = stage.get(STATUS).await.unwrap();
    assert_eq!(status.units.len(), own().len());
    let redis = status.units.iter().find(|unit| unit.name == REDIS);
    assert!(redis.unwrap().is_failed());
    assert_eq!(status.config_source, "defaults");
    assert_eq!(status.image, None, "not a box");
    assert!(status.memory.total_bytes > 0);
    assert!(!status.disks.is_empty());
    // There is a database on no test machine, or one without our tables.
    assert_eq!(status.queues.is_none(), status.queues_error.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn units_are_acted_on_by_short_names_and_failures_are_told() {
    let stage = Stage::new().await;
    let web = stage.act(Verb::Restart, "web").await.unwrap();
    assert_eq!((web.name.as_str(), web.is_active()), (WEB, true));
    assert_eq!(stage.fake.calls(), ["restart wizamart-web.service"]);

    stage.fake.fail(Verb::Start, REDIS);
    let refused = stage.act(Verb::Start, "redis").await.unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("journalctl -u redis.service"), "{text}");

    for (name, wanted) in [
        ("worker/import", "did you mean \"worker/imports\""),
        ("nginx.service", "systemd knows no unit nginx.service"),
    ] {
        let text = stage.act(Verb::Start, name).await.unwrap_err().to_string();
        assert!(text.contains(wanted), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recurring_work_is_listed_and_run_when_asked() {
    let stage = Stage::new().await;
    let all: Vec<ReconcilerStatus> = stage.get(reconcilers::LIST).await.unwrap();
    let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    for name in ["units", "disks", "memory", "clock"] {
        assert!(names.contains(&name), "{names:?}");
    }
    stage.fake.set(WEB, "failed");
    let run = |name: &str| reconcilers::Run {
        name: name.to_owned(),
    };
    let asked = run("units");
    let status: ReconcilerStatus = stage
        .ask(move |client| client.post(reconcilers::RUN, &asked))
        .await
        .unwrap();
    assert_eq!(status.runs, 1);
    assert_eq!(status.last_outcome, Some(Outcome::Attention));
    let unknown = run("unit");
    let error = stage
        .ask(move |client| client.post::<ReconcilerStatus>(reconcilers::RUN, &unknown))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("it is one of units, disks"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_answered_with_a_problem() {
    let stage = Stage::new().await;
    let error = stage.get::<Status>("/v1/nothing").await.unwrap_err();
    assert!(matches!(&error, ClientError::Refused(problem) if problem.status == 404));
    let missing = Client::new(&stage.socket.with_extension("none"));
    let error = tokio::task::spawn_blocking(move || missing.get::<Status>(STATUS))
        .await
        .unwrap()
        .unwrap_err();
    assert!(error.to_string().contains("boxd is not running"), "{error}");
}
