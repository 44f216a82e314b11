//! Releases that are no good, each in its own way, tried by a box that sells: it is
//! back on the one of before by itself, with its data, and remembers why. Then
//! bundles and channels that must not be believed at all.
//!
//! The ways to be no good take minutes each, and are left to `make soak`
//! (`ONEBOX_BAD=all`); a test run has the rest, and `upgrade` one of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test"
)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use onebox_testing::files::Files;
use onebox_vm::firmware::Firmware;
use onebox_vm_tests::pebble::HOST;
use onebox_vm_tests::release::Maker;
use onebox_vm_tests::upgrades::{all_there, last, settled, trust};
use onebox_vm_tests::{App, Guest, Orders, Scenario, checks};

/// A way for a release to be no good.
struct Fault {
    version: &'static str,
    /// What it does to its files.
    change: fn(&Path),
    /// What the box says was wrong.
    told: &'static str,
}

const FAULTS: [Fault; 6] = [
    // Its data fill the disk while it is on trial.
    Fault {
        version: "0.2.0",
        change: |root| {
            let fill = "+/bin/sh -c 'fallocate -l $(df --output=avail -B1 /var | tail -n 1) /var/lib/postgresql/filler || true; dd if=/dev/zero of=/var/lib/postgresql/more bs=64k || true'";
            drop_in(
                root,
                "wizamart-migrate.service",
                &format!("ExecStartPre={fill}\nExecStartPost=/usr/bin/false"),
            );
        },
        told: "wizamart-migrate.service",
    },
    // A migration that does not come to an end.
    Fault {
        version: "0.3.0",
        change: |root| {
            drop_in(
                root,
                "wizamart-migrate.service",
                "ExecStartPre=/usr/bin/sleep infinity",
            )
        },
        told: "wizamart-migrate.service",
    },
    // Its first program is not there, so the kernel panics.
    Fault {
        version: "0.4.0",
        change: |root| fs::remove_file(root.join("usr/lib/systemd/systemd")).unwrap(),
        told: "did not get as far as its first program",
    },
    // Everything runs, and the whole does not work.
    Fault {
        version: "0.5.0",
        change: |root| {
            drop_in(
                root,
                "wizamart-self-test.service",
                "ExecStart=\nExecStart=/usr/bin/false",
            )
        },
        told: "wizamart-self-test.service",
    },
    // A program that stops whenever it is started.
    Fault {
        version: "0.6.0",
        change: |root| {
            drop_in(
                root,
                "wizamart-scheduler.service",
                "ExecStart=\nExecStart=/usr/bin/false\nRestartSec=1\nRestartSteps=0",
            )
        },
        told: "wizamart-scheduler.service",
    },
    // Its keeper is broken, so nobody judges it: the watch goes back.
    Fault {
        version: "0.7.0",
        change: |root| {
            fs::remove_file(root.join("usr/bin/boxd")).unwrap();
            std::os::unix::fs::symlink("/usr/bin/false", root.join("usr/bin/boxd")).unwrap();
        },
        told: "did not get as far",
    },
];

fn drop_in(root: &Path, unit: &str, lines: &str) {
    let dir = root.join(format!("usr/lib/systemd/system/{unit}.d"));
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("fault.conf"), format!("[Service]\n{lines}\n")).unwrap();
}

#[test]
fn bad_releases() {
    let all = std::env::var("ONEBOX_BAD").is_ok_and(|which| which == "all");
    let mut scenario = Scenario::fresh("bad_releases", Firmware::Uefi);
    let maker = Maker::new(&scenario.dir().join("releases"));
    let web = Files::serve(&maker.channel());
    let client = scenario.boot();
    let guest = scenario.guest();
    let _ = guest.run("wizamart seed --vendors 2 --products 25 --orders 50 --yes");
    trust(&guest, &maker, &web);
    let _ = guest
        .run("printf 'trial_minutes = 5\\n' >>/var/lib/onebox/onebox.toml; boxctl apply --yes");
    let app = App::login(&client, &guest);
    maker.publish_whole("0.1.1", |_| {});
    killed(&scenario, &guest);
    let mut ended = 0;
    for fault in FAULTS.iter().filter(|_| all) {
        maker.publish_whole(fault.version, fault.change);
        ended += 1;
        tried(&scenario, &app, fault, ended);
    }
    not_believed(&scenario.guest(), &maker, &web, &scenario);
    scenario.power_off();
}

/// The keeper is killed while it writes the other slot: this release goes on, the
/// other slot is no way out any more, and the next upgrade writes it anew.
fn killed(scenario: &Scenario, guest: &Guest) {
    let _ = guest.run(
        "systemd-run --quiet --unit=killed --collect boxctl upgrade --no-backup --yes; \
         until journalctl -u killed -o cat | grep -q 'writing the other slot'; do sleep 1; done; \
         systemctl kill --signal=KILL boxd; sleep 1; systemctl start boxd",
    );
    let status = settled(scenario, 0);
    assert_eq!(status["running"]["version"], "0.1.0", "{status}");
    assert_eq!(status["other_is_good"], false, "{status}");
    assert_eq!(
        status["history"].as_array().map(Vec::len),
        Some(0),
        "{status}"
    );
    checks::clean_boot(guest);
}

/// The box tries one while orders are placed, and is back.
fn tried(scenario: &Scenario, app: &App, fault: &Fault, ended: usize) {
    let orders = Orders::start(app, Duration::from_millis(500));
    let guest = scenario.guest();
    let begun = Instant::now();
    let said = guest.output("boxctl upgrade --no-backup --yes");
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success(), "{text}");
    let status = settled(scenario, ended);
    scenario.note(&format!(
        "{}: back after {:.0} s: {}",
        fault.version,
        begun.elapsed().as_secs_f64(),
        last(&status).unwrap()
    ));
    assert_eq!(status["running"]["version"], "0.1.0", "{status}");
    assert_eq!(last(&status).unwrap()["ending"], "rolled_back", "{status}");
    let bad = status["bad"].as_array().unwrap().last().unwrap();
    assert_eq!(bad["version"], fault.version, "{status}");
    let probes = bad["probes"].to_string();
    assert!(probes.contains(fault.told), "{status}");
    let guest = scenario.guest();
    checks::clean_boot(&guest);
    all_there(&guest, &orders.finish());
    let left = guest.run("ls /var/lib/postgresql /var/lib/onebox-upgrades");
    assert!(
        !left.contains("filler") && !left.contains("snapshot"),
        "{left}"
    );
}

/// Bundles and channels that must not be believed, or do not fit: nothing is
/// restarted, and each is told from the others.
fn not_believed(guest: &Guest, maker: &Maker, web: &Files, scenario: &Scenario) {
    let base = format!("https://{HOST}:{}", web.port);
    let channel = maker.channel();
    let good = channel.join("0.1.1/onebox-0.1.1.raucb");
    let bytes = fs::read(&good).unwrap();
    let refused = |what: &str, arguments: &str, told: &[&str]| {
        let said = guest.output(&format!("boxctl upgrade {arguments}"));
        let text = [said.stdout, said.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(!said.status.success(), "{what}: {text}");
        let lower = text.to_lowercase();
        assert!(
            told.iter().any(|told| lower.contains(told)),
            "{what}: {text}"
        );
        let line = text
            .lines()
            .find(|line| told.iter().any(|told| line.to_lowercase().contains(told)));
        scenario.note(&format!("{what}: {}", line.unwrap_or_default()));
    };
    let put = |name: &str, bytes: &[u8]| {
        fs::create_dir_all(channel.join("faults")).unwrap();
        fs::write(channel.join("faults").join(name), bytes).unwrap();
        format!("{base}/faults/{name}")
    };

    let image = fs::read(maker.image("0.1.1")).unwrap();
    refused(
        "no bundle at all",
        &format!("{} --check", put("unsigned.raucb", &image)),
        &["signature"],
    );
    refused(
        "cut off",
        &format!("{} --check", put("cut.raucb", &bytes[..bytes.len() / 2])),
        &["signature"],
    );
    let stranger = Maker::new(&scenario.dir().join("stranger"));
    let foreign = fs::read(stranger.signs(maker, "0.1.1")).unwrap();
    refused(
        "somebody else's",
        &format!("{} --check", put("foreign.raucb", &foreign)),
        &["signature", "verif"],
    );
    let mut flipped = bytes.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    refused(
        "a bit flipped",
        &format!(
            "{} --force --no-backup --yes",
            put("flipped.raucb", &flipped)
        ),
        &["rauc cannot"],
    );
    let older = fs::read(maker.older("0.1.1", "0.0.9")).unwrap();
    refused(
        "an older one",
        &format!("{} --check", put("older.raucb", &older)),
        &["is older than"],
    );
    let full =
        "fallocate -l $(($(df --output=avail -B1 /var | tail -n 1) - 200000000)) /var/tmp/filler";
    let _ = guest.run(full);
    refused(
        "a full disk",
        &format!("{base}/0.1.1/onebox-0.1.1.raucb --force --check"),
        &["mb free"],
    );
    let _ = guest.run("rm /var/tmp/filler");

    // An index of before is shown again.
    let index = fs::read_dir(&channel)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let index: Vec<_> = index.filter(|path| path.is_file()).collect();
    let before: Vec<_> = index.iter().map(|path| fs::read(path).unwrap()).collect();
    maker.refresh();
    let _ = guest.output("boxctl upgrade --force --check");
    let now: Vec<_> = index.iter().map(|path| fs::read(path).unwrap()).collect();
    for (path, bytes) in index.iter().zip(&before) {
        fs::write(path, bytes).unwrap();
    }
    refused("an old index", "--check", &["serial", "older"]);
    for (path, bytes) in index.iter().zip(&now) {
        fs::write(path, bytes).unwrap();
    }

    // What the maker revokes holds for bundles too, once the channel was read.
    maker.replace_key("0.1.1", "0.9.0");
    let old = put("old.raucb", &bytes);
    let _ = guest.output("boxctl upgrade --check");
    refused(
        "a revoked key",
        &format!("{old} --force --check"),
        &["revoked"],
    );

    // Nobody has signed the index for longer than it is good.
    let _ = guest.run("systemctl stop systemd-timesyncd; date -s '+40 days'");
    refused(
        "an expired index",
        "--check",
        &["expire", "no longer good", "refresh"],
    );
    let _ = guest.run("date -s '-40 days'");

    // All that left the box as it was.
    let status = guest.json("boxctl upgrade status");
    assert_eq!(status["running"]["version"], "0.1.0", "{status}");
    assert!(status["trial"].is_null(), "{status}");
    checks::clean_boot(guest);
}
