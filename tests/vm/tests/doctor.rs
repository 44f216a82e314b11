//! One boot for what an operator does when something is wrong: how confined
//! everything is, what answers from outside, and the doctor.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use std::path::Path;

use onebox_vm::firmware::Firmware;
use onebox_vm_tests::{Scenario, checks};

#[test]
fn doctor() {
    let mut scenario = Scenario::fresh("doctor", Firmware::Bios);
    let _client = scenario.boot();
    let guest = scenario.guest();
    checks::clean_boot(&guest);
    let table = checks::confined(&guest);
    scenario.note(&table);
    checks::only_public_ports_answer(&guest, Path::new(env!("CARGO_BIN_EXE_scan")));
    scenario.note(&format!("told and mended: {}", checks::doctor(&guest)));
    checks::clean_boot(&guest);
    scenario.power_off();
}
