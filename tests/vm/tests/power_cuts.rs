//! A box whose power goes at a random moment of an upgrade, again and again, while
//! it sells: it comes up as the release of before or as the new one, never as
//! neither, and every order that was acknowledged is there.
//!
//! `ONEBOX_CUTS` says how often, `ONEBOX_SEED` which moments (`make soak`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test"
)]

use std::thread;
use std::time::{Duration, Instant};

use onebox_testing::files::Files;
use onebox_vm::firmware::Firmware;
use onebox_vm_tests::release::Maker;
use onebox_vm_tests::upgrades::{LIMIT, all_there, last, settled, trust};
use onebox_vm_tests::{App, Guest, Orders, Scenario, checks};

/// As many as a suite has time for; the long run is `make soak`.
const CUTS: u64 = 2;
const SEED: u64 = 1;
/// From the first look at the channel to a written slot, emulated.
const WRITING: Duration = Duration::from_secs(60);
/// From there to visitors let in again, and a little more.
const TRIAL: Duration = Duration::from_secs(75);

/// A number of the environment.
fn number(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name}={text}: not a number")),
        Err(_) => otherwise,
    }
}

/// The next of a sequence that its beginning decides (splitmix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Waits until the upgrade is about to leave the release that runs.
fn going_over(guest: &Guest, cut: u64) {
    let begun = Instant::now();
    let look = format!("journalctl -u cut-{cut} -o cat | grep -c 'on trial$'");
    loop {
        let said = guest.output(&look);
        if String::from_utf8_lossy(&said.stdout).trim() == "1" {
            return;
        }
        assert!(
            begun.elapsed() < LIMIT,
            "the upgrade does not get as far: {}",
            guest.run(&format!("journalctl -u cut-{cut} -o cat"))
        );
        thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn power_cuts() {
    let (cuts, seed) = (number("ONEBOX_CUTS", CUTS), number("ONEBOX_SEED", SEED));
    let mut scenario = Scenario::fresh("power_cuts", Firmware::Bios);
    let maker = Maker::new(&scenario.dir().join("releases"));
    let web = Files::serve(&maker.channel());
    for version in ["0.2.0", "0.3.0"] {
        maker.publish_whole(version, |_| {});
    }
    let mut client = scenario.boot();
    let mut guest = scenario.guest();
    let _ = guest.run("wizamart seed --vendors 2 --products 25 --orders 50 --yes");
    trust(&guest, &maker, &web);
    let mut state = seed;
    for cut in 1..=cuts {
        let before = settled(&scenario, 0);
        let running = before["running"]["version"].as_str().unwrap().to_owned();
        let wanted = if running == "0.2.0" { "0.3.0" } else { "0.2.0" };
        let app = App::login(&client, &guest);
        let orders = Orders::start(&app, Duration::from_millis(500));
        // What was no good because its power went is wanted all the same.
        let _ = guest.run(&format!(
            "systemd-run --quiet --unit=cut-{cut} boxctl upgrade {wanted} --force --no-backup --yes"
        ));
        // By turns while it is written, and from the moment it is to go over.
        let (since, span) = if cut % 2 == 1 {
            ("the beginning", WRITING)
        } else {
            going_over(&guest, cut);
            ("it goes over", TRIAL)
        };
        let span = u64::try_from(span.as_millis()).unwrap();
        let moment = Duration::from_millis(next(&mut state) % span);
        thread::sleep(moment);
        scenario.cut_power();
        let gone = Instant::now();
        let acknowledged = orders.finish();
        client = scenario.boot();
        let after = settled(&scenario, 0);
        guest = scenario.guest();
        let runs = after["running"]["version"].as_str().unwrap().to_owned();
        let ending = last(&after).map(|event| event["ending"].to_string());
        scenario.note(&format!(
            "cut {cut} of {cuts} (seed {seed}), {running} -> {wanted}, {:.1} s after {since}: {runs} runs {:.0} s later; \
             {} orders were acknowledged, the last upgrade ended {}",
            moment.as_secs_f64(),
            gone.elapsed().as_secs_f64(),
            acknowledged.len(),
            ending.unwrap_or_else(|| "never".to_owned()),
        ));
        assert!([&*running, wanted].contains(&&*runs), "{after}");
        all_there(&guest, &acknowledged);
        checks::clean_boot(&guest);
    }
    scenario.power_off();
}
