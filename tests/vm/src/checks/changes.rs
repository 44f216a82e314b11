//! Changing a box: plan, apply, going back by itself, confirm, undo.

use std::thread;
use std::time::{Duration, Instant};

use onebox_model::{paths, units};
use onebox_vm::https::Client;
use serde_json::Value;

use crate::Guest;

/// An emulated box restarts units slowly.
const LIMIT: Duration = Duration::from_secs(150);

/// Walks through every kind of change; returns how long a plan without changes
/// takes, for the record.
///
/// # Panics
/// When something is otherwise.
#[must_use]
pub fn changes(guest: &Guest, client: &Client) -> String {
    let before = current(guest);
    let plan = guest.output("boxctl plan");
    assert_eq!(plan.status.code(), Some(0), "{plan:?}");
    let took = guest.run(
        "s=$(date +%s%N); for i in 1 2 3 4 5; do boxctl plan >/dev/null; done; \
         echo $((($(date +%s%N) - s) / 5000000))",
    );
    let applied = only_what_changed(guest);
    assert_eq!(applied, before + 1);
    an_unhealthy_box_goes_back(guest, client, applied);
    a_killed_keeper_goes_back(guest, client, applied);
    a_secret_reaches_its_units_and_nothing_else(guest);
    who_gets_in(guest);
    let _ = guest.run(&format!("boxctl undo {before} --yes"));
    assert!(
        !guest
            .run(&format!("cat {}", paths::CONFIG))
            .contains("concurrency = 2")
    );
    let plan = guest.output("boxctl plan");
    assert_eq!(plan.status.code(), Some(0), "{plan:?}");
    format!("boxctl plan without changes: {took} ms")
}

fn history(guest: &Guest) -> Value {
    let text = guest.run("boxctl history --json");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn current(guest: &Guest) -> u64 {
    let history = history(guest);
    let all = history.as_array().expect("a list");
    let current = all.iter().find(|one| one["current"] == true);
    current
        .and_then(|one| one["number"].as_u64())
        .unwrap_or_else(|| panic!("{history}"))
}

/// Adds a section to the operator's file. The one of the first boot has every
/// section with nothing set, so the first edit takes its place.
pub(super) fn add(guest: &Guest, lines: &str) {
    let file = paths::CONFIG;
    let _ = guest.run(&format!(
        "grep -q '^#' {file} && : > {file}; printf '{lines}' >> {file}"
    ));
}

fn pid(guest: &Guest, unit: &str) -> String {
    guest.run(&format!("systemctl show -P MainPID {unit}"))
}

/// How much is logged is the application's alone; other choices move memory
/// between the servers too, and a plan says so.
fn only_what_changed(guest: &Guest) -> u64 {
    let servers = [units::POSTGRESQL, units::REDIS];
    let before = (pid(guest, units::WEB), servers.map(|unit| pid(guest, unit)));
    add(guest, "[log]\\nlevel = \"debug\"\\n");
    let plan = guest.output("boxctl plan");
    assert_eq!(plan.status.code(), Some(2), "{plan:?}");
    let shown = String::from_utf8_lossy(&plan.stdout).into_owned();
    assert!(
        shown.contains("log.level: \"info\" -> \"debug\""),
        "{shown}"
    );
    let _ = guest.run("boxctl apply --yes -m 'look closer'");
    let after = (pid(guest, units::WEB), servers.map(|unit| pid(guest, unit)));
    assert_ne!(before.0, after.0, "the site was not restarted");
    assert_eq!(before.1, after.1, "a server was restarted as well");
    let effective = guest.run(&format!("cat {}", paths::EFFECTIVE_CONFIG));
    assert!(effective.contains("debug"));
    current(guest)
}

/// A database that is not there: sound as a file, and the site cannot serve.
fn an_unhealthy_box_goes_back(guest: &Guest, client: &Client, before: u64) {
    add(
        guest,
        "[database]\\nurl = \"postgres://nobody@127.0.0.1:1/none\"\\n",
    );
    let failed = guest.output("boxctl apply --yes --timeout 20");
    let said = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(!failed.status.success(), "{said}");
    assert!(
        said.contains("taken back") && said.contains("/ready"),
        "{said}"
    );
    assert_eq!(current(guest), before);
    ready_again(client);
    // The edit is the operator's to mend.
    let _ = guest.run(&format!("sed -i '/^.database.$/,$d' {}", paths::CONFIG));
    let plan = guest.output("boxctl plan");
    assert_eq!(plan.status.code(), Some(0), "{plan:?}");
}

fn a_killed_keeper_goes_back(guest: &Guest, client: &Client, before: u64) {
    add(guest, "[time]\\nzone = \"Europe/Luxembourg\"\\n");
    let _ = guest.run(
        "boxctl apply --yes >/tmp/apply 2>&1 & \
         until grep -q switching /tmp/apply; do sleep 0.05; done; \
         kill -9 $(systemctl show -P MainPID boxd.service)",
    );
    let deadline = Instant::now() + LIMIT;
    while under_way(guest) {
        assert!(Instant::now() < deadline, "nobody ended what was under way");
        thread::sleep(Duration::from_secs(1));
    }
    assert_eq!(current(guest), before);
    let newest = history(guest)[0]["fate"].clone();
    assert!(newest.to_string().contains("interrupted"), "{newest}");
    ready_again(client);
    let _ = guest.run("systemctl reset-failed boxd.service");
    let _ = guest.run("boxctl apply --yes");
    assert!(current(guest) > before);
}

/// Encrypted on disk, in no log and no rendered file, and readable by the
/// application where systemd puts it.
fn a_secret_reaches_its_units_and_nothing_else(guest: &Guest) {
    const VALUE: &str = "sk_test_planted_4711";
    add(
        guest,
        "[payments]\\nstripe_secret_key = { secret = \"stripe\" }\\n",
    );
    let missing = guest.output("boxctl plan");
    let said = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert_eq!(missing.status.code(), Some(1), "{said}");
    assert!(said.contains("boxctl secret set stripe"), "{said}");
    let _ = guest.run(&format!("echo {VALUE} | boxctl secret set stripe"));
    let _ = guest.run("boxctl apply --yes");
    let credential = format!("/run/credentials/{}/stripe", units::WEB);
    assert_eq!(guest.run(&format!("cat {credential}")), VALUE);
    let found = guest.output(&format!(
        "grep -rl {VALUE} /var/lib/onebox /run/onebox /run/systemd/generator; \
         journalctl --no-pager | grep -v 'sshd\\|bash' | grep {VALUE}"
    ));
    assert_eq!(
        String::from_utf8_lossy(&found.stdout),
        "",
        "the secret is in clear"
    );
}

/// From the host's side of QEMU's network SSH still gets in.
fn who_gets_in(guest: &Guest) {
    let before = current(guest);
    add(guest, "[firewall]\\nssh_from = [\"10.0.2.0/24\"]\\n");
    let _ = guest.run("boxctl apply --yes");
    assert!(
        guest
            .run("nft list ruleset")
            .contains("ip saddr 10.0.2.0/24 tcp dport 22")
    );
    // The link turns back first, the units follow, the intent goes last: only
    // then is the change off the box.
    let deadline = Instant::now() + LIMIT;
    while current(guest) != before || under_way(guest) {
        assert!(Instant::now() < deadline, "an unconfirmed change stayed");
        thread::sleep(Duration::from_secs(2));
    }
    assert!(!guest.run("nft list ruleset").contains("10.0.2.0/24"));
    let _ = guest.run("boxctl apply --yes && boxctl confirm");
    assert!(guest.run("nft list ruleset").contains("10.0.2.0/24"));
    assert_eq!(history(guest)[0]["fate"], "kept");
}

/// A change has begun and is neither kept nor taken back yet.
fn under_way(guest: &Guest) -> bool {
    guest
        .output(&format!("test -e {}", paths::GENERATION_INTENT))
        .status
        .success()
}

/// Waits until the application says that it is ready.
///
/// # Panics
/// When it is not after five minutes.
pub fn ready_again(client: &Client) {
    let deadline = Instant::now() + LIMIT;
    loop {
        let answer = client.get("/ready", None);
        match answer {
            Ok(answer) if answer.status == 200 => return,
            other => assert!(
                Instant::now() < deadline,
                "the box is not ready again: {:?}",
                other.map(|answer| answer.text())
            ),
        }
        thread::sleep(Duration::from_millis(500));
    }
}
