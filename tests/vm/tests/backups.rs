//! Two boots for backups: made and gone back to on a running box, and a power
//! cut in the middle of a restore.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use onebox_vm::firmware::Firmware;
use onebox_vm_tests::{Scenario, checks};

#[test]
fn backups() {
    let mut scenario = Scenario::fresh("backups", Firmware::Bios);
    let client = scenario.boot();
    let guest = scenario.guest();
    checks::clean_boot(&guest);
    scenario.note(&checks::backups(&guest, &client));
    checks::clean_boot(&guest);
    checks::in_the_middle_of_a_restore(&guest);
    scenario.cut_power();

    let _client = scenario.boot();
    let guest = scenario.guest();
    checks::after_a_restore_that_was_cut(&guest);
    checks::clean_boot(&guest);
    scenario.power_off();
}
