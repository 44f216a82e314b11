//! The doctor on a played box with a real PostgreSQL and a real Redis.

use crate::servers::{Postgres, Redis};
use crate::stage::Stage;
use boxd::acme::Manager;
use boxd::doctor::{Doctor, Installed, Played};
use boxd::steps::Steps;
use boxd::support;
use onebox_api::doctor::{Ask, Diagnosis, Finding, State};
use onebox_api::support::Bundle;
use onebox_model::{paths, units};
use sqlx::Executor as _;
use sqlx::postgres::PgConnectOptions;
use std::io::Read as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

/// A doctor whose programs print nothing.
fn doctor(stage: &Stage) -> Doctor {
    let applier = stage.applier();
    let certificates = Manager::of_box(Arc::clone(&applier.disk), Arc::clone(&applier.systemd));
    Doctor {
        programs: Arc::new(Played::default().prints("journalctl", "")),
        // Nobody listens on the port of an address that nobody has.
        site: "127.0.0.1:1".parse().unwrap(),
        database: PgConnectOptions::new_without_pgpass().socket(stage.root()),
        ..Doctor::of_box(applier, Arc::new(certificates), None)
    }
}

fn healthy() -> Stage {
    let stage = Stage::new("");
    for unit in units::own() {
        stage.systemd.fake.set(&unit, "active");
    }
    stage
}

async fn examine(doctor: &Doctor, only: &[&str], fix: bool) -> Diagnosis {
    let only = only.iter().map(|name| (*name).to_owned()).collect();
    let ask = Ask { only, fix };
    doctor.examine(&ask, &Steps::logged()).await.unwrap()
}

async fn findings(doctor: &Doctor, only: &[&str]) -> Vec<Finding> {
    examine(doctor, only, false).await.findings
}

fn problems(findings: &[Finding]) -> Vec<&str> {
    findings
        .iter()
        .filter_map(|finding| finding.problem.as_deref())
        .collect()
}

#[tokio::test]
async fn an_unknown_check_is_told_with_those_there_are() {
    let stage = healthy();
    let ask = Ask {
        only: vec!["dsik".to_owned()],
        fix: false,
    };
    let error = doctor(&stage).examine(&ask, &Steps::logged()).await;
    let text = error.unwrap_err().to_string();
    assert!(
        text.contains("\"dsik\"") && text.contains("disk, memory, clock"),
        "{text}"
    );
}

#[tokio::test]
async fn a_unit_that_is_down_is_named_started_and_well_again() {
    let stage = healthy();
    let doctor = doctor(&stage);
    let well = examine(&doctor, &["units"], false).await;
    assert_eq!((well.worst, well.exit_status()), (State::Ok, 0), "{well:?}");

    stage.systemd.fake.set(units::REDIS, "failed");
    let ill = examine(&doctor, &["units"], false).await;
    assert_eq!(problems(&ill.findings), ["unit-failed"]);
    assert_eq!(ill.exit_status(), 2);
    assert_eq!(stage.calls(), [""; 0], "a look changes nothing");

    let mended = examine(&doctor, &["units"], true).await;
    assert_eq!(mended.exit_status(), 0, "{mended:?}");
    assert_eq!(problems(&mended.mended), ["unit-failed"]);
    assert_eq!(
        stage.calls(),
        ["reset-failed redis.service", "start redis.service"]
    );
}

#[tokio::test]
async fn what_cannot_be_mended_says_so() {
    let stage = healthy();
    stage.systemd.fake.set(units::WEB, "failed");
    let start = onebox_api::units::Verb::Start;
    stage.systemd.fake.fail(start, units::WEB);
    let diagnosis = examine(&doctor(&stage), &["units"], true).await;
    assert_eq!(diagnosis.exit_status(), 2);
    let fix = diagnosis.findings[0].fix.as_ref().unwrap();
    let outcome = fix.outcome.as_deref().unwrap();
    assert!(outcome.starts_with("failed: "), "{outcome}");
    assert!(diagnosis.mended.is_empty());
}

#[tokio::test]
async fn connections_that_are_refused_and_those_that_nobody_answers_are_told_apart() {
    let stage = healthy();
    let mut doctor = doctor(&stage);
    let refused = findings(&doctor, &["site"]).await;
    assert_eq!(problems(&refused), ["connection-refused"]);
    // As systemd holds the port open while the application hangs.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    doctor.site = listener.local_addr().unwrap();
    let silent = findings(&doctor, &["site"]).await;
    assert_eq!(problems(&silent), ["site-not-answering"]);
    let consequence = silent[0].consequence.as_deref().unwrap();
    assert!(consequence.contains("502"), "{consequence}");
}

#[tokio::test]
async fn the_operators_file_is_looked_at() {
    let stage = healthy();
    let doctor = doctor(&stage);
    assert_eq!(
        findings(&doctor, &["configuration"]).await[0].state,
        State::Ok
    );
    stage.edit("[workers]\ndefautl = 3\n");
    let mistakes = findings(&doctor, &["configuration"]).await;
    assert_eq!(problems(&mistakes), ["config-mistakes"]);
    assert!(mistakes[0].evidence[0].contains("defautl"), "{mistakes:?}");
    stage.edit("[web]\ndomains = [\"shop.example.com\"]\n");
    let pending = findings(&doctor, &["configuration"]).await;
    assert_eq!(problems(&pending), ["changes-pending"]);
    assert_eq!(pending[0].state, State::Notice);
}

#[tokio::test]
async fn a_database_that_is_down_is_named_and_started() {
    let stage = healthy();
    let diagnosis = examine(&doctor(&stage), &["postgresql"], true).await;
    assert_eq!(problems(&diagnosis.findings), ["database-down"]);
    assert!(
        stage
            .calls()
            .contains(&format!("start {}", units::POSTGRESQL))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_run_long_or_wait_are_named_with_who_holds_the_lock() {
    let stage = healthy();
    let postgres = Postgres::with(&[]).await;
    let doctor = Doctor {
        database: postgres.options(),
        ..doctor(&stage)
    };
    let well = findings(&doctor, &["postgresql", "queues"]).await;
    assert_eq!(problems(&well), [""; 0], "{well:#?}");

    let (mut holder, mut waiting, mut slow) = (
        postgres.connect().await,
        postgres.connect().await,
        postgres.connect().await,
    );
    holder.execute("BEGIN; LOCK TABLE jobs").await.unwrap();
    let waiting = tokio::spawn(async move {
        let _ = waiting
            .execute("DELETE FROM jobs WHERE kind = 'a secret of a customer'")
            .await;
    });
    let slow = tokio::spawn(async move {
        let _ = slow.execute("SELECT pg_sleep(60)").await;
    });
    tokio::time::sleep(Duration::from_secs(11)).await;
    let found = findings(&doctor, &["postgresql"]).await;
    assert_eq!(
        problems(&found),
        ["slow-queries", "blocked-queries"],
        "{found:#?}"
    );
    assert!(found[0].evidence[0].contains("pg_sleep"), "{found:#?}");
    let evidence = found[1].evidence.join("\n");
    assert!(evidence.contains("LOCK TABLE jobs"), "{evidence}");
    assert!(
        !evidence.contains("customer"),
        "values are left out: {evidence}"
    );
    waiting.abort();
    slow.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_run_out_are_named_before_and_after() {
    let stage = healthy();
    let postgres =
        Postgres::with(&["max_connections=12", "superuser_reserved_connections=3"]).await;
    let doctor = Doctor {
        database: postgres.options(),
        ..doctor(&stage)
    };
    let mut held = Vec::new();
    for _ in 0..9 {
        held.push(postgres.connect().await);
    }
    let scarce = findings(&doctor, &["postgresql"]).await;
    assert_eq!(problems(&scarce), ["connections-scarce"], "{scarce:#?}");
    for _ in 0..3 {
        held.push(postgres.connect().await);
    }
    let exhausted = findings(&doctor, &["postgresql"]).await;
    assert_eq!(
        problems(&exhausted),
        ["connections-exhausted"],
        "{exhausted:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_rows_that_stay_are_named() {
    let stage = healthy();
    let postgres = Postgres::with(&["autovacuum=off"]).await;
    let doctor = Doctor {
        database: postgres.options(),
        ..doctor(&stage)
    };
    let mut connection = postgres.connect().await;
    for statement in [
        "CREATE TABLE bloated AS SELECT generate_series(1, 80000) AS n",
        "DELETE FROM bloated WHERE n > 20000",
        "SELECT pg_stat_force_next_flush()",
        "SELECT 1",
    ] {
        connection.execute(statement).await.unwrap();
    }
    let found = findings(&doctor, &["postgresql"]).await;
    assert_eq!(problems(&found), ["bloat"], "{found:#?}");
    assert_eq!(found[0].evidence, ["bloated: 60000 dead, 20000 living"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_wait_died_or_were_lost_are_named_with_the_worker_that_is_missing() {
    let stage = healthy();
    let postgres = Postgres::with(&[]).await;
    let doctor = Doctor {
        database: postgres.options(),
        ..doctor(&stage)
    };
    let mut connection = postgres.connect().await;
    connection
        .execute(
            "INSERT INTO jobs (id, queue, kind, args, created_at, run_at, state, lease_until, worker_id, finished_at, last_error) \
             SELECT gen_random_uuid(), queue, kind, '{}', now(), now() - interval '10 min', state, lease, worker, ended, error \
             FROM (VALUES \
             ('imports', 'import', 'queued', NULL::timestamptz, NULL::uuid, NULL::timestamptz, NULL), \
             ('emails', 'mail', 'dead', NULL, NULL, now(), '535 refused'), \
             ('reports', 'report', 'running', now() - interval '5 min', gen_random_uuid(), NULL, NULL)) \
             AS made(queue, kind, state, lease, worker, ended, error)",
        )
        .await
        .unwrap();
    let worker = "wizamart-worker@imports.service";
    stage.systemd.fake.set(worker, "failed");
    let found = findings(&doctor, &["queues"]).await;
    assert_eq!(
        problems(&found),
        ["jobs-stuck", "jobs-lost", "jobs-dead"],
        "{found:#?}"
    );
    assert!(found[0].evidence[0].contains(worker), "{found:#?}");
    assert!(found[2].evidence[0].contains("535 refused"), "{found:#?}");

    let mended = examine(&doctor, &["queues"], true).await;
    assert!(stage.calls().contains(&format!("start {worker}")));
    // Nobody works here: the job is still due, and the attempt is told.
    let stuck = &mended.findings[0];
    let outcome = stuck.fix.as_ref().and_then(|fix| fix.outcome.as_deref());
    assert_eq!(stuck.problem.as_deref(), Some("jobs-stuck"));
    assert_eq!(outcome, Some("wizamart-worker@imports.service was started"));

    connection
        .execute("INSERT INTO queue_pauses (queue, paused_at) VALUES ('imports', now())")
        .await
        .unwrap();
    let paused = findings(&doctor, &["queues"]).await;
    assert!(paused[0].evidence[0].contains("paused"), "{paused:#?}");
}

#[tokio::test]
async fn a_redis_that_is_full_or_gone_is_named() {
    let stage = healthy();
    let doctor = Doctor {
        programs: Arc::new(Installed),
        ..doctor(&stage)
    };
    assert_eq!(
        problems(&findings(&doctor, &["redis"]).await),
        ["redis-down"]
    );
    let socket = paths::under(stage.root(), paths::REDIS_SOCKET);
    let redis = Redis::at(
        &socket,
        &["--maxmemory", "8mb", "--maxmemory-policy", "noeviction"],
    );
    let well = findings(&doctor, &["redis"]).await;
    assert_eq!(problems(&well), [""; 0], "{well:#?}");
    let filled = redis.ask(&[
        "EVAL",
        "for i = 1, 100000 do if redis.pcall('SET', 'k' .. i, string.rep('x', 1000)).err then return i end end",
        "0",
    ]);
    assert!(!filled.is_empty());
    let full = findings(&doctor, &["redis"]).await;
    assert_eq!(problems(&full), ["redis-memory"], "{full:#?}");
    assert!(
        full[0]
            .consequence
            .as_deref()
            .unwrap()
            .contains("nothing more can be written")
    );
}

fn unpack(bundle: &Bundle) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(&bundle.content);
    let bytes = bytes.unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
    let mut all = String::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        all += &format!("== {}\n", entry.path().unwrap().display());
        entry.read_to_string(&mut all).unwrap();
        all.push('\n');
    }
    all
}

#[tokio::test]
async fn a_bundle_has_what_helps_and_no_secret() {
    const INLINE: &str = "inline-smtp-pass-1";
    let stage = Stage::new(&format!(
        "[mail.smtp]\nhost = \"smtp.example\"\nusername = \"shop\"\npassword = \"{INLINE}\"\n\
         [database]\nurl = \"postgres://app:db-pass-22@db.example/shop\"\n"
    ));
    let admin = stage.read(paths::INITIAL_ADMIN);
    let admin: serde_json::Value = serde_json::from_str(&admin).unwrap();
    let admin = admin["password"].as_str().unwrap();
    let keys = stage.read(paths::SEAL_KEYS);
    let log = format!(
        "the mail server refused {INLINE}\nlogged in with {admin}\nkeys {keys}\n\
         Cookie: session=0123456789\nann@customer.example ordered from 203.0.113.9\n\
         postgres://app:db-pass-22@db.example\nwizamart-web.service started\n"
    );
    let doctor = Doctor {
        programs: Arc::new(
            Played::default()
                .prints("journalctl", &log)
                .prints("df", "Filesystem  Use%")
                .fails("rauc", "`rauc status` cannot be run"),
        ),
        ..doctor(&stage)
    };
    let bundle = support::bundle(&doctor, 24, &Steps::logged())
        .await
        .unwrap();
    let all = unpack(&bundle);
    for secret in [
        INLINE,
        admin,
        "db-pass-22",
        "0123456789",
        "ann@customer",
        "203.0.113.9",
    ] {
        assert!(!all.contains(secret), "{secret} is in the bundle");
    }
    for key in keys.split_whitespace().filter(|word| word.len() > 20) {
        assert!(!all.contains(key), "a seal key is in the bundle");
    }
    for helps in [
        "doctor.json",
        "status.json",
        "config/settings.json",
        "journal/wizamart-web.service.log",
        "wizamart-web.service started",
        "\"connection-refused\"",
        "smtp.example",
        "Filesystem  Use%",
    ] {
        assert!(all.contains(helps), "{helps} is not in the bundle:\n{all}");
    }
    assert!(bundle.redactions > 5, "{}", bundle.redactions);
    assert!(
        bundle.missing.iter().any(|line| line.contains("rauc")),
        "{:?}",
        bundle.missing
    );
    assert!(all.contains("This could not be had"));
}
