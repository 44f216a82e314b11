//! What tests of upgrades share.

use std::thread;
use std::time::{Duration, Instant};

use onebox_model::paths;
use onebox_testing::files::Files;
use serde_json::Value;

use crate::orders::Acknowledged;
use crate::pebble::HOST;
use crate::release::Maker;
use crate::{Guest, Scenario};

const ROOTS: &str = "/var/lib/onebox/release-roots.pem";
const CA: &str = "/var/lib/onebox/channel-ca.pem";
/// A restart, a trial, a restart back; emulated.
pub const LIMIT: Duration = Duration::from_secs(900);

/// Has the box take its releases from a maker's channel.
///
/// # Panics
/// When it does not.
pub fn trust(guest: &Guest, maker: &Maker, web: &Files) {
    guest.write(ROOTS, &maker.keyring());
    guest.write(CA, &web.certificate);
    let channel = format!("https://{HOST}:{}", web.port);
    guest.write(
        paths::CONFIG,
        &format!(
            "[updates]\nchannel = \"{channel}\"\nroots_file = \"{ROOTS}\"\nca_file = \"{CA}\"\n"
        ),
    );
    let _ = guest.run("boxctl apply --yes");
}

/// Waits until no trial is under way and at least so many upgrades are over; how
/// upgrades are then.
///
/// # Panics
/// When that takes too long.
#[must_use]
pub fn settled(scenario: &Scenario, count: usize) -> Value {
    let begun = Instant::now();
    let mut last = String::new();
    loop {
        let ssh = scenario.vm().ssh().connect_limit(Duration::from_secs(10));
        if let Ok(output) = ssh.output("boxctl upgrade status --json") {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let status = serde_json::from_str::<Value>(&text).unwrap_or_default();
            let history = status["history"].as_array().map(Vec::len);
            if history.is_some_and(|history| history >= count) && status["trial"].is_null() {
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

/// How the last upgrade ended, when there was one.
#[must_use]
pub fn last(status: &Value) -> Option<&Value> {
    status["history"].as_array()?.last()
}

/// Every order that was acknowledged is there.
///
/// # Panics
/// When one is not, or there was none.
pub fn all_there(guest: &Guest, acknowledged: &[Acknowledged]) {
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
