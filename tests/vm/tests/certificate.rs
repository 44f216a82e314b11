//! A certificate from an authority: ordered by the box, served on 443, renewed
//! while clients connect without a pause.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs, reason = "a test")]

use std::time::Duration;

use onebox_model::paths;
use onebox_vm::firmware::Firmware;
use onebox_vm::https::Client;
use onebox_vm::pin::Trust;
use onebox_vm::ready;
use onebox_vm_tests::pebble::Pebble;
use onebox_vm_tests::steady::Steady;
use onebox_vm_tests::{Guest, Scenario};
use serde_json::Value;

const DOMAIN: &str = "shop.example";
const CA_FILE: &str = "/var/lib/onebox/acme-ca.pem";
/// A handshake takes an emulated machine a while.
const INTERVAL: Duration = Duration::from_millis(100);

#[test]
fn certificate() {
    let mut scenario = Scenario::fresh("certificate", Firmware::Bios);
    let _own = scenario.boot();
    let guest = scenario.guest();
    let pebble = Pebble::start(scenario.vm(), &scenario.dir().join("pebble"));
    write(&guest, CA_FILE, &pebble.roots());
    write(&guest, paths::CONFIG, &pebble.config(DOMAIN, CA_FILE));
    let _applied = guest.run("boxctl apply --yes");

    // Nothing is in the way: the box reaches itself, and the authority answers.
    let report = json(&guest, "boxctl cert test --json");
    let names = report["names"].as_array().unwrap();
    let checks = names[0]["checks"].as_array().unwrap();
    assert!(
        checks.iter().all(|check| check["state"] != "bad"),
        "{report:#}"
    );

    // The keeper has begun by itself; this waits for it.
    let issued = guest.output("boxctl cert issue --json");
    scenario.keep("issue.log", &String::from_utf8_lossy(&issued.stderr));
    assert!(
        issued.status.success(),
        "{}{}",
        String::from_utf8_lossy(&issued.stderr),
        String::from_utf8_lossy(&issued.stdout)
    );
    let first = served(&guest);
    let port = scenario.vm().settings().ports.https;
    let client = ready::pin(&scenario.vm().ssh(), port).unwrap();
    let answer = client.get("/version", None).unwrap();
    assert_eq!(answer.status, 200, "under the certificate that is stored");

    // Whoever connects gets an answer, under the old one or the new one.
    let anybody = Client::new(port, Trust::Reachability).unwrap();
    let steady = Steady::start(&anybody, "/version", INTERVAL);
    std::thread::sleep(Duration::from_secs(2));
    let _renewed = guest.run("boxctl cert renew --force --json");
    std::thread::sleep(Duration::from_secs(2));
    let tally = steady.finish();
    scenario.note(&format!(
        "renewal: {} answered, the slowest in {:.1?}",
        tally.answered, tally.slowest
    ));
    assert!(tally.failures.is_empty(), "{:#?}", tally.failures);
    assert!(tally.answered > 20, "{}", tally.answered);
    let second = served(&guest);
    assert_ne!(first, second, "it was not renewed");
    let client = ready::pin(&scenario.vm().ssh(), port).unwrap();
    assert_eq!(client.get("/version", None).unwrap().status, 200);

    // The keeper may be killed: what is served is served, and known again.
    let _killed = guest.run("systemctl kill -s KILL boxd.service");
    assert_eq!(client.get("/version", None).unwrap().status, 200);
    assert_eq!(served(&guest), second);
    scenario.power_off();
}

/// The serial number of the served certificate, which must be the authority's.
fn served(guest: &Guest) -> String {
    let status = json(guest, "boxctl cert list --json");
    let served = &status["served"];
    assert_eq!(served["source"], "authority", "{status:#}");
    assert!(
        served["issuer"].as_str().unwrap().contains("Pebble"),
        "{status:#}"
    );
    assert_eq!(status["problem"], Value::Null, "{status:#}");
    assert_eq!(status["names"][0]["covered"], true, "{status:#}");
    served["serial"].as_str().unwrap().to_owned()
}

fn json(guest: &Guest, command: &str) -> Value {
    let output = guest.output(command);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let said = String::from_utf8_lossy(&output.stderr);
        panic!("{command}: {error}: {said}")
    })
}

/// The texts have no quotes of the shell's in them.
fn write(guest: &Guest, path: &str, text: &str) {
    assert!(!text.contains('\''));
    let _written = guest.run(&format!("printf %s '{text}' > {path}"));
}
