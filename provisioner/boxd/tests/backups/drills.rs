//! Drills.

use crate::stage::{Stage, steps};
use onebox_api::backups::Now;
use onebox_model::paths;
use std::fs;

#[tokio::test]
async fn a_drill_restores_looks_and_measures() {
    let stage = Stage::new("[backups]\narchive_seconds = 10\n").await;
    stage.upload("uploads/a.jpg", "a picture");
    let none = stage.backups.drill(&steps()).await.unwrap();
    assert!(
        none.error.unwrap().contains("no backup"),
        "without a backup"
    );
    stage
        .backups
        .now(
            &Now {
                kind: Some(onebox_api::backups::Kind::Full),
                repository: None,
            },
            &steps(),
        )
        .await
        .unwrap();
    stage.order("one").await;
    let drill = stage.backups.drill(&steps()).await.unwrap();
    assert_eq!(drill.error, None, "{drill:?}");
    assert_eq!(drill.checks.len(), 4, "{drill:?}");
    assert!(drill.checks[3].starts_with('1'), "{drill:?}");
    println!(
        "RPO {:.1} s, RTO {:.1} s",
        drill.rpo_seconds.unwrap(),
        drill.rto_seconds.unwrap()
    );
    assert!(!stage.path("/var/lib/postgresql/17/drill").exists());
    assert_eq!(
        stage.backups.overview().await.unwrap().last_drill,
        Some(drill)
    );
    // A picture that is not what it was.
    let picture = stage.path(paths::APP_STATE_DIR).join("uploads/a.jpg");
    fs::write(picture, "another one").unwrap();
    let drill = stage.backups.drill(&steps()).await.unwrap();
    let error = drill.error.unwrap();
    assert!(error.contains("a.jpg"), "{error}");
}
