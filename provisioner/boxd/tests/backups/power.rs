//! The power goes, or everything is killed, at every step of the work.

use crate::stage::{Stage, steps};
use boxd::steps::Steps;
use onebox_api::backups::{Kind, Now, Restore};
use std::time::Duration;
use time::OffsetDateTime;

/// What is cut off.
#[derive(Clone, Copy, Debug)]
enum Work {
    Backup,
    Restore,
    Drill,
}

/// Begins the work and cuts it off `later` after its `step`th step was told;
/// false when it was over before that.
async fn cut_off(stage: &Stage, work: Work, step: usize, later: Duration) -> bool {
    let (told, mut heard) = Steps::new();
    let doing = async {
        match work {
            Work::Backup => {
                let asked = Now {
                    kind: Some(Kind::Incr),
                    repository: None,
                };
                stage.backups.now(&asked, &told).await.map(|_| ())
            }
            Work::Restore => {
                let asked = Restore::default();
                stage.backups.restore(&asked, &told).await.map(|_| ())
            }
            Work::Drill => stage
                .backups
                .drill(&told)
                .await
                .map(|drill| assert_eq!(drill.error, None)),
        }
    };
    let until = async {
        for _ in 0..=step {
            if heard.recv().await.is_none() {
                return std::future::pending().await;
            }
        }
        tokio::time::sleep(later).await;
    };
    tokio::select! {
        done = doing => {
            done.unwrap();
            return false;
        }
        () = until => {}
    }
    stage.power_cut().await;
    true
}

/// A restore is cut off after each of its steps, at once and a little later.
#[tokio::test]
async fn a_power_cut_at_any_step_of_a_restore_loses_nothing() {
    let mut stage = Stage::new("").await;
    let full = Now {
        kind: Some(Kind::Full),
        repository: None,
    };
    stage.backups.now(&full, &steps()).await.unwrap();
    let (mut cuts, mut orders) = (0, 0);
    for later in [Duration::ZERO, Duration::from_millis(700)] {
        for step in 0.. {
            stage.order(&format!("{step}")).await;
            orders += 1;
            if !cut_off(&stage, Work::Restore, step, later).await {
                break;
            }
            cuts += 1;
            stage.boot().await;
            assert_eq!(stage.orders().await.len(), orders, "{step} {later:?}");
        }
    }
    println!("{cuts} cuts");
    assert!(cuts >= 8, "{cuts}");
    assert_eq!(stage.orders().await.len(), orders);
    stage.backups.now(&full, &steps()).await.unwrap();
    let verified = stage.backups.verify(&steps()).await.unwrap();
    assert_eq!(verified.faults, Vec::<String>::new());
}

#[tokio::test]
async fn a_power_cut_in_a_backup_or_a_drill_leaves_what_there_was() {
    let mut stage = Stage::new("[backups]\narchive_seconds = 10\n").await;
    let full = Now {
        kind: Some(Kind::Full),
        repository: None,
    };
    stage.backups.now(&full, &steps()).await.unwrap();
    let mut orders = 0;
    for (work, step, later) in [
        (Work::Backup, 0, 0),
        (Work::Backup, 0, 300),
        (Work::Backup, 0, 900),
        (Work::Drill, 0, 1500),
        (Work::Drill, 1, 300),
        (Work::Drill, 2, 300),
        (Work::Drill, 3, 100),
    ] {
        stage.order(&format!("{work:?} {step}")).await;
        orders += 1;
        let cut = cut_off(&stage, work, step, Duration::from_millis(later)).await;
        println!("{work:?} {step} {later}: {cut}");
        if cut {
            stage.boot().await;
        }
        assert_eq!(stage.orders().await.len(), orders);
    }
    let moment = OffsetDateTime::now_utc();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    stage.order("later").await;
    let drill = stage.backups.drill(&steps()).await.unwrap();
    assert_eq!(drill.error, None);
    stage.backups.now(&full, &steps()).await.unwrap();
    let verified = stage.backups.verify(&steps()).await.unwrap();
    assert_eq!(verified.faults, Vec::<String>::new());
    let asked = Restore {
        at: Some(moment),
        ..Restore::default()
    };
    stage.backups.restore(&asked, &steps()).await.unwrap();
    assert_eq!(stage.orders().await.len(), orders);
}
