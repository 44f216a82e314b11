//! Two boots by BIOS: everything a box must be on its first, and what is left
//! of its work when the power goes.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use std::time::Duration;

use onebox_vm::firmware::Firmware;
use onebox_vm_tests::app::mails_of;
use onebox_vm_tests::steady::Steady;
use onebox_vm_tests::{App, Guest, Scenario, checks};

/// Emulated queues are not quick.
const JOB_LIMIT: Duration = Duration::from_secs(60);

/// How often the steady client opens a connection.
const INTERVAL: Duration = Duration::from_millis(50);

#[test]
fn one_boot_bios() {
    let mut scenario = Scenario::fresh("one_boot_bios", Firmware::Bios);
    let client = scenario.boot();
    let guest = scenario.guest();
    let bios = guest.output("test -d /sys/firmware/efi");
    assert!(!bios.status.success(), "the box was started by UEFI");

    checks::clean_boot(&guest);
    scenario.keep("boot.txt", &guest.boot_times());
    checks::versions(&guest, &client);
    checks::plain_http_redirects(scenario.vm());
    checks::listeners(&guest);
    checks::firewall(&guest);
    checks::passwords(&guest, scenario.vm());
    checks::read_only(&guest);
    checks::postgresql(&guest);
    checks::keeper(&guest, &client);
    scenario.note(&checks::changes(&guest, &client));
    checks::data_fills_the_disk(&guest, &scenario.vm().state().disk());

    let app = App::login(&client, &guest);
    let processed = app.post_mail("a first job");
    let done = app.wait_done(&processed, JOB_LIMIT);
    assert_eq!(mails_of(&guest, &processed), "1", "{done}");
    a_restart_refuses_nobody(&scenario, &client, &guest);

    checks::try_to_leave_traces(&guest);
    let identity = guest.identity();
    let _stopped = guest.run("systemctl stop 'wizamart-worker@*.service'");
    let interrupted = app.post_mail("queued when the power goes");
    assert_eq!(app.job(&interrupted)["state"], "queued");
    assert_eq!(guest.redis("SET onebox:test lasting"), "OK");
    // Redis promises what is older than a second.
    std::thread::sleep(Duration::from_secs(3));
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
    assert_eq!(
        mails_of(&guest, &processed),
        "1",
        "a job done before the cut was done again"
    );
    assert_eq!(guest.redis("GET onebox:test"), "lasting");
    checks::traces_are_gone(&guest);
    checks::clean_boot(&guest);
    scenario.power_off();
}

/// A new TLS connection every 50 ms, and a restart of the web service in the
/// middle of it. It asks for what needs no database: `/health` gives up on a
/// database after a moment, and twenty handshakes a second are all that an
/// emulated machine can do.
fn a_restart_refuses_nobody(scenario: &Scenario, client: &onebox_vm::https::Client, guest: &Guest) {
    let before = guest.run("systemctl show -P MainPID wizamart-web.service");
    let steady = Steady::start(client, "/version", INTERVAL);
    std::thread::sleep(Duration::from_secs(2));
    let _restarted = guest.run("systemctl restart wizamart-web.service");
    std::thread::sleep(Duration::from_secs(2));
    let tally = steady.finish();
    let after = guest.run("systemctl show -P MainPID wizamart-web.service");
    assert_ne!(before, after, "the service was not restarted");
    let slowest = tally.slowest;
    scenario.note(&format!(
        "restart: {} answered, the slowest in {slowest:.1?}",
        tally.answered
    ));
    assert!(
        tally.failures.is_empty(),
        "{} of {} failed: {:#?}",
        tally.failures.len(),
        tally.failures.len() + tally.answered,
        tally.failures
    );
    assert!(
        tally.answered >= 40,
        "only {} requests were made",
        tally.answered
    );
}
