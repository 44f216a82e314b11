//! Going back: to the newest state, to a time, to a backup, and over the
//! recoveries of before.

use crate::stage::{Stage, chown, steps};
use boxd::backups::undo_at_boot;
use onebox_api::backups::{Kind, Now, Restore};
use onebox_model::paths;
use std::fs;
use std::time::Duration;
use time::OffsetDateTime;

async fn full(stage: &Stage) -> String {
    let asked = Now {
        kind: Some(Kind::Full),
        repository: None,
    };
    let made = stage.backups.now(&asked, &steps()).await.unwrap();
    made.backups.last().unwrap().label.clone()
}

fn at(time: OffsetDateTime) -> Restore {
    Restore {
        at: Some(time),
        ..Restore::default()
    }
}

async fn apart() {
    tokio::time::sleep(Duration::from_millis(1100)).await;
}

#[tokio::test]
async fn any_second_can_be_gone_back_to_and_again_after_that() {
    let stage = Stage::new("").await;
    let before_all = OffsetDateTime::now_utc();
    apart().await;
    let label = full(&stage).await;
    stage.upload("uploads/a.jpg", "a picture");
    stage.order("one").await;
    apart().await;
    let first = OffsetDateTime::now_utc();
    apart().await;
    stage.order("two").await;
    apart().await;
    let second = OffsetDateTime::now_utc();
    apart().await;
    stage.order("three").await;

    // To a time between two orders.
    let restored = stage.backups.restore(&at(first), &steps()).await.unwrap();
    assert_eq!(restored.label, label);
    assert_eq!(restored.kept_aside, None);
    assert_eq!(stage.orders().await, ["one"]);
    stage.order("four").await;
    apart().await;
    // A second recovery: to a time that only the first timeline knows.
    stage.backups.restore(&at(second), &steps()).await.unwrap();
    assert_eq!(stage.orders().await, ["one", "two"]);
    // To now, after which nothing was written.
    apart().await;
    let now = OffsetDateTime::now_utc();
    stage.backups.restore(&at(now), &steps()).await.unwrap();
    assert_eq!(stage.orders().await, ["one", "two"]);
    // To the end of the backup itself.
    let asked = Restore {
        label: Some(label),
        ..Restore::default()
    };
    stage.backups.restore(&asked, &steps()).await.unwrap();
    assert!(stage.orders().await.is_empty());

    for (time, part) in [
        (before_all, "before the first backup"),
        (
            OffsetDateTime::now_utc() + Duration::from_secs(3600),
            "in the future",
        ),
    ] {
        let error = stage
            .backups
            .restore(&at(time), &steps())
            .await
            .unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
    // Backups go on.
    full(&stage).await;
}

#[tokio::test]
async fn files_that_are_missing_come_back_and_new_ones_stay() {
    let stage = Stage::new("").await;
    stage.upload("uploads/a.jpg", "a picture");
    full(&stage).await;
    let uploads = stage.path(paths::APP_STATE_DIR).join("uploads");
    fs::remove_file(uploads.join("a.jpg")).unwrap();
    stage.upload("uploads/b.jpg", "another");
    let plan = stage
        .backups
        .restore_plan(&Restore::default())
        .await
        .unwrap();
    assert!(plan.needs < plan.free && plan.steps.len() >= 6, "{plan:?}");
    stage
        .backups
        .restore(&Restore::default(), &steps())
        .await
        .unwrap();
    for (name, text) in [("a.jpg", "a picture"), ("b.jpg", "another")] {
        assert_eq!(fs::read_to_string(uploads.join(name)).unwrap(), text);
    }
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(uploads.join("a.jpg")).unwrap());
    assert_eq!(owner, 903);
}

#[tokio::test]
async fn a_box_that_is_not_healthy_with_restored_data_has_its_own_again() {
    let stage = Stage::new("").await;
    full(&stage).await;
    stage.order("one").await;
    apart().await;
    let then = OffsetDateTime::now_utc();
    apart().await;
    stage.order("two").await;
    *stage.judge.0.lock().unwrap() = Some("/ready says no".to_owned());
    let error = stage
        .backups
        .restore(&at(then), &steps())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("/ready says no"), "{error}");
    assert_eq!(stage.orders().await, ["one", "two"]);
    stage.backups.restore(&at(then), &steps()).await.unwrap();
    assert_eq!(stage.orders().await, ["one"]);
}

#[tokio::test]
async fn the_state_of_the_box_comes_back_when_it_is_asked_for() {
    let stage = Stage::new("[time]\nzone = \"Europe/Luxembourg\"\n").await;
    full(&stage).await;
    let seal = fs::read(stage.path(paths::SEAL_KEYS)).unwrap();
    fs::write(stage.path(paths::CONFIG), "[time]\nzone = \"Asia/Tokyo\"\n").unwrap();
    fs::write(stage.path(paths::SEAL_KEYS), "none\n").unwrap();
    let asked = Restore {
        everything: true,
        ..Restore::default()
    };
    stage.backups.restore(&asked, &steps()).await.unwrap();
    let text = fs::read_to_string(stage.path(paths::CONFIG)).unwrap();
    assert!(text.contains("Luxembourg"), "{text}");
    assert_eq!(fs::read(stage.path(paths::SEAL_KEYS)).unwrap(), seal);
    full(&stage).await;
}

/// The worst moment: everything is exchanged and nobody said that it is good.
#[tokio::test]
async fn a_power_cut_in_a_restore_leaves_the_data_of_before() {
    let stage = Stage::new("").await;
    full(&stage).await;
    stage.order("one").await;
    let data = stage.path(paths::POSTGRES_DATA);
    let restored = data.with_file_name("restored");
    stage.power_cut().await;
    // As the exchange leaves it, by hand.
    fs::create_dir(&restored).unwrap();
    fs::write(restored.join("PG_VERSION"), "17\n").unwrap();
    fs::write(restored.join("onebox-restored"), "4711").unwrap();
    chown(&restored, 901);
    let intent = stage.path("/var/lib/onebox/backups/restore.json");
    let text = serde_json::json!({"id": "4711", "pairs":
        [[paths::POSTGRES_DATA, "/var/lib/postgresql/17/restored"]]});
    for exchanged in [true, false] {
        fs::write(&intent, text.to_string()).unwrap();
        if exchanged {
            let (one, two) = (data.clone(), restored.clone());
            let flags = rustix::fs::RenameFlags::EXCHANGE;
            rustix::fs::renameat_with(rustix::fs::CWD, one, rustix::fs::CWD, two, flags).unwrap();
        }
        let done = undo_at_boot(&stage.disk).unwrap();
        assert!(done.unwrap().contains("taken back"));
        assert!(!intent.exists() && data.join("base").is_dir());
        assert_eq!(undo_at_boot(&stage.disk).unwrap(), None);
    }
    stage.start_server().await;
    assert_eq!(stage.orders().await, ["one"]);
}

/// A restore is the beginning of another history, which has its own backups.
#[tokio::test]
async fn a_restored_box_is_backed_up_and_restored_again() {
    let stage = Stage::new("").await;
    for note in ["one", "two"] {
        full(&stage).await;
        stage.order(note).await;
        stage
            .backups
            .restore(&Restore::default(), &steps())
            .await
            .unwrap();
    }
    assert_eq!(stage.orders().await, ["one", "two"]);
}
