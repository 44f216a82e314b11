//! Making backups, and looking at them.

use crate::stage::{Stage, steps};
use boxd::backups::{Backing, BackupError};
use boxd::reconcilers::Reconciler as _;
use onebox_api::backups::{Kind, Now, Prune};
use onebox_api::reconcilers::Outcome;
use onebox_model::paths;
use std::fs;
use std::path::PathBuf;

fn now(kind: Kind) -> Now {
    Now {
        kind: Some(kind),
        repository: None,
    }
}

#[tokio::test]
async fn a_box_backs_up_its_database_files_and_state() {
    let stage = Stage::new("").await;
    // The first look makes the repository ready; the first backup comes with it
    // on a machine that has been up for a while.
    let report = Backing(stage.backups.clone()).activate().await.unwrap();
    assert_eq!(report.outcome, Outcome::Ok, "{}", report.summary);
    let first = stage.backups.overview().await.unwrap().backups.len();
    stage.order("one").await;
    stage.upload("uploads/a.jpg", "a picture");
    let made = stage.backups.now(&now(Kind::Full), &steps()).await.unwrap();
    stage.order("two").await;
    let made_again = stage.backups.now(&now(Kind::Diff), &steps()).await.unwrap();
    assert_eq!(
        (made.backups.len(), made_again.backups.len()),
        (first + 1, first + 2)
    );
    let [.., full, diff] = &made_again.backups[..] else {
        panic!("{made_again:?}");
    };
    assert_eq!((full.kind, diff.kind), (Kind::Full, Kind::Diff));
    assert_eq!(diff.needs, std::slice::from_ref(&full.label));
    assert!(
        diff.stored < full.stored / 5,
        "{} {}",
        diff.stored,
        full.stored
    );
    assert_eq!((&*full.notes["orders"], &*diff.notes["orders"]), ("1", "2"));
    assert_eq!(diff.notes["schema"], "15");
    let repository = &made_again.repositories[0];
    assert_eq!((&repository.error, &repository.last_error), (&None, &None));
    assert_eq!(repository.since, Some(made_again.backups[0].ended));
    let archive = made_again.archive.unwrap();
    assert_eq!(archive.waiting, 0);
    // Nobody reads the repository without the passphrase.
    let planted = fs::read(stage.path(paths::BACKUP_CIPHER)).unwrap();
    let mut left = vec![stage.path(paths::BACKUP_REPOSITORY)];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else {
            let bytes = fs::read(&path).unwrap();
            let clear = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
            assert!(
                !clear(&planted) && !clear(b"a picture"),
                "{}",
                path.display()
            );
        }
    }
    let verified = stage.backups.verify(&steps()).await.unwrap();
    assert_eq!(verified.faults, Vec::<String>::new());
    assert!(verified.summary.len() >= 3, "{verified:?}");
}

/// The largest file of a backup in the local repository.
fn largest(stage: &Stage) -> PathBuf {
    let mut left = vec![stage.path(paths::BACKUP_REPOSITORY).join("backup/onebox")];
    let mut all = Vec::new();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else {
            all.push((fs::metadata(&path).unwrap().len(), path));
        }
    }
    all.into_iter().max().unwrap().1
}

#[tokio::test]
async fn a_flipped_bit_is_found() {
    let stage = Stage::new("").await;
    stage.backups.now(&now(Kind::Full), &steps()).await.unwrap();
    let file = largest(&stage);
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let verified = stage.backups.verify(&steps()).await.unwrap();
    let told = verified.faults.join("\n");
    assert!(told.contains("invalid checksum"), "{told}");
    // A restore of it fails as well, and leaves the data that are in use.
    stage.order("one").await;
    let asked = onebox_api::backups::Restore::default();
    let error = stage.backups.restore(&asked, &steps()).await.unwrap_err();
    assert!(matches!(error, BackupError::Program { .. }), "{error}");
    assert_eq!(stage.orders().await, ["one"]);
}

#[tokio::test]
async fn one_thing_at_a_time_and_only_what_there_is() {
    let stage = Stage::new("").await;
    let other = Now {
        kind: None,
        repository: Some("s3".to_owned()),
    };
    let error = stage.backups.now(&other, &steps()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no repository \"s3\"; this box has local"
    );
    let (full, steps_of) = (now(Kind::Full), steps());
    let first = stage.backups.now(&full, &steps_of);
    tokio::pin!(first);
    let second = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        stage
            .backups
            .prune(&Prune { dry_run: true }, &steps())
            .await
    };
    let (first, second) = tokio::join!(first, second);
    first.unwrap();
    let error = second.unwrap_err();
    assert!(
        error.to_string().starts_with("a backup is under way"),
        "{error}"
    );
    let pruned = stage
        .backups
        .prune(&Prune { dry_run: false }, &steps())
        .await;
    assert!(pruned.unwrap().dropped.is_empty());
}

#[tokio::test]
async fn a_box_that_is_told_not_to_makes_none() {
    let stage = Stage::new("[backups]\non = false\n").await;
    let overview = stage.backups.overview().await.unwrap();
    assert!(!overview.on);
    let error = stage
        .backups
        .now(&Now::default(), &steps())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("backups.on = false"), "{error}");
}
