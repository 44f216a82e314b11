//! Backups in an object store, and what it may do to them.

use crate::stage::{CA_FILE, Stage, steps};
use boxd::backups::Backing;
use boxd::reconcilers::Reconciler as _;
use onebox_api::backups::{Kind, Now, Overview, Restore, RestoreKit};
use onebox_api::reconcilers::Outcome;
use onebox_model::paths;
use onebox_testing::s3::{Fault, S3};
use std::fs;
use std::time::Duration;

fn now(kind: Kind, repository: Option<&str>) -> Now {
    Now {
        kind: Some(kind),
        repository: repository.map(str::to_owned),
    }
}

async fn stage(s3: &S3, more: &str) -> Stage {
    Stage::beside(s3, more).await
}

fn last(overview: &Overview, repository: &str) -> Option<String> {
    let of = |one: &&onebox_api::backups::Backup| one.repository == repository;
    overview
        .backups
        .iter()
        .rfind(of)
        .map(|one| one.label.clone())
}

#[tokio::test]
async fn a_lost_box_comes_back_on_a_new_one_from_its_kit() {
    let s3 = S3::start().await;
    let old = stage(&s3, "[time]\nzone = \"Europe/Luxembourg\"\n").await;
    old.upload("uploads/a.jpg", "a picture");
    old.backups
        .now(&now(Kind::Full, None), &steps())
        .await
        .unwrap();
    for number in 0..20 {
        old.order(&format!("order {number}")).await;
    }
    let kit = old.backups.kit().unwrap();
    assert!(!kit.settings.contains("test-secret-key"));
    let seal = fs::read(old.path(paths::SEAL_KEYS)).unwrap();
    // The log goes to both places by itself, the box is lost.
    old.sql("postgres", "SELECT pg_switch_wal()").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    old.power_cut().await;
    drop(old);

    // Nothing is there but the image and the page.
    let new = Stage::new("").await;
    assert!(!new.path(CA_FILE).exists());
    let asked = RestoreKit {
        kit,
        restore: Restore::default(),
    };
    let restored = new.backups.restore_kit(&asked, &steps()).await.unwrap();
    assert_eq!(restored.repository, "s3");
    assert_eq!(new.orders().await.len(), 20);
    let upload = new.path(paths::APP_STATE_DIR).join("uploads/a.jpg");
    assert_eq!(fs::read_to_string(upload).unwrap(), "a picture");
    assert_eq!(fs::read(new.path(paths::SEAL_KEYS)).unwrap(), seal);
    let text = fs::read_to_string(new.path(paths::CONFIG)).unwrap();
    assert!(text.contains("Luxembourg"), "{text}");
    let authority = fs::read_to_string(new.path(CA_FILE)).unwrap();
    assert_eq!(authority, s3.certificate);
    // It goes on where the old one was: in both repositories.
    let report = Backing(new.backups.clone()).activate().await.unwrap();
    assert_eq!(report.outcome, Outcome::Ok, "{}", report.summary);
    new.order("on the new box").await;
    let made = new
        .backups
        .now(&now(Kind::Full, None), &steps())
        .await
        .unwrap();
    assert!(last(&made, "local").is_some() && last(&made, "s3").is_some());
}

#[tokio::test]
async fn a_store_that_throttles_is_written_to_and_read_from() {
    let s3 = S3::start().await;
    let stage = stage(&s3, "[backups]\nlocal = false\n").await;
    // pgBackRest tries again by itself after one, the keeper after the other.
    for (fault, note) in [(Fault::Throttle(503, 4), "503"), (Fault::TooMany(2), "429")] {
        s3.fault(Some(fault));
        let before = s3.requests();
        stage
            .backups
            .now(&now(Kind::Full, None), &steps())
            .await
            .unwrap();
        println!("{fault:?}: {} requests", s3.requests() - before);
        stage.order(note).await;
        stage
            .backups
            .restore(&Restore::default(), &steps())
            .await
            .unwrap();
        s3.fault(None);
    }
    assert_eq!(stage.orders().await, ["503", "429"]);
}

#[tokio::test]
async fn one_repository_that_fails_does_not_keep_the_other_from_its_backup() {
    let s3 = S3::start().await;
    let stage = stage(&s3, "").await;
    stage
        .backups
        .now(&now(Kind::Full, None), &steps())
        .await
        .unwrap();
    let before = stage.backups.overview().await.unwrap();
    s3.fault(Some(Fault::Revoked));
    stage.order("one").await;
    let error = stage
        .backups
        .now(&now(Kind::Incr, Some("s3")), &steps())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("403"), "{error}");
    let report = Backing(stage.backups.clone()).activate().await.unwrap();
    assert_eq!(report.outcome, Outcome::Attention);
    assert!(report.summary.contains("s3: "), "{}", report.summary);
    // Well again, nothing was lost.
    s3.fault(None);
    let made = stage
        .backups
        .now(&now(Kind::Incr, None), &steps())
        .await
        .unwrap();
    for repository in ["local", "s3"] {
        assert_ne!(
            last(&made, repository),
            last(&before, repository),
            "{repository}"
        );
    }
    stage
        .backups
        .restore(
            &Restore {
                repository: Some("s3".to_owned()),
                ..Restore::default()
            },
            &steps(),
        )
        .await
        .unwrap();
    assert_eq!(stage.orders().await, ["one"]);
}

#[tokio::test]
async fn what_a_store_gives_back_damaged_is_not_restored() {
    let s3 = S3::start().await;
    let stage = stage(&s3, "[backups]\nlocal = false\n").await;
    stage
        .backups
        .now(&now(Kind::Full, None), &steps())
        .await
        .unwrap();
    stage.order("one").await;
    for fault in [Fault::Truncated, Fault::Garbage] {
        s3.fault(Some(fault));
        let asked = Restore::default();
        let error = stage.backups.restore(&asked, &steps()).await.unwrap_err();
        println!("{fault:?}: {error}");
        assert_eq!(stage.orders().await, ["one"], "{fault:?}");
    }
    s3.fault(None);
    stage
        .backups
        .restore(&Restore::default(), &steps())
        .await
        .unwrap();
    assert_eq!(stage.orders().await, ["one"]);
}

/// A repository that comes later knows nothing of the recoveries before it.
#[tokio::test]
async fn a_store_that_is_added_after_a_restore_can_be_restored_from() {
    let s3 = S3::start().await;
    let stage = Stage::with("", &[(CA_FILE, &s3.certificate)]).await;
    stage
        .backups
        .now(&now(Kind::Full, None), &steps())
        .await
        .unwrap();
    stage
        .backups
        .restore(&Restore::default(), &steps())
        .await
        .unwrap();
    stage.order("one").await;
    let text = s3.settings("localhost", CA_FILE);
    fs::write(stage.path(paths::CONFIG), text).unwrap();
    // As if it had been applied.
    fs::remove_dir_all(stage.path(paths::GENERATIONS_DIR)).unwrap();
    stage.prepare();
    stage
        .backups
        .now(&now(Kind::Full, None), &steps())
        .await
        .unwrap();
    stage.order("two").await;
    for _ in 0..2 {
        let asked = Restore {
            repository: Some("s3".to_owned()),
            ..Restore::default()
        };
        stage.backups.restore(&asked, &steps()).await.unwrap();
        assert_eq!(stage.orders().await, ["one", "two"]);
    }
}
