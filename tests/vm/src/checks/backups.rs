//! Backups on a box: made, gone back to, practised, read through.

use std::time::{Duration, Instant};

use onebox_model::paths;
use onebox_vm::https::Client;
use serde_json::Value;

use super::changes::{add, ready_again};
use crate::Guest;

const INTENT: &str = "/var/lib/onebox/backups/restore.json";
const LIMIT: Duration = Duration::from_secs(300);

fn json(guest: &Guest, command: &str) -> Value {
    let text = guest.run(&format!("{command} --json 2>/dev/null"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{command}: {error}: {text}"))
}

fn write(guest: &Guest, note: &str) {
    let _ = guest.sql(&format!("INSERT INTO kept VALUES ('{note}')"));
}

fn written(guest: &Guest) -> String {
    guest.sql("SELECT coalesce(string_agg(note, ' ' ORDER BY note), '') FROM kept")
}

/// Makes a backup, goes back to a second after it, and looks whether the box
/// itself can tell. Returns what was measured.
///
/// # Panics
/// When something is otherwise.
#[must_use]
pub fn backups(guest: &Guest, client: &Client) -> String {
    add(
        guest,
        "[backups]\\narchive_seconds = 10\\nbytes_per_second = 500000000\\n",
    );
    let _ = guest.run("boxctl apply --yes");
    let uploads = format!("{}/uploads", paths::APP_STATE_DIR);
    let _ = guest.run(&format!(
        "mkdir -p {uploads} && echo picture >{uploads}/kept.jpg && chown -R wizamart:wizamart {uploads}"
    ));
    let _ = guest.sql("CREATE TABLE kept (note text)");
    write(guest, "a");
    let made = json(guest, "boxctl backup now --type full");
    let full = made["backups"][0]["label"]
        .as_str()
        .expect("a label")
        .to_owned();
    assert_eq!(made["repositories"][0]["last_error"], Value::Null, "{made}");
    let when = guest.run("sleep 2; date -u +%FT%TZ; sleep 2");
    write(guest, "b");
    let _ = guest.run(&format!("rm {uploads}/kept.jpg"));

    let plan = json(guest, &format!("boxctl restore --at {when} --dry-run"));
    assert_eq!(plan["label"], *full, "{plan}");
    assert_eq!(written(guest), "a b", "a plan changes nothing");
    let restored = json(guest, &format!("boxctl restore --at {when} --yes"));
    ready_again(client);
    assert_eq!(written(guest), "a", "{restored}");
    assert_eq!(guest.run(&format!("cat {uploads}/kept.jpg")), "picture");
    let owner = guest.run(&format!("stat -c %U {uploads}/kept.jpg"));
    assert_eq!(owner, "wizamart");
    assert_eq!(restored["kept_aside"], Value::Null, "{restored}");

    // The new history is backed up too, and tried.
    write(guest, "c");
    let _ = json(guest, "boxctl backup now --type incr");
    let drill = json(guest, "boxctl backup drill");
    assert_eq!(drill["error"], Value::Null, "{drill}");
    let verified = json(guest, "boxctl backup verify");
    assert_eq!(verified["faults"], serde_json::json!([]), "{verified}");
    // Its own tool says the same.
    let info = guest.run("runuser -u postgres -- pgbackrest info");
    assert!(
        info.contains(&full) && info.contains("status: ok"),
        "{info}"
    );
    let status = json(guest, "boxctl status");
    assert_ne!(status["backup"]["last_drill"], Value::Null);
    format!(
        "restore: {} s, the site away for {} s; drill: RPO {} s, RTO {} s",
        restored["seconds"], restored["away_seconds"], drill["rpo_seconds"], drill["rto_seconds"]
    )
}

/// Begins a restore and returns when the restored data are in place and nobody
/// has said yet that they are good.
///
/// # Panics
/// When it does not come to that.
pub fn in_the_middle_of_a_restore(guest: &Guest) {
    write(guest, "d");
    let _ = guest.run("systemd-run --quiet boxctl restore --latest --yes");
    let begun = Instant::now();
    let seen = guest.output(&format!(
        "for i in $(seq 2000); do test -e {INTENT} && exit 0; sleep 0.1; done; exit 1"
    ));
    let took = begun.elapsed();
    assert!(
        seen.status.success() && took < LIMIT,
        "no exchange after {took:?}"
    );
}

/// The power went then: the data are those of before, and can be backed up.
///
/// # Panics
/// When something is otherwise.
pub fn after_a_restore_that_was_cut(guest: &Guest) {
    assert_eq!(written(guest), "a c d");
    let intent = guest.output(&format!("test -e {INTENT}"));
    assert!(!intent.status.success(), "the restore is still under way");
    let told = guest.run("journalctl -b -u onebox-config --no-pager");
    assert!(told.contains("was taken back"), "{told}");
    let made = json(guest, "boxctl backup now");
    assert_eq!(made["repositories"][0]["last_error"], Value::Null, "{made}");
}
