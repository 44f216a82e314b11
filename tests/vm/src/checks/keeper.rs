//! `boxctl` on the box, and the keeper behind it.

use std::thread;
use std::time::{Duration, Instant};

use onebox_model::{paths, units};
use onebox_vm::https::Client;
use serde_json::Value;

use crate::Guest;

/// An emulated boot leaves the keeper little of the processors for a while.
const LIMIT: Duration = Duration::from_secs(90);

/// The commands an operator looks with, and that the site does not need the
/// keeper, which comes back by itself.
///
/// # Panics
/// When something is otherwise.
pub fn keeper(guest: &Guest, client: &Client) {
    status(guest);
    services(guest);
    every_component_is_reached(guest);
    who_may_ask(guest);
    killed(guest, client);
}

fn json(guest: &Guest, command: &str) -> Value {
    let text = guest.run(command);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{command}: {error}: {text}"))
}

fn status(guest: &Guest) {
    let status = json(guest, "boxctl status --json");
    assert_eq!(status["config_source"], "generation", "{status}");
    assert_eq!(status["pending_changes"], 0, "{status}");
    assert!(status["image"].is_string(), "{status}");
    assert_eq!(status["slot"], "A", "{status}");
    let shown = status["units"].as_array().expect("units");
    for unit in units::required_for_health() {
        let found = shown.iter().find(|one| one["name"] == unit.as_str());
        let found = found.unwrap_or_else(|| panic!("{unit} is not in the status"));
        assert_eq!(found["active_state"], "active", "{found}");
    }
    let web = shown.iter().find(|one| one["name"] == units::WEB);
    let web = web.expect("web");
    for number in ["memory_bytes", "memory_max_bytes", "main_pid", "tasks"] {
        assert!(web[number].is_u64(), "{number} of {web}");
    }
    let queues = status["queues"].as_array().map(Vec::len);
    assert_eq!(queues, Some(4), "{status}");
    let certificates = status["certificates"].as_array().expect("certificates");
    assert!(
        certificates
            .iter()
            .all(|one| one["days_left"].as_i64() > Some(0))
    );
    let screen = guest.run("boxctl status");
    assert!(screen.contains("wizamart-web.service"), "{screen}");
}

fn services(guest: &Guest) {
    let restarted = guest.run("boxctl service restart worker/emails");
    assert_eq!(restarted, "wizamart-worker@emails.service: running");
    let _ = guest.run("boxctl service stop scheduler --yes");
    let stopped = guest.output("boxctl service status scheduler");
    assert_eq!(stopped.status.code(), Some(3), "{stopped:?}");
    let units = json(guest, "boxctl reconciler run units --json");
    assert_eq!(units["last_outcome"], "attention", "{units}");
    let _ = guest.run("boxctl service start scheduler");
    let units = json(guest, "boxctl reconciler run units --json");
    assert_eq!(units["last_outcome"], "ok", "{units}");
    let unknown = guest.output("boxctl service start worker/email");
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(said.contains("did you mean \"worker/emails\""), "{said}");
}

fn every_component_is_reached(guest: &Guest) {
    assert_eq!(
        guest.run("boxctl psql -- -Atc 'SELECT current_user'"),
        "wizamart"
    );
    assert_eq!(
        guest.run("boxctl psql --superuser -- -Atc 'SHOW is_superuser'"),
        "on"
    );
    assert_eq!(guest.run("boxctl redis -- PING"), "PONG");
    assert_eq!(guest.run("boxctl shell -- -c 'id -un'"), "wizamart");
    let line = guest.run("boxctl logs web --json -n 1 | head -c 2000");
    assert!(
        line.contains("\"_SYSTEMD_UNIT\":\"wizamart-web.service\""),
        "{line}"
    );
}

fn who_may_ask(guest: &Guest) {
    let nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups";
    let refused = guest.output(&format!("{nobody} boxctl service list"));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("group onebox"),
        "{said}"
    );
    let member =
        "setpriv --reuid 65534 --regid 65534 --groups $(getent group onebox | cut -d: -f3)";
    let list = guest.run(&format!("{member} boxctl service list"));
    assert!(list.contains("wizamart-web.service"), "{list}");
}

fn killed(guest: &Guest, client: &Client) {
    let pid = |guest: &Guest| guest.run(&format!("systemctl show -P MainPID {}", units::BOXD));
    let before = pid(guest);
    assert_ne!(before, "0", "boxd does not run");
    let _ = guest.run(&format!("kill -9 {before}"));
    let answer = client.get("/version", None).expect("the site answers");
    assert_eq!(answer.status, 200);
    let deadline = Instant::now() + LIMIT;
    while ["0", &before].contains(&pid(guest).as_str()) {
        assert!(Instant::now() < deadline, "boxd did not come back");
        thread::sleep(Duration::from_millis(500));
    }
    // The socket was there all the time; this waits until boxd serves it.
    let status = json(guest, "boxctl status --json");
    assert_eq!(status["config_source"], "generation");
    let _ = guest.run(&format!("systemctl reset-failed {}", units::BOXD));
    assert!(guest.run(&format!("stat -c %a {}", paths::BOXD_SOCKET)) == "660");
}
