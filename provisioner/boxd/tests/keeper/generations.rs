//! Changing a box in a temporary directory: systemd and the judges are played,
//! files are real.

use crate::stage::{self, KEY, OTHER_KEY, Stage};
use boxd::generations::{ApplyError, Intent, Phase, Store};
use onebox_api::generations::{Fate, FileChangeKind};
use onebox_api::units::Verb;
use onebox_model::{paths, queues, units};
use time::{Duration, OffsetDateTime};

const ZONE: &str = "[time]\nzone = \"Europe/Luxembourg\"\n";

#[tokio::test]
async fn the_file_of_the_first_boot_is_the_first_generation() {
    let stage = Stage::new("");
    assert_eq!(stage.current(), Some(1));
    assert!(stage.applier().plan().unwrap().is_empty());
    let history = Store(&stage.disk()).history().unwrap();
    assert_eq!(history.len(), 1);
    assert!(history[0].current && history[0].fate == Fate::Kept);
}

#[tokio::test]
async fn an_edit_waits_until_it_is_applied_even_over_a_boot() {
    let stage = Stage::new("");
    stage.edit(ZONE);
    stage.boot();
    assert_eq!(stage.in_force(), "");
    let plan = stage.applier().plan().unwrap();
    let keys: Vec<&str> = plan.settings.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["time.zone"]);
    assert_eq!(plan.settings[0].after, "Europe/Luxembourg");
    assert_eq!(plan.actions.len(), 2 + queues::ALL.len());
    assert!(!plan.needs_confirmation);

    let applied = stage.apply().await.unwrap();
    assert_eq!(applied.generation.unwrap().number, 2);
    assert_eq!(stage.in_force(), ZONE);
    assert_eq!(stage.read(paths::CONFIG_LAST_GOOD), ZONE);
    assert!(stage.applier().plan().unwrap().is_empty());
    stage.boot();
    assert_eq!(
        (stage.current(), stage.in_force()),
        (Some(2), ZONE.to_owned())
    );
}

#[tokio::test]
async fn only_what_changed_is_told_and_in_order() {
    let stage = Stage::new("");
    stage.edit("[workers.emails]\nconcurrency = 3\n");
    stage.apply().await.unwrap();
    let calls = stage.calls();
    assert_eq!(calls[0], "daemon-reload");
    let restarts: Vec<&String> = calls
        .iter()
        .filter(|call| call.contains("worker@"))
        .collect();
    assert_eq!(restarts.len(), queues::ALL.len(), "{calls:?}");
    assert!(
        !calls.contains(&format!("restart {}", units::WEB)),
        "{calls:?}"
    );

    // A comment is kept, and nobody is told.
    stage.edit("# with a comment\n[workers.emails]\nconcurrency = 3\n");
    let plan = stage.applier().plan().unwrap();
    assert!(plan.text_only && plan.actions.is_empty() && !plan.is_empty());
    let told = stage.calls().len();
    stage.apply().await.unwrap();
    assert_eq!(stage.calls()[told..], ["daemon-reload"]);
    // And again: nothing is done at all.
    stage.apply().await.unwrap();
    assert_eq!(stage.calls().len(), told + 1);
    assert_eq!(stage.current(), Some(3));
}

#[tokio::test]
async fn a_file_changed_by_hand_is_seen_and_put_right() {
    let stage = Stage::new("");
    stage.write(paths::REDIS_CONF, "maxmemory 1\n");
    let plan = stage.applier().plan().unwrap();
    assert_eq!(plan.files.len(), 1);
    assert_eq!(plan.files[0].kind, FileChangeKind::Changed);
    assert!(
        plan.files[0].diff.contains("-maxmemory 1"),
        "{}",
        plan.files[0].diff
    );
    assert_eq!(
        (plan.actions.len(), plan.actions[0].verb),
        (1, Verb::Restart)
    );
    stage.apply().await.unwrap();
    assert!(stage.applier().plan().unwrap().is_empty());
    assert!(stage.calls().contains(&"restart redis.service".to_owned()));
}

#[tokio::test]
async fn a_file_with_mistakes_changes_nothing_and_is_told() {
    let stage = Stage::new(ZONE);
    stage.edit("[time]\nzoen = \"UTC\"\n");
    let error = stage.apply().await.unwrap_err().to_string();
    assert!(
        error.contains("onebox.toml:2") && error.contains("zone"),
        "{error}"
    );
    assert_eq!((stage.current(), stage.calls().len()), (Some(1), 0));
    let warnings = stage.boot().join("\n");
    assert!(warnings.contains("generation 1 is in force"), "{warnings}");
    assert_eq!(stage.in_force(), ZONE);
}

#[tokio::test]
async fn what_a_program_refuses_is_not_applied() {
    let stage = Stage::new("");
    stage.edit(ZONE);
    stage.judges.refuse("nft: syntax error");
    let error = stage.apply().await.unwrap_err().to_string();
    assert!(
        error.contains("nothing was changed") && error.contains("syntax error"),
        "{error}"
    );
    assert_eq!((stage.current(), stage.calls().len()), (Some(1), 0));
    assert_eq!(stage.in_force(), "");
    stage.whole();
}

#[tokio::test]
async fn an_unhealthy_box_goes_back_by_itself_and_says_why() {
    let stage = Stage::new("");
    stage.edit(ZONE);
    stage
        .judges
        .unhealthy("https://127.0.0.1:443/ready: answered 503");
    let error = stage.apply().await.unwrap_err();
    assert!(
        matches!(
            error,
            ApplyError::Reverted {
                number: 2,
                before: 1,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("answered 503"), "{error}");
    assert_eq!(
        (stage.current(), stage.in_force()),
        (Some(1), String::new())
    );
    // The units were told both ways.
    let web = format!("restart {}", units::WEB);
    assert_eq!(stage.calls().iter().filter(|call| **call == web).count(), 2);
    let tried = Store(&stage.disk()).show(2).unwrap();
    assert!(matches!(tried.fate, Fate::Reverted { why } if why.contains("503")));
    assert_eq!(
        stage.read(paths::CONFIG),
        ZONE,
        "the edit is the operator's"
    );
    stage.at_rest();
}

#[tokio::test]
async fn a_unit_that_does_not_take_it_is_a_reason_to_go_back() {
    let stage = Stage::new("");
    stage.edit(ZONE);
    stage.systemd.fake.fail(Verb::Restart, units::WEB);
    let error = stage.apply().await.unwrap_err();
    // Going back fails at the same unit, and a boot would not.
    assert!(matches!(error, ApplyError::Stuck { .. }), "{error}");
    assert!(
        error.to_string().contains("a reboot starts with 1"),
        "{error}"
    );
    stage.systemd.fake.heal();
    stage
        .applier()
        .recover(&boxd::steps::Steps::logged())
        .await
        .unwrap();
    assert_eq!(
        (stage.current(), stage.in_force()),
        (Some(1), String::new())
    );
    stage.at_rest();
}

#[tokio::test]
async fn a_change_of_who_gets_in_is_taken_back_unless_it_is_confirmed() {
    let keys = |key: &str| format!("[ssh]\nauthorized_keys = [\"{key}\"]\n");
    let stage = Stage::new(&keys(KEY));
    stage.edit(&keys(OTHER_KEY));
    assert!(stage.applier().plan().unwrap().needs_confirmation);
    stage.apply().await.unwrap();
    assert!(
        stage
            .read(paths::SSH_RUN_AUTHORIZED_KEYS)
            .contains(OTHER_KEY)
    );
    let waiting = Intent::read(&stage.disk()).unwrap().unwrap();
    assert_eq!(
        (waiting.phase, waiting.from, waiting.to),
        (Phase::Unconfirmed, 1, 2)
    );

    // Still in time: nothing happens. Over time: it is taken back.
    let steps = boxd::steps::Steps::logged();
    stage.applier().recover(&steps).await.unwrap();
    assert_eq!(stage.current(), Some(2));
    let late = Intent {
        until: Some(OffsetDateTime::now_utc() - Duration::SECOND),
        ..waiting
    };
    late.write(&stage.disk()).unwrap();
    stage.applier().recover(&steps).await.unwrap();
    assert_eq!(stage.current(), Some(1));
    assert!(stage.read(paths::SSH_RUN_AUTHORIZED_KEYS).contains(KEY));
    stage.at_rest();

    // Confirmed: it stays.
    stage.apply().await.unwrap();
    let kept = stage.applier().confirm(&stage::request()).await.unwrap();
    assert_eq!((kept.number, kept.fate), (3, Fate::Kept));
    stage.at_rest();
    let nothing = stage.applier().confirm(&stage::request()).await;
    assert!(matches!(nothing, Err(ApplyError::NothingToConfirm)));
}

#[tokio::test]
async fn a_boot_takes_back_what_was_not_confirmed() {
    let stage = Stage::new("");
    stage.edit("[firewall]\nssh_from = [\"203.0.113.0/24\"]\n");
    stage.apply().await.unwrap();
    assert!(stage.read(paths::NFTABLES_CONF).contains("203.0.113.0/24"));
    let warnings = stage.boot().join("\n");
    assert!(warnings.contains("before it was confirmed"), "{warnings}");
    assert!(!stage.read(paths::NFTABLES_CONF).contains("203.0.113.0/24"));
    stage.at_rest();
}

#[tokio::test]
async fn undo_brings_an_earlier_generation_back_and_keeps_a_pending_edit() {
    let stage = Stage::new("");
    stage.edit(ZONE);
    stage.apply().await.unwrap();
    stage.edit("[log]\nlevel = \"debug\"\n");
    let applied = stage.undo(None).await.unwrap();
    assert_eq!(applied.generation.unwrap().number, 3);
    assert_eq!(
        (stage.in_force(), stage.read(paths::CONFIG)),
        (String::new(), String::new())
    );
    let pending = format!("{}.pending", paths::CONFIG);
    assert!(stage.read(&pending).contains("debug"));
    assert!(stage.applier().plan().unwrap().is_empty());

    let applied = stage.undo(Some(2)).await.unwrap();
    assert_eq!(applied.generation.unwrap().number, 4);
    assert_eq!(stage.in_force(), ZONE);
    let missing = stage.undo(Some(99)).await.unwrap_err().to_string();
    assert!(missing.contains("no generation 99"), "{missing}");
}

#[tokio::test]
async fn secrets_are_not_in_a_plan() {
    let url = |password: &str| {
        format!("[database]\nurl = \"postgres://shop:{password}@db.internal/shop\"\n")
    };
    let stage = Stage::new(&url("old-secret"));
    stage.edit(&url("new-secret"));
    let plan = stage.applier().plan().unwrap();
    let text = serde_json::to_string(&plan).unwrap();
    assert!(!text.contains("-secret"), "{text}");
    assert!(
        plan.settings
            .iter()
            .any(|one| one.key == "database.url" && one.secret)
    );
    assert!(!plan.actions.is_empty());
}

#[tokio::test]
async fn a_second_apply_waits_or_says_who_holds_the_lock() {
    let stage = Stage::new("");
    let disk = stage.disk();
    let held = boxd::generations::GenerationLock::take(&disk, "somebody", true, |_| {});
    let held = held.await.unwrap().unwrap();
    let mut request = stage::request();
    request.wait = false;
    stage.edit(ZONE);
    let steps = boxd::steps::Steps::logged();
    let error = stage.applier().apply(&request, &steps).await.unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("begun by somebody") && said.contains(&std::process::id().to_string()),
        "{said}"
    );
    let (steps, mut told) = boxd::steps::Steps::new();
    let waits = {
        let applier = stage.applier();
        tokio::spawn(async move { applier.apply(&stage::request(), &steps).await })
    };
    assert!(
        told.recv()
            .await
            .unwrap()
            .contains("waiting for another apply")
    );
    drop(held);
    waits.await.unwrap().unwrap();
    assert_eq!(stage.current(), Some(2));
}

/// The power goes at the `cut`-th effect of an apply; nothing works after it.
async fn cut(stage: &Stage, cut: usize) -> usize {
    let (applier, count) = stage.failing_applier(cut);
    let ended = applier
        .apply(&stage::request(), &boxd::steps::Steps::logged())
        .await;
    let count = count.load(std::sync::atomic::Ordering::Relaxed);
    // What comes after the change was kept is tidying up.
    if count <= cut {
        ended.unwrap();
    }
    count
}

#[tokio::test]
async fn a_cut_at_any_point_leaves_the_old_or_the_new_generation_whole() {
    let reference = Stage::new("");
    reference.edit(ZONE);
    let effects = cut(&reference, usize::MAX).await;
    assert!(effects > 60, "only {effects} points were tried");
    for point in 0..effects {
        for reboot in [false, true] {
            let stage = Stage::new("");
            stage.edit(ZONE);
            cut(&stage, point).await;
            stage.whole();
            if reboot {
                stage.boot();
            } else {
                stage
                    .applier()
                    .recover(&boxd::steps::Steps::logged())
                    .await
                    .unwrap();
            }
            stage.at_rest();
            // And the same edit can be applied after it.
            stage.apply().await.unwrap();
            assert_eq!(stage.in_force(), ZONE, "cut at {point}");
            stage.at_rest();
        }
    }
}

/// Not a test by itself: applies without end below the directory it is given,
/// to be killed.
#[tokio::test]
async fn applies_until_it_is_killed() {
    let Some(root) = std::env::var_os("ONEBOX_TEST_APPLY_ROOT") else {
        return;
    };
    let stage = Stage::at(root.as_ref());
    for turn in 0_u64.. {
        stage.edit(&format!(
            "[workers.emails]\nconcurrency = {}\n",
            turn % 8 + 1
        ));
        stage.apply().await.unwrap();
    }
}

#[test]
fn a_kill_at_any_moment_leaves_the_old_or_the_new_generation_whole() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stage = Stage::new("");
    for turn in 0..25_u64 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "generations::applies_until_it_is_killed"])
            .env("ONEBOX_TEST_APPLY_ROOT", stage.root())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Moments spread over several applies; which one is met is chance.
        std::thread::sleep(std::time::Duration::from_millis(60 + turn * 7));
        child.kill().unwrap();
        child.wait().unwrap();
        stage.whole();
        let steps = boxd::steps::Steps::logged();
        runtime.block_on(stage.applier().recover(&steps)).unwrap();
        stage.at_rest();
    }
    assert!(
        stage.current() > Some(10),
        "only {:?} were applied",
        stage.current()
    );
}
