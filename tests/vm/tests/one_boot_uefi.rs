//! Two boots of the same image by UEFI: ready, a job, a power cut, the job.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use std::time::Duration;

use onebox_vm::firmware::Firmware;
use onebox_vm_tests::app::mails_of;
use onebox_vm_tests::{App, Scenario, checks};

const JOB_LIMIT: Duration = Duration::from_secs(60);

#[test]
fn one_boot_uefi() {
    let mut scenario = Scenario::fresh("one_boot_uefi", Firmware::Uefi);
    let client = scenario.boot();
    let guest = scenario.guest();
    let _uefi = guest.run("test -d /sys/firmware/efi");
    checks::clean_boot(&guest);
    scenario.keep("boot.txt", &guest.boot_times());
    checks::read_only(&guest);
    let app = App::login(&client, &guest);
    let identity = guest.identity();
    let _stopped = guest.run("systemctl stop 'wizamart-worker@*.service'");
    let interrupted = app.post_mail("queued when the power goes");
    assert_eq!(app.job(&interrupted)["state"], "queued");
    scenario.cut_power();

    let client = scenario.boot();
    let guest = scenario.guest();
    assert_eq!(
        guest.identity(),
        identity,
        "the box is another after a power cut"
    );
    let app = App::login(&client, &guest);
    let job = app.wait_done(&interrupted, JOB_LIMIT);
    assert_eq!(mails_of(&guest, &interrupted), "1", "{job}");
    checks::clean_boot(&guest);
    scenario.power_off();
}
