//! A box with a bucket: it backs itself up, goes back, practises; it is lost
//! while orders are placed, and a bare new one becomes it by its recovery kit.
//! That one goes back to a backup of an older schema, and loses its power in
//! the middle of a restore.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test"
)]

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use onebox_model::paths;
use onebox_testing::s3::Apart;
use onebox_vm::firmware::Firmware;
use onebox_vm::https::Client;
use onebox_vm::ready;
use onebox_vm_tests::pebble::HOST;
use onebox_vm_tests::{App, Guest, Orders, Scenario, checks};
use serde_json::Value;

/// How long a piece of the log is written to at most, in seconds.
const ARCHIVE_SECONDS: u64 = 10;
/// An emulated box needs a while to send it.
const SEND_SECONDS: u64 = 30;
const CA_FILE: &str = "/var/lib/onebox/s3-ca.pem";

/// What makes a box this box and no other.
fn identity(guest: &Guest) -> String {
    guest.run(&format!(
        "cat {} {} {} {CA_FILE} | sha256sum; cat {}/uploads/kept.jpg",
        paths::TLS_CHAIN,
        paths::SSH_HOST_KEY_PUB,
        paths::SEAL_KEYS,
        paths::APP_STATE_DIR
    ))
}

/// The old box before it is lost. Returns its kit and who it is.
fn before(s3: &Apart, scenario: &Scenario, client: &Client) -> (String, String) {
    let guest = scenario.guest();
    guest.write(CA_FILE, &s3.certificate);
    let secret = s3.secret_key();
    let _ = guest.run(&format!(
        "printf %s {secret} | boxctl secret set backups-s3"
    ));
    let settings = s3
        .settings(&HOST.to_string(), CA_FILE)
        .replace(&format!("\"{secret}\""), "{ secret = \"backups-s3\" }");
    guest.write(paths::CONFIG, &settings);
    let _ = guest.run("wizamart seed --vendors 2 --products 25 --orders 50 --yes");
    scenario.note(&checks::backups(&guest, client));
    let listed = guest.json("boxctl backup list");
    for repository in listed["repositories"].as_array().unwrap() {
        assert_eq!(repository["last_error"], Value::Null, "{listed}");
        assert_ne!(repository["last"], Value::Null, "{listed}");
    }
    assert_eq!(listed["last_drill"]["repository"], "s3", "{listed}");
    let metrics = guest.run("curl -sS http://127.0.0.1:9464/metrics");
    for name in [
        "onebox_backup_size_bytes{repository=\"s3\"}",
        "onebox_backup_log_waiting ",
        "wizamart_build_info",
    ] {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }
    let kit = guest.run("boxctl recovery-kit");
    assert!(
        kit.contains(secret) && kit.contains("BEGIN CERTIFICATE"),
        "{kit}"
    );
    (kit, identity(&guest))
}

#[test]
fn backups() {
    let s3 = Apart::start();
    let mut old = Scenario::fresh("backups", Firmware::Bios);
    let client = old.boot();
    checks::clean_boot(&old.guest());
    let (kit, was) = before(&s3, &old, &client);
    let app = App::login(&client, &old.guest());
    let orders = Orders::start(&app, Duration::from_millis(500));
    thread::sleep(Duration::from_secs(45));
    old.cut_power();
    let gone = Instant::now();
    let acknowledged = orders.finish();
    assert!(acknowledged.len() >= 30, "{} orders", acknowledged.len());
    drop(old);

    let mut new = Scenario::fresh("backups-new", Firmware::Uefi);
    let _ = new.boot();
    let guest = new.guest();
    guest.write("/run/kit.toml", &kit);
    let restored = guest.json("boxctl restore --kit /run/kit.toml --yes");
    new.note(&format!("restored: {restored}"));
    assert_eq!(restored["repository"], "s3", "{restored}");
    // It has the old one's key now.
    fs::remove_file(new.vm().state().known_hosts()).unwrap();
    assert_eq!(identity(&guest), was);
    let client = ready::pin(&new.vm().ssh(), new.vm().settings().ports.https).unwrap();
    checks::ready_again(&client);

    // Orders of before the last seconds are there, each once.
    let there = guest.sql("SELECT id FROM orders");
    let there: Vec<i64> = there.lines().filter_map(|id| id.parse().ok()).collect();
    let missing: Vec<_> = acknowledged
        .iter()
        .filter(|order| !there.contains(&order.id))
        .collect();
    let oldest = missing.iter().map(|order| gone - order.at).max();
    new.note(&format!(
        "{} orders acknowledged at 2 a second until the power cut, {} lost, the oldest {:.1} s before it",
        acknowledged.len(),
        missing.len(),
        oldest.unwrap_or_default().as_secs_f64()
    ));
    let most = Duration::from_secs(ARCHIVE_SECONDS + SEND_SECONDS);
    assert!(oldest.unwrap_or_default() <= most, "{oldest:?}");

    // Its users and their shop go on.
    let app = App::login(&client, &guest);
    let product = app.products().swap_remove(0);
    let order = app.order(product).unwrap();
    older_schema(&new, &guest, &client, order);
    checks::clean_boot(&guest);

    checks::in_the_middle_of_a_restore(&guest);
    new.cut_power();
    let _ = new.boot();
    let guest = new.guest();
    checks::after_a_restore_that_was_cut(&guest);
    checks::clean_boot(&guest);
    new.power_off();
}

/// A backup of an older release has an older schema: it is brought up to this one's.
fn older_schema(scenario: &Scenario, guest: &Guest, client: &Client, order: i64) {
    let schema = || guest.sql("SELECT max(version) FROM schema_migrations");
    let now: u32 = schema().parse().expect("a number");
    let stop = "systemctl stop wizamart-web 'wizamart-worker@*' wizamart-scheduler onebox-http.socket onebox-https.socket";
    let _ = guest.run(&format!(
        "{stop} && systemctl start wizamart-revert@{}",
        now - 1
    ));
    assert_eq!(schema(), (now - 1).to_string());
    let made = guest.json("boxctl backup now");
    let last = made["backups"].as_array().and_then(|all| all.last());
    let last = last.expect("a backup");
    assert_eq!(last["notes"]["schema"], (now - 1).to_string(), "{made}");
    let label = last["label"].as_str().expect("a label");
    let _ = guest.run("systemctl start onebox-http.socket onebox-https.socket");
    let restored = guest.json(&format!("boxctl restore --backup {label} --yes"));
    scenario.note(&format!("a backup of schema {}: {restored}", now - 1));
    assert_eq!(schema(), now.to_string());
    checks::ready_again(client);
    let found = guest.sql(&format!("SELECT count(*) FROM orders WHERE id = {order}"));
    assert_eq!(found, "1");
}
