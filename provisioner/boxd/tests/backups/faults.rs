//! Stores and disks that fail while they are used.

use crate::stage::{Stage, steps};
use boxd::backups::{Backing, BackupError};
use boxd::reconcilers::Reconciler as _;
use onebox_api::backups::{Backup, Discard, Kind, Now, Restore};
use onebox_api::reconcilers::Outcome;
use onebox_model::paths;
use onebox_testing::s3::{Fault, S3, newest_object};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};
use time::OffsetDateTime;

fn now(kind: Kind, repository: Option<&str>) -> Now {
    Now {
        kind: Some(kind),
        repository: repository.map(str::to_owned),
    }
}

fn from(repository: &str) -> Restore {
    Restore {
        repository: Some(repository.to_owned()),
        ..Restore::default()
    }
}

/// A small disk of its own at a directory, for as long as this lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn at(path: PathBuf, megabytes: u32, owner: u32) -> Self {
        let size = format!("size={megabytes}m,uid={owner},gid={owner},mode=0755");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(&path)
            .status();
        assert!(mount.unwrap().success(), "mount a small disk");
        Self(path)
    }

    /// Leaves so many bytes of it.
    fn fill(&self, leave: u64) -> PathBuf {
        let filler = self.0.join("filler");
        let stat = rustix::fs::statvfs(&self.0).unwrap();
        let bytes = (stat.f_bavail * stat.f_frsize).saturating_sub(leave);
        let file = fs::File::create(&filler).unwrap();
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes).unwrap();
        filler
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server may still have files there.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Random bytes in the database, which do not compress.
async fn grow(stage: &Stage, megabytes: u32) {
    let rows = megabytes * 1000 / 8;
    let text = format!(
        "CREATE EXTENSION IF NOT EXISTS pgcrypto; CREATE TABLE IF NOT EXISTS noise (bytes bytea); \
         ALTER TABLE noise ALTER bytes SET STORAGE EXTERNAL; \
         INSERT INTO noise SELECT gen_random_bytes(1000) || gen_random_bytes(1000) || \
         gen_random_bytes(1000) || gen_random_bytes(1000) || gen_random_bytes(1000) || \
         gen_random_bytes(1000) || gen_random_bytes(1000) || gen_random_bytes(1000) \
         FROM generate_series(1, {rows}); CHECKPOINT"
    );
    stage.sql("wizamart", &text).await;
}

/// The files of PostgreSQL that say that a piece of the log waits.
fn waiting(stage: &Stage) -> Vec<PathBuf> {
    let dir = stage
        .path(paths::POSTGRES_DATA)
        .join("pg_wal/archive_status");
    let all = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    all.filter(|path| path.extension().is_some_and(|end| end == "ready"))
        .collect()
}

async fn archived(stage: &Stage) {
    for _ in 0..600 {
        if waiting(stage).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the log does not get away: {:?}", waiting(stage));
}

#[tokio::test]
async fn a_store_that_was_down_for_an_hour_gets_all_of_the_log() {
    let s3 = S3::start().await;
    let stage = Stage::beside(&s3, "").await;
    stage
        .backups
        .now(&now(Kind::Full, None), &steps())
        .await
        .unwrap();
    s3.fault(Some(Fault::Down));
    for number in 0..5 {
        stage.order(&format!("order {number}")).await;
        stage.sql("postgres", "SELECT pg_switch_wal()").await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let late = waiting(&stage);
    assert!(!late.is_empty(), "pieces wait for the store");
    // An hour passes.
    let then = SystemTime::now() - Duration::from_secs(3600);
    for path in &late {
        fs::File::open(path).unwrap().set_modified(then).unwrap();
    }
    let report = Backing(stage.backups.clone()).activate().await.unwrap();
    assert_eq!(report.outcome, Outcome::Attention);
    assert!(report.summary.contains("for 60 min"), "{}", report.summary);
    let counted = fs::read_to_string(stage.path(paths::KEEPER_METRICS).join("backups.prom"));
    let counted = counted.unwrap();
    let oldest = counted
        .lines()
        .find(|line| line.starts_with("onebox_backup_log_oldest"));
    let seconds: u64 = oldest.unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    assert!((3600..3700).contains(&seconds), "{counted}");
    // The orders are safe here meanwhile, and there when it is back.
    s3.fault(None);
    archived(&stage).await;
    let report = Backing(stage.backups.clone()).activate().await.unwrap();
    assert_eq!(report.outcome, Outcome::Ok, "{}", report.summary);
    stage.backups.restore(&from("s3"), &steps()).await.unwrap();
    assert_eq!(stage.orders().await.len(), 5);
}

#[tokio::test]
async fn a_slow_store_takes_longer_and_loses_nothing() {
    let s3 = S3::start().await;
    let stage = Stage::beside(&s3, "[backups]\nlocal = false\n").await;
    s3.fault(Some(Fault::Slow(Duration::from_millis(50))));
    stage
        .backups
        .now(&now(Kind::Full, None), &steps())
        .await
        .unwrap();
    stage.order("one").await;
    stage
        .backups
        .restore(&Restore::default(), &steps())
        .await
        .unwrap();
    assert_eq!(stage.orders().await, ["one"]);
}

#[tokio::test]
async fn credentials_that_are_revoked_in_a_backup_cost_that_backup_only() {
    let s3 = S3::start().await;
    let stage = Stage::beside(&s3, "[backups]\nlocal = false\n").await;
    stage
        .backups
        .now(&now(Kind::Full, None), &steps())
        .await
        .unwrap();
    stage.order("one").await;
    grow(&stage, 40).await;
    archived(&stage).await;
    let before = s3.requests();
    stage
        .backups
        .now(&now(Kind::Incr, None), &steps())
        .await
        .unwrap();
    let takes = s3.requests() - before;
    grow(&stage, 40).await;
    archived(&stage).await;
    // At several places of the same work.
    for answered in [1, takes / 4, takes / 2] {
        s3.fault(Some(Fault::RevokedAfter(answered)));
        let made = stage.backups.now(&now(Kind::Incr, None), &steps()).await;
        let error = made.unwrap_err().to_string();
        assert!(error.contains("403"), "{error}");
        let report = Backing(stage.backups.clone()).activate().await.unwrap();
        assert_eq!(report.outcome, Outcome::Attention);
        s3.fault(None);
    }
    let verified = stage.backups.verify(&steps()).await.unwrap();
    assert_eq!(verified.faults, Vec::<String>::new());
    stage
        .backups
        .restore(&Restore::default(), &steps())
        .await
        .unwrap();
    assert_eq!(stage.orders().await, ["one"]);
    stage
        .backups
        .now(&now(Kind::Incr, None), &steps())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_disk_that_fills_up_in_a_backup_costs_that_backup_only() {
    let stage = Stage::new("").await;
    // The server sees what is mounted when it starts.
    stage.power_cut().await;
    let disk = SmallDisk::at(stage.path(paths::BACKUP_REPOSITORY), 150, 901);
    stage.start_server().await;
    stage
        .backups
        .now(&now(Kind::Full, None), &steps())
        .await
        .unwrap();
    stage.order("one").await;
    grow(&stage, 30).await;
    archived(&stage).await;
    let filler = disk.fill(5_000_000);
    let made = stage.backups.now(&now(Kind::Incr, None), &steps()).await;
    let error = made.unwrap_err().to_string();
    assert!(error.contains("make room"), "{error}");
    let report = Backing(stage.backups.clone()).activate().await.unwrap();
    assert_eq!(report.outcome, Outcome::Attention, "{}", report.summary);
    // There is room again: nothing was lost, and what is there is whole.
    fs::remove_file(filler).unwrap();
    archived(&stage).await;
    stage
        .backups
        .now(&now(Kind::Incr, None), &steps())
        .await
        .unwrap();
    let verified = stage.backups.verify(&steps()).await.unwrap();
    assert_eq!(verified.faults, Vec::<String>::new());
    stage
        .backups
        .restore(&Restore::default(), &steps())
        .await
        .unwrap();
    assert_eq!(stage.orders().await, ["one"]);
    drop(stage);
    drop(disk);
}

#[tokio::test]
async fn a_disk_that_fills_up_in_a_restore_leaves_the_data_in_use() {
    let s3 = S3::start().await;
    let stage = Stage::beside(&s3, "[backups]\nlocal = false\n").await;
    // All of its state moves to a small disk.
    stage.power_cut().await;
    let state = stage.path("/var/lib");
    let aside = state.with_file_name("aside");
    fs::rename(&state, &aside).unwrap();
    fs::create_dir(&state).unwrap();
    let disk = SmallDisk::at(state.clone(), 900, 0);
    let moved = Command::new("cp")
        .arg("-a")
        .arg(aside.join("."))
        .arg(&state)
        .status();
    assert!(moved.unwrap().success());
    stage.start_server().await;
    grow(&stage, 60).await;
    stage
        .backups
        .now(&now(Kind::Full, None), &steps())
        .await
        .unwrap();
    stage.order("one").await;
    // Too little from the beginning is refused at the beginning.
    let filler = disk.fill(100_000_000);
    let error = stage
        .backups
        .restore(&Restore::default(), &steps())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("make room"), "{error}");
    fs::remove_file(&filler).unwrap();
    // It fills up when the restore has begun.
    s3.fault(Some(Fault::Slow(Duration::from_millis(200))));
    let (told, mut heard) = boxd::steps::Steps::new();
    let filling = async {
        while let Some(step) = heard.recv().await {
            if step.starts_with("restoring ") {
                return Some(disk.fill(40_000_000));
            }
        }
        None
    };
    let asked = Restore::default();
    let (restored, filler) = tokio::join!(stage.backups.restore(&asked, &told), filling);
    let error = restored.unwrap_err();
    assert!(error.to_string().contains("unable to write"), "{error}");
    assert!(!stage.path("/var/lib/postgresql/17/restored").exists());
    s3.fault(None);
    fs::remove_file(filler.unwrap()).unwrap();
    // A full disk stops a server that needs a new piece of its log; systemd
    // starts it again.
    stage.power_cut().await;
    stage.start_server().await;
    assert_eq!(stage.orders().await, ["one"]);
    stage.order("two").await;
    stage.backups.restore(&asked, &steps()).await.unwrap();
    assert_eq!(stage.orders().await, ["one", "two"]);
    drop(stage);
    drop(disk);
}

/// The newest file of the log in the local repository.
fn newest_piece(repository: &Path, nth: usize) -> PathBuf {
    let mut all = Vec::new();
    let mut left = vec![repository.join("archive/onebox")];
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if path.to_string_lossy().contains("/0000000100000000/") {
                all.push(path);
            }
        }
    }
    all.sort();
    all.remove(all.len() - nth)
}

#[tokio::test]
async fn a_piece_of_the_log_that_is_missing_is_told_with_what_can_be_reached() {
    let stage = Stage::new("").await;
    let full = stage
        .backups
        .now(&now(Kind::Full, None), &steps())
        .await
        .unwrap();
    let full = full.backups[0].label.clone();
    let mut times = Vec::new();
    for note in ["one", "two", "three"] {
        stage.order(note).await;
        tokio::time::sleep(Duration::from_millis(1100)).await;
        times.push(OffsetDateTime::now_utc());
        tokio::time::sleep(Duration::from_millis(1100)).await;
        stage.sql("postgres", "SELECT pg_switch_wal()").await;
    }
    archived(&stage).await;
    // The piece with the second order.
    let piece = newest_piece(&stage.path(paths::BACKUP_REPOSITORY), 2);
    fs::remove_file(piece).unwrap();
    let verified = stage.backups.verify(&steps()).await.unwrap();
    let [fault] = &verified.faults[..] else {
        panic!("{verified:?}");
    };
    println!("{fault}");
    assert!(
        fault.contains("1 pieces from 0000000100000000") && fault.contains(&full),
        "{fault}"
    );
    let made = stage
        .backups
        .now(&now(Kind::Full, None), &steps())
        .await
        .unwrap();
    let next = made.backups.last().unwrap().label.clone();
    stage.order("four").await;
    let asked = |at: usize| Restore {
        at: Some(times[at]),
        ..Restore::default()
    };
    let error = stage
        .backups
        .restore(&asked(2), &steps())
        .await
        .unwrap_err();
    let told = error.to_string();
    println!("{told}");
    assert!(
        told.contains("missing or damaged") && told.contains(&next),
        "{told}"
    );
    let verified = stage.backups.verify(&steps()).await.unwrap();
    assert!(verified.faults[0].contains(&next), "{verified:?}");
    assert_eq!(stage.orders().await.len(), 4);
    // Before it and after it all can be had.
    stage
        .backups
        .restore(&Restore::default(), &steps())
        .await
        .unwrap();
    assert_eq!(stage.orders().await.len(), 4);
    stage.backups.restore(&asked(0), &steps()).await.unwrap();
    assert_eq!(stage.orders().await, ["one"]);
    assert!(full < next);
}

#[tokio::test]
async fn a_damaged_piece_of_the_log_in_a_store_is_found() {
    let s3 = S3::start().await;
    let stage = Stage::beside(&s3, "[backups]\nlocal = false\n").await;
    stage
        .backups
        .now(&now(Kind::Full, None), &steps())
        .await
        .unwrap();
    stage.order("one").await;
    stage.sql("postgres", "SELECT pg_switch_wal()").await;
    archived(&stage).await;
    let piece = newest_object(&s3.bucket(), "/0000000100000000/").unwrap();
    let mut bytes = fs::read(&piece).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&piece, bytes).unwrap();
    let verified = stage.backups.verify(&steps()).await.unwrap();
    assert!(!verified.faults.is_empty(), "{verified:?}");
    stage.order("two").await;
    let error = stage
        .backups
        .restore(&Restore::default(), &steps())
        .await
        .unwrap_err();
    println!("{error}");
    assert_eq!(stage.orders().await, ["one", "two"]);
}

/// A clock that runs ahead for a while, and is set right.
#[tokio::test]
async fn backups_from_the_future_are_told_and_can_be_dropped() {
    let stage = Stage::new("").await;
    stage
        .backups
        .now(&now(Kind::Full, None), &steps())
        .await
        .unwrap();
    stage.order("one").await;
    let discard = |label: &str| Discard {
        label: label.to_owned(),
        repository: None,
        dry_run: false,
    };
    // A backup more, then the only one that there is.
    for only in [false, true] {
        stage.clock(Some("400 days")).await;
        let made = stage
            .backups
            .now(&now(Kind::Incr, None), &steps())
            .await
            .unwrap();
        let future = made.backups.last().unwrap().label.clone();
        stage.clock(None).await;
        if only {
            stage.clock(Some("401 days")).await;
            let made = stage
                .backups
                .now(&now(Kind::Full, None), &steps())
                .await
                .unwrap();
            stage.clock(None).await;
            let full = |backup: &&Backup| backup.kind == Kind::Full;
            for backup in made.backups.iter().filter(full) {
                stage
                    .backups
                    .discard(&discard(&backup.label), &steps())
                    .await
                    .unwrap();
            }
            let left = stage.backups.overview().await.unwrap().backups;
            assert_eq!(left, [], "{future}");
        } else {
            stage.order("two").await;
            let error = stage
                .backups
                .now(&now(Kind::Incr, None), &steps())
                .await
                .unwrap_err();
            assert!(matches!(error, BackupError::Future { .. }), "{error}");
            assert!(error.to_string().contains(&future), "{error}");
            let report = Backing(stage.backups.clone()).activate().await.unwrap();
            assert_eq!(report.outcome, Outcome::Attention, "{}", report.summary);
            let dropped = stage
                .backups
                .discard(&discard(&future), &steps())
                .await
                .unwrap();
            assert_eq!(dropped.dropped, [format!("local {future}")]);
        }
        let error = stage
            .backups
            .discard(&discard("none"), &steps())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("backup list"), "{error}");
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
        assert_eq!(stage.orders().await, ["one", "two"]);
    }
}
