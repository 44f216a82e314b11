//! Upgrades of a box that sells: one that stays, under the kernel that runs, during
//! which no visitor is turned away; and one that breaks its database, by a restart,
//! and is left by itself; in between an operator goes back by hand. Orders that were
//! acknowledged are there after each, and a release that was no good does not come
//! back. (`boot_state` has the kernels that do not start.) At last a factory reset.
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
use onebox_vm::https::Client;
use onebox_vm_tests::orders::Acknowledged;
use onebox_vm_tests::release::Maker;
use onebox_vm_tests::upgrades::{LIMIT, all_there, last, settled, trust};
use onebox_vm_tests::{App, Guest, Orders, Scenario, Visitors, checks};
use serde_json::Value;

/// Has the box go over to another release while orders are placed.
fn upgrade(
    scenario: &Scenario,
    app: &App,
    ends: usize,
    command: &str,
) -> (Value, Vec<Acknowledged>) {
    let orders = Orders::start(app, Duration::from_millis(500));
    let guest = scenario.guest();
    let begun = Instant::now();
    let said = guest.output(command);
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    scenario.note(&format!("{:.0} s: {text}", begun.elapsed().as_secs_f64()));
    assert!(said.status.success(), "{text}");
    let status = settled(scenario, ends);
    let event = status["history"].as_array().unwrap().last().unwrap();
    scenario.note(&format!("{:.0} s: {event}", begun.elapsed().as_secs_f64()));
    let acknowledged = orders.finish();
    (status, acknowledged)
}

/// Migrates, and does not get ready.
fn spoil(root: &Path) {
    let unit = root.join("usr/lib/systemd/system/wizamart-migrate.service.d");
    fs::create_dir_all(&unit).unwrap();
    let text = "[Service]\nExecStartPost=/usr/bin/psql -X -h /run/postgresql -d wizamart -c 'CREATE TABLE spoiled (id int); DELETE FROM order_items'\nExecStartPost=/usr/bin/false\n";
    fs::write(unit.join("spoil.conf"), text).unwrap();
}

/// Visitors come at four a second during `work`, and none is turned away.
fn visited<T>(scenario: &Scenario, client: &Client, work: impl FnOnce() -> T) -> T {
    let visitors = Visitors::start(client, "/", Duration::from_millis(250));
    let done = work();
    let visited = visitors.finish();
    scenario.note(&format!(
        "{} visitors at 4 a second, {} turned away; the longest waited {:.1} s",
        visited.came,
        visited.failed.len(),
        visited.longest.as_secs_f64()
    ));
    assert_eq!(visited.failed, Vec::<String>::new());
    done
}

/// An operator goes back to the release of before, and is told what that costs.
fn roll_back(scenario: &Scenario, client: &Client, app: &App) {
    let guest = scenario.guest();
    let since = "(SELECT count(*) FROM orders WHERE created_at > now() - interval '1 hour')";
    assert_ne!(guest.sql(&format!("SELECT {since}")), "0");
    let price = guest.json("boxctl rollback --check");
    assert_eq!(price["to"]["version"], "0.1.0", "{price}");
    assert_eq!(price["obstacles"], Value::Array(vec![]), "{price}");
    let written = |price: &Value, table: &str| {
        let tables = price["written"].as_array().unwrap();
        let found = tables.iter().find(|written| written["table"] == table);
        found.map_or(0, |found| found["rows"].as_u64().unwrap())
    };
    let product = app.products().swap_remove(0);
    let before = written(&price, "orders");
    let _ = app.order(product).unwrap();
    let price = guest.json("boxctl rollback --check");
    assert_eq!(written(&price, "orders"), before + 1, "{price}");
    assert!(written(&price, "order_items") > before, "{price}");
    let (status, acknowledged) = visited(scenario, client, || {
        upgrade(scenario, app, 2, "boxctl rollback --yes")
    });
    assert_eq!(status["running"]["version"], "0.1.0", "{status}");
    assert_eq!(status["running"]["slot"], "A", "{status}");
    assert_eq!(last(&status).unwrap()["ending"], "committed", "{status}");
    let guest = scenario.guest();
    all_there(&guest, &acknowledged);
    let exported = guest.run("cat /var/lib/onebox-upgrades/rollback-*/orders.csv | wc -l");
    let exported: u64 = exported.parse().unwrap();
    // With a header, and what was ordered until the export.
    assert!(
        exported > before + 1,
        "{exported} lines, {before} orders before"
    );
    // What an operator has left does not come back by itself.
    let again = guest.output("boxctl upgrade --check --json");
    let again = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(again.contains("went back from it"), "{again}");
    checks::clean_boot(&guest);
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
    trust(&guest, &maker, &web);
    let app = App::login(&client, &guest);
    let was = guest.identity();

    // One that stays.
    maker.publish("0.2.0", |_| {});
    let offer = guest.json("boxctl upgrade --check");
    assert_eq!(offer["version"], "0.2.0", "{offer}");
    assert_eq!(offer["obstacles"], Value::Array(vec![]), "{offer}");
    assert_eq!(offer["kernel_changes"], false, "{offer}");
    let sent = web.sent();
    let boot = guest.run("cat /proc/sys/kernel/random/boot_id");
    let (status, acknowledged) = visited(&scenario, &client, || {
        upgrade(&scenario, &app, 1, "boxctl upgrade --no-backup --yes")
    });
    let size = offer["bytes"].as_u64().unwrap();
    scenario.note(&format!(
        "transferred {} of {size} bytes: another version of the same programs",
        web.sent() - sent
    ));
    assert_eq!(status["running"]["version"], "0.2.0", "{status}");
    assert_eq!(status["running"]["slot"], "B", "{status}");
    assert_eq!(last(&status).unwrap()["ending"], "committed", "{status}");
    assert_eq!(status["other_is_good"], true, "{status}");
    let guest = scenario.guest();
    assert_eq!(guest.identity(), was);
    assert_eq!(guest.run("cat /proc/sys/kernel/random/boot_id"), boot);
    let listeners = guest.run("ss -Hltn 'sport = :443' | wc -l");
    assert_eq!(listeners, "1", "a socket of before is left");
    all_there(&guest, &acknowledged);
    checks::clean_boot(&guest);

    roll_back(&scenario, &client, &app);

    // One that spoils its database and does not get ready.
    maker.publish_whole("0.3.0", spoil);
    let lines = guest.sql("SELECT count(*) FROM order_items");
    let (status, acknowledged) = upgrade(
        &scenario,
        &app,
        3,
        "boxctl upgrade --no-backup --restart --yes",
    );
    assert_eq!(status["running"]["version"], "0.1.0", "{status}");
    assert_eq!(last(&status).unwrap()["ending"], "rolled_back", "{status}");
    let bad = &status["bad"][1];
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
    let again = guest.json("boxctl upgrade --check");
    let why = again["obstacles"].to_string();
    assert!(why.contains("was no good"), "{again}");
    checks::clean_boot(&guest);
    factory_reset(&scenario, &guest);
    scenario.power_off();
}

/// Everything goes but the release, and who may log in.
fn factory_reset(scenario: &Scenario, guest: &Guest) {
    let key = guest.run(&format!("cat {}", paths::SSH_HOST_KEY_PUB));
    let _ = guest.run("boxctl factory-reset --yes");
    let begun = Instant::now();
    let fresh = loop {
        // It has another host key then.
        let _ = fs::remove_file(scenario.vm().state().known_hosts());
        let ssh = scenario.vm().ssh().connect_limit(Duration::from_secs(10));
        if let Ok(output) = ssh.output(&format!("cat {}", paths::SSH_HOST_KEY_PUB)) {
            let now = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            if !now.is_empty() && now != key.trim() {
                break scenario.guest();
            }
        }
        assert!(begun.elapsed() < LIMIT, "the box does not begin anew");
        thread::sleep(Duration::from_secs(2));
    };
    checks::clean_boot(&fresh);
    assert_eq!(fresh.sql("SELECT count(*) FROM orders"), "0");
    let left = fresh.output(&format!(
        "ls {} 2>/dev/null; grep '^channel' {}",
        paths::FACTORY_RESET,
        paths::CONFIG
    ));
    assert_eq!(String::from_utf8_lossy(&left.stdout), "");
    let status = fresh.json("boxctl upgrade status");
    assert_eq!(status["running"]["version"], "0.1.0", "{status}");
    scenario.note(&format!(
        "a factory reset takes {:.0} s",
        begun.elapsed().as_secs_f64()
    ));
}
