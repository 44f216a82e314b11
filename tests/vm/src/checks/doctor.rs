//! Troubles that operators know, made on a running box: the doctor calls each
//! by its name, mends what is safe to mend, and then finds the box well.

use std::thread;
use std::time::{Duration, Instant};

use onebox_model::{paths, units};
use serde_json::Value;

use crate::Guest;

/// Emulated, and some of it waits for time-outs.
const LIMIT: Duration = Duration::from_secs(120);

/// What is true of a box in a machine that reaches no time server, has no
/// domain and no bucket, and is some minutes old; everything else must be well.
const USUAL: [&str; 5] = [
    "clock-unset",
    "domains-empty",
    "backup-none",
    "backup-only-here",
    "kernel-errors",
];

/// Its name, and how it is made, told and mended.
type Trouble = (&'static str, fn(&Guest));

/// A box that works is well, and each trouble is told. Returns the names of
/// those that were tried.
///
/// # Panics
/// When the doctor says otherwise.
pub fn doctor(guest: &Guest) -> String {
    well(guest);
    let troubles: [Trouble; 9] = [
        ("site-not-answering (502)", hanging),
        ("connection-refused", refused),
        ("out-of-memory", out_of_memory),
        ("slow-queries", slow_query),
        ("jobs-stuck", stuck_jobs),
        ("disk-full", disk_full),
        ("firewall-off", firewall_off),
        ("redis-down", redis_down),
        ("keeper-down", keeper_down),
    ];
    let names: Vec<&str> = troubles
        .into_iter()
        .map(|(name, trouble)| {
            trouble(guest);
            name
        })
        .collect();
    support_bundle(guest);
    names.join(", ")
}

/// The diagnosis and the exit status.
fn look(guest: &Guest, arguments: &str) -> (Value, i32) {
    let output = guest.output(&format!("boxctl doctor --json {arguments}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let diagnosis = serde_json::from_str(&text);
    let diagnosis = diagnosis.unwrap_or_else(|error| panic!("{error}: {text}\n{said}"));
    (diagnosis, output.status.code().unwrap_or(-1))
}

fn names(findings: &Value) -> Vec<String> {
    let findings = findings.as_array().expect("findings");
    let names = findings.iter().filter_map(|one| one["problem"].as_str());
    names.map(str::to_owned).collect()
}

/// Looks until the trouble is told by this name.
fn told(guest: &Guest, arguments: &str, name: &str) -> Value {
    let begun = Instant::now();
    loop {
        let (diagnosis, _) = look(guest, arguments);
        if names(&diagnosis["findings"]).iter().any(|one| one == name) {
            let all = diagnosis["findings"].as_array().expect("findings");
            let one = all.iter().find(|one| one["problem"] == name);
            let one = one.cloned().expect("it was just there");
            assert!(
                one["consequence"].is_string() || one["state"] == "notice",
                "{one}"
            );
            assert!(one["fix"]["text"].is_string(), "{one}");
            return one;
        }
        assert!(begun.elapsed() < LIMIT, "{name} is not told: {diagnosis:#}");
        thread::sleep(Duration::from_secs(1));
    }
}

/// Has it mended, and looks until it is well.
fn mended(guest: &Guest, arguments: &str, name: &str) {
    let (diagnosis, _) = look(guest, &format!("--fix {arguments}"));
    let begun = Instant::now();
    let mut now = diagnosis.clone();
    while names(&now["findings"]).iter().any(|one| one == name) {
        assert!(
            begun.elapsed() < LIMIT,
            "{name} is not mended: {diagnosis:#}\nnow {now:#}"
        );
        thread::sleep(Duration::from_secs(1));
        now = look(guest, arguments).0;
    }
}

fn well(guest: &Guest) {
    let (diagnosis, status) = look(guest, "");
    let unusual: Vec<String> = names(&diagnosis["findings"])
        .into_iter()
        .filter(|name| !USUAL.contains(&name.as_str()))
        .collect();
    assert!(unusual.is_empty(), "{unusual:?}: {diagnosis:#}");
    let findings = diagnosis["findings"].as_array().expect("findings");
    assert!(
        findings.iter().all(|one| one["state"] != "unknown"),
        "{diagnosis:#}"
    );
    // The clock that no time server sets is the only one to look after.
    assert_eq!(status, 1, "{diagnosis:#}");
    assert_eq!(
        look(guest, "--only postgresql --only redis --only units").1,
        0
    );
    let list = guest.run("boxctl doctor --list");
    assert!(list.contains("postgresql"), "{list}");
    let text = guest.output("boxctl doctor --verbose");
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("ok       units: all"), "{text}");
    let unknown = guest.output("boxctl doctor --only dsik");
    assert_eq!(unknown.status.code(), Some(3), "{unknown:?}");
}

/// The application takes no notice of anything: what a proxy shows as 502.
fn hanging(guest: &Guest) {
    let _ = guest.run(&format!(
        "systemctl kill --kill-whom=main --signal=STOP {}",
        units::WEB
    ));
    let one = told(guest, "--only site", "site-not-answering");
    assert_eq!(one["state"], "critical", "{one}");
    mended(guest, "--only site", "site-not-answering");
}

fn refused(guest: &Guest) {
    let _ = guest.run(&format!(
        "systemctl stop {} {} {}",
        units::HTTP_SOCKET,
        units::HTTPS_SOCKET,
        units::WEB
    ));
    let all = "--only units --only ports --only site";
    let (diagnosis, status) = look(guest, all);
    assert_eq!(status, 2, "{diagnosis:#}");
    let one = told(guest, "--only site", "connection-refused");
    assert_eq!(one["fix"]["automatic"], true, "{one}");
    mended(guest, all, "connection-refused");
    mended(guest, all, "unit-stopped");
    mended(guest, all, "site-not-answering");
}

fn out_of_memory(guest: &Guest) {
    let _killed = guest
        .output("systemd-run --wait --quiet -p MemoryMax=16M -p MemorySwapMax=0 tail /dev/zero");
    let one = told(guest, "--only memory", "out-of-memory");
    let evidence = one["evidence"].to_string();
    assert!(evidence.contains("(tail)"), "{one}");
    let _ = guest.run("systemctl reset-failed");
}

fn slow_query(guest: &Guest) {
    let _ =
        guest.run("systemd-run --quiet --unit=slow-query boxctl psql -- -c 'SELECT pg_sleep(300)'");
    let one = told(guest, "--only postgresql", "slow-queries");
    assert!(one["evidence"].to_string().contains("pg_sleep"), "{one}");
    // The command that the doctor gives is to be typed as it stands.
    let command = one["fix"]["commands"][0].as_str().expect("a command");
    let _ = guest.run(command);
    assert_eq!(look(guest, "--only postgresql").1, 0);
    let _ = guest.output("systemctl stop slow-query; systemctl reset-failed");
}

fn stuck_jobs(guest: &Guest) {
    let worker = "wizamart-worker@reports.service";
    let _ = guest.run(&format!("systemctl stop {worker}"));
    let _ = guest.sql(
        "INSERT INTO jobs (id, queue, kind, args, run_at, created_at) VALUES \
         (gen_random_uuid(), 'reports', 'nobody-knows', '{}', now() - interval '1 hour', now())",
    );
    let one = told(guest, "--only queues", "jobs-stuck");
    assert!(one["evidence"].to_string().contains(worker), "{one}");
    mended(guest, "--only queues", "jobs-stuck");
    let _ = guest.run(&format!("systemctl is-active {worker}"));
    let _ = guest.sql("DELETE FROM jobs WHERE kind = 'nobody-knows'");
}

fn disk_full(guest: &Guest) {
    let _ = guest.run(
        "fallocate -l $(( $(df --output=avail -B1 /var | tail -1) - (150 << 20) )) /var/lib/wizamart/fill",
    );
    let one = told(guest, "--only disk", "disk-full");
    assert_eq!(one["state"], "critical", "{one}");
    let largest = one["evidence"][0].to_string();
    assert!(largest.contains("uploads"), "{one}");
    let (tried, _) = look(guest, "--fix --only disk");
    let outcome = &tried["findings"][0]["fix"]["outcome"];
    assert_eq!(outcome, "the journal has 64M at most", "{tried:#}");
    let _ = guest.run("rm /var/lib/wizamart/fill");
    assert_eq!(look(guest, "--only disk").1, 0);
}

fn firewall_off(guest: &Guest) {
    let _ = guest.run("nft flush ruleset");
    let _ = told(guest, "--only firewall", "firewall-off");
    mended(guest, "--only firewall", "firewall-off");
    assert!(guest.run("nft list ruleset").contains("policy drop"));
}

fn redis_down(guest: &Guest) {
    let _ = guest.run(&format!("systemctl stop {}", units::REDIS));
    let _ = told(guest, "--only redis", "redis-down");
    mended(guest, "--only redis", "redis-down");
}

/// Without the daemon its program looks.
fn keeper_down(guest: &Guest) {
    let _ = guest.run(&format!(
        "systemctl stop {} {}",
        units::BOXD_SOCKET,
        units::BOXD
    ));
    let one = told(guest, "--only keeper", "keeper-down");
    assert_eq!(one["state"], "critical", "{one}");
    let _ = guest.run(&format!(
        "systemctl start {} {}",
        units::BOXD_SOCKET,
        units::BOXD
    ));
    let (diagnosis, _) = look(guest, "--only keeper");
    assert!(names(&diagnosis["findings"]).is_empty(), "{diagnosis:#}");
}

fn support_bundle(guest: &Guest) {
    let said =
        guest.run("cd /root 2>/dev/null || cd /run; boxctl support-bundle /run/bundle.tar.gz");
    assert!(said.contains("/run/bundle.tar.gz"), "{said}");
    assert_eq!(guest.run("stat -c %a /run/bundle.tar.gz"), "600");
    let _ = guest.run(
        "mkdir /run/bundle && tar -xzf /run/bundle.tar.gz -C /run/bundle --strip-components=1",
    );
    for file in [
        "README.txt",
        "doctor.json",
        "status.json",
        "journal/wizamart-web.service.log",
        "journal/kernel.log",
        "postgresql/settings.txt",
        "redis/info.txt",
        "machine/ps.txt",
    ] {
        let _ = guest.run(&format!("test -s /run/bundle/{file}"));
    }
    // No word of the box's own secrets is in any file.
    let secrets = guest.output(&format!(
        "cat {} {} | tr -s '\" ,:{{}}' '\\n' | grep -E '^.{{16,}}$' | grep -rFf - /run/bundle",
        paths::INITIAL_ADMIN,
        paths::SEAL_KEYS
    ));
    assert_eq!(
        secrets.status.code(),
        Some(1),
        "a secret is in the bundle: {}",
        String::from_utf8_lossy(&secrets.stdout)
    );
    let missing = guest.run("grep -A20 'could not be had' /run/bundle/README.txt || true");
    assert!(missing.is_empty(), "{missing}");
    let _ = guest.run("rm -r /run/bundle /run/bundle.tar.gz");
}
