//! Upgrades of a box that sells: one that stays, under the kernel that runs, during
//! which no visitor is turned away; and one that breaks its database, by a restart,
//! and is left by itself. Orders that were acknowledged are there after each, and
//! a release that was no good does not come back. (`boot_state` has the kernels
//! that do not start.)
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test"
)]

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use onebox_model::paths;
use onebox_testing::files::Files;
use onebox_vm::firmware::Firmware;
use onebox_vm_tests::orders::Acknowledged;
use onebox_vm_tests::pebble::HOST;
use onebox_vm_tests::release::Maker;
use onebox_vm_tests::{App, Guest, Orders, Scenario, Visitors, checks};
use serde_json::Value;

const ROOTS: &str = "/var/lib/onebox/release-roots.pem";
const CA: &str = "/var/lib/onebox/channel-ca.pem";
/// A restart, a trial, a restart back; emulated.
const LIMIT: Duration = Duration::from_secs(900);

fn put(guest: &Guest, file: &str, text: &str) {
    let quoted = text.replace('\'', "'\\''");
    let _ = guest.run(&format!("printf '%s' '{quoted}' >{file}"));
}

fn json(guest: &Guest, command: &str) -> Value {
    let output = guest.output(&format!("{command} --json"));
    let (text, steps) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{command}: {error}: {text}\n{steps}"))
}

/// Waits until as many upgrades are over; returns how the last one ended.
fn ended(scenario: &Scenario, count: usize) -> Value {
    let begun = Instant::now();
    let mut last = String::new();
    loop {
        let ssh = scenario.vm().ssh().connect_limit(Duration::from_secs(10));
        if let Ok(output) = ssh.output("boxctl upgrade status --json") {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let status = serde_json::from_str::<Value>(&text).unwrap_or_default();
            let history = status["history"].as_array().map_or(0, Vec::len);
            if history == count && status["trial"].is_null() {
                return status;
            }
            if !text.is_empty() {
                last = text;
            }
        }
        assert!(
            begun.elapsed() < LIMIT,
            "the upgrade is not over: {last}\n{}",
            scenario
                .vm()
                .serial()
                .tail(60)
                .unwrap_or_default()
                .join("\n")
        );
        thread::sleep(Duration::from_secs(2));
    }
}

/// Every order that was acknowledged is there.
fn all_there(guest: &Guest, acknowledged: &[Acknowledged]) {
    let there = guest.sql("SELECT id FROM orders");
    let there: Vec<i64> = there.lines().filter_map(|id| id.parse().ok()).collect();
    let missing: Vec<i64> = acknowledged
        .iter()
        .map(|order| order.id)
        .filter(|id| !there.contains(id))
        .collect();
    assert!(missing.is_empty(), "orders are lost: {missing:?}");
    assert!(!acknowledged.is_empty());
}

/// Has the box go over to the newest of the channel while orders are placed.
fn upgrade(
    scenario: &Scenario,
    app: &App,
    ends: usize,
    options: &str,
) -> (Value, Vec<Acknowledged>) {
    let orders = Orders::start(app, Duration::from_millis(500));
    let guest = scenario.guest();
    let begun = Instant::now();
    let said = guest.output(&format!("boxctl upgrade --no-backup --yes{options}"));
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    scenario.note(&format!("{:.0} s: {text}", begun.elapsed().as_secs_f64()));
    assert!(said.status.success(), "{text}");
    let status = ended(scenario, ends);
    let event = status["history"].as_array().unwrap().last().unwrap();
    scenario.note(&format!("{:.0} s: {event}", begun.elapsed().as_secs_f64()));
    let acknowledged = orders.finish();
    (status, acknowledged)
}

fn last(status: &Value) -> &Value {
    status["history"].as_array().unwrap().last().unwrap()
}

/// Migrates, and does not get ready.
fn spoil(root: &Path) {
    let unit = root.join("usr/lib/systemd/system/wizamart-migrate.service.d");
    fs::create_dir_all(&unit).unwrap();
    let text = "[Service]\nExecStartPost=/usr/bin/psql -X -h /run/postgresql -d wizamart -c 'CREATE TABLE spoiled (id int); DELETE FROM order_items'\nExecStartPost=/usr/bin/false\n";
    fs::write(unit.join("spoil.conf"), text).unwrap();
}

#[test]
fn upgrades() {
    let mut scenario = Scenario::fresh("upgrade", Firmware::Bios);
    let maker = Maker::new(&scenario.dir().join("releases"));
    let web = Files::serve(&maker.channel());
    let client = scenario.boot();
    let guest = scenario.guest();
    checks::clean_boot(&guest);
    let _ = guest.run("wizamart seed --vendors 2 --products 25 --orders 50 --yes");
    put(&guest, ROOTS, &maker.keyring());
    put(&guest, CA, &web.certificate);
    let channel = format!("https://{HOST}:{}", web.port);
    put(
        &guest,
        paths::CONFIG,
        &format!(
            "[updates]\nchannel = \"{channel}\"\nroots_file = \"{ROOTS}\"\nca_file = \"{CA}\"\n"
        ),
    );
    let _ = guest.run("boxctl apply --yes");
    let app = App::login(&client, &guest);
    let was = guest.identity();

    // One that stays.
    maker.publish("0.2.0", |_| {});
    let offer = json(&guest, "boxctl upgrade --check");
    assert_eq!(offer["version"], "0.2.0", "{offer}");
    assert_eq!(offer["obstacles"], Value::Array(vec![]), "{offer}");
    assert_eq!(offer["kernel_changes"], false, "{offer}");
    let sent = web.sent();
    let boot = guest.run("cat /proc/sys/kernel/random/boot_id");
    let visitors = Visitors::start(&client, "/", Duration::from_millis(250));
    let (status, acknowledged) = upgrade(&scenario, &app, 1, "");
    let visited = visitors.finish();
    scenario.note(&format!(
        "{} visitors at 4 a second, {} turned away; the longest waited {:.1} s",
        visited.came,
        visited.failed.len(),
        visited.longest.as_secs_f64()
    ));
    assert_eq!(visited.failed, Vec::<String>::new());
    let size = offer["bytes"].as_u64().unwrap();
    scenario.note(&format!(
        "transferred {} of {size} bytes: another version of the same programs",
        web.sent() - sent
    ));
    assert_eq!(status["running"]["version"], "0.2.0", "{status}");
    assert_eq!(status["running"]["slot"], "B", "{status}");
    assert_eq!(last(&status)["ending"], "committed", "{status}");
    assert_eq!(status["other_is_good"], true, "{status}");
    let guest = scenario.guest();
    assert_eq!(guest.identity(), was);
    assert_eq!(guest.run("cat /proc/sys/kernel/random/boot_id"), boot);
    let listeners = guest.run("ss -Hltn 'sport = :443' | wc -l");
    assert_eq!(listeners, "1", "a socket of before is left");
    all_there(&guest, &acknowledged);
    checks::clean_boot(&guest);

    // One that spoils its database and does not get ready.
    maker.publish("0.3.0", spoil);
    let lines = guest.sql("SELECT count(*) FROM order_items");
    let (status, acknowledged) = upgrade(&scenario, &app, 2, " --restart");
    assert_eq!(status["running"]["version"], "0.2.0", "{status}");
    assert_eq!(last(&status)["ending"], "rolled_back", "{status}");
    let bad = &status["bad"][0];
    assert_eq!(bad["version"], "0.3.0", "{status}");
    let probes = bad["probes"].to_string();
    assert!(probes.contains("wizamart-migrate.service"), "{status}");
    assert!(!bad["logs"].as_array().unwrap().is_empty(), "{status}");
    let guest = scenario.guest();
    all_there(&guest, &acknowledged);
    let spoiled = guest.sql("SELECT count(*) FROM pg_class WHERE relname = 'spoiled'");
    assert_eq!(spoiled, "0");
    let after: u64 = guest
        .sql("SELECT count(*) FROM order_items")
        .parse()
        .unwrap();
    assert!(after >= lines.parse().unwrap(), "{after} of {lines}");
    let again = json(&guest, "boxctl upgrade --check");
    let why = again["obstacles"].to_string();
    assert!(why.contains("was no good"), "{again}");
    checks::clean_boot(&guest);
    scenario.power_off();
}
