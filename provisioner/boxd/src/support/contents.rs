//! What is in a bundle.

use super::Draft;
use crate::acme;
use crate::doctor::Doctor;
use crate::generations::Store;
use crate::status;
use crate::steps::Steps;
use onebox_api::doctor::Ask;
use onebox_model::{Config, paths, units};
use serde::Serialize;

/// What programs say: the file, and the command line.
const COMMANDS: [(&str, &[&str]); 22] = [
    ("machine/uname.txt", &["uname", "-a"]),
    ("machine/uptime.txt", &["uptime"]),
    ("machine/df.txt", &["df", "-h"]),
    ("machine/df-inodes.txt", &["df", "-i"]),
    (
        "machine/lsblk.txt",
        &["lsblk", "-o", "NAME,SIZE,TYPE,FSTYPE,PARTLABEL,MOUNTPOINTS"],
    ),
    ("machine/meminfo.txt", &["cat", "/proc/meminfo"]),
    (
        "machine/pressure.txt",
        &[
            "cat",
            "/proc/pressure/cpu",
            "/proc/pressure/memory",
            "/proc/pressure/io",
        ],
    ),
    // Without arguments: they may have anything in them.
    (
        "machine/ps.txt",
        &[
            "ps",
            "-eo",
            "pid,ppid,user,stat,rss,etimes,time,comm",
            "--sort=-rss",
        ],
    ),
    ("machine/cmdline.txt", &["cat", "/proc/cmdline"]),
    ("network/addresses.txt", &["cat", "/proc/net/fib_trie"]),
    (
        "network/sockets.txt",
        &["cat", "/proc/net/sockstat", "/proc/net/sockstat6"],
    ),
    (
        "network/timesync.txt",
        &["timedatectl", "timesync-status", "--no-pager"],
    ),
    ("system/release.json", &["cat", paths::RELEASE]),
    (
        "system/units.txt",
        &["systemctl", "list-units", "--all", "--no-pager", "--plain"],
    ),
    (
        "system/failed.txt",
        &[
            "systemctl",
            "list-units",
            "--failed",
            "--no-pager",
            "--plain",
        ],
    ),
    ("system/jobs.txt", &["systemctl", "list-jobs", "--no-pager"]),
    (
        "system/boot.txt",
        &["systemd-analyze", "critical-chain", "--no-pager"],
    ),
    ("system/slots.txt", &["rauc", "status"]),
    (
        "redis/info.txt",
        &["redis-cli", "-s", paths::REDIS_SOCKET, "INFO"],
    ),
    (
        "redis/slowlog-length.txt",
        &["redis-cli", "-s", paths::REDIS_SOCKET, "SLOWLOG", "LEN"],
    ),
    ("system/config-status.json", &["cat", paths::STATUS_CONFIG]),
    ("system/health.json", &["cat", paths::STATUS_HEALTH]),
];

/// What PostgreSQL is asked; of queries without the values in them.
const QUESTIONS: [(&str, &str); 5] = [
    (
        "postgresql/settings.txt",
        "SELECT name, setting, unit, source FROM pg_settings WHERE source NOT IN ('default', 'override') ORDER BY 1",
    ),
    (
        "postgresql/sessions.txt",
        "SELECT pid, usename, application_name, state, wait_event_type, wait_event, now() - xact_start AS transaction, now() - query_start AS query_since, pg_blocking_pids(pid) AS blocked_by, left(regexp_replace(query, '''([^'']|'''')*''', '…', 'g'), 200) AS query FROM pg_stat_activity ORDER BY backend_start",
    ),
    (
        "postgresql/tables.txt",
        "SELECT relname, pg_size_pretty(pg_total_relation_size(relid)) AS size, n_live_tup, n_dead_tup, seq_scan, idx_scan, last_autovacuum, last_autoanalyze FROM pg_stat_user_tables ORDER BY pg_total_relation_size(relid) DESC",
    ),
    (
        "postgresql/databases.txt",
        "SELECT datname, numbackends, xact_commit, xact_rollback, deadlocks, temp_bytes, checksum_failures, stats_reset FROM pg_stat_database",
    ),
    (
        "postgresql/queues.txt",
        "SELECT queue, kind, state, count(*), min(run_at) AS first_due FROM jobs GROUP BY 1, 2, 3 ORDER BY 4 DESC",
    ),
];

/// Lines of a log at most.
const LINES: &str = "--lines=20000";

/// Everything that can be had.
pub(super) async fn collect(doctor: &Doctor, hours: u32, steps: &Steps) -> Vec<Draft> {
    steps.tell("asking the doctor");
    let mut drafts = Vec::new();
    let diagnosis = doctor.examine(&Ask::default(), &Steps::logged()).await;
    drafts.push(json(
        "doctor.json",
        diagnosis.map_err(|error| error.to_string()),
    ));
    let registry = doctor.registry.clone().unwrap_or_default();
    let status = status::collect(&doctor.applier, &registry).await;
    drafts.push(json("status.json", Ok::<_, String>(status)));
    let plan = doctor.applier.plan().map_err(|error| error.to_string());
    drafts.push(json("config/plan.json", plan));
    let history = Store(&doctor.disk).history();
    drafts.push(json(
        "config/history.json",
        history.map_err(|error| error.to_string()),
    ));
    drafts.push(json("config/settings.json", settings(doctor)));
    let config = acme::config_in_force(&doctor.disk);
    let certificates = doctor.certificates.status(&config);
    drafts.push(json("certificates.json", Ok::<_, String>(certificates)));
    for path in [
        paths::NFTABLES_CONF,
        paths::POSTGRES_CONF,
        paths::REDIS_CONF,
    ] {
        let text = doctor.disk.read(path).map_err(|error| error.to_string());
        drafts.push(Draft {
            path: format!("rendered{path}"),
            text: text.and_then(|bytes| {
                let bytes = bytes.ok_or("there is no such file")?;
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }),
        });
    }
    steps.tell("asking the machine, systemd and Redis");
    for (path, command) in COMMANDS {
        drafts.push(run(doctor, path, command).await);
    }
    steps.tell("asking PostgreSQL");
    for (path, question) in QUESTIONS {
        let host = format!("--host={}", paths::POSTGRES_SOCKET_DIR);
        let command = [
            "psql",
            &host,
            "--username=postgres",
            "--dbname=wizamart",
            "--no-psqlrc",
            "--no-password",
            "--pset=pager=off",
            "--command",
            question,
        ];
        drafts.push(run(doctor, path, &command).await);
    }
    drafts.extend(logs(doctor, hours, steps).await);
    drafts
}

/// Every key with its value, secrets left out by their types.
fn settings(doctor: &Doctor) -> Result<serde_json::Value, String> {
    let file = doctor.disk.path(paths::EFFECTIVE_CONFIG);
    let explained = Config::explain_with_env(&file, []);
    let (_, settings) = explained.map_err(|error| error.to_string())?;
    serde_json::to_value(settings).map_err(|error| error.to_string())
}

async fn logs(doctor: &Doctor, hours: u32, steps: &Steps) -> Vec<Draft> {
    let since = format!("--since=-{hours}h");
    let mut drafts = Vec::new();
    let mut all = units::own();
    all.extend(
        [
            "systemd-networkd.service",
            "systemd-resolved.service",
            "rauc.service",
        ]
        .map(str::to_owned),
    );
    steps.tell(format!("reading the logs of {} units", all.len()));
    for unit in all {
        let command = [
            "journalctl",
            "--unit",
            &unit,
            &since,
            "--output=short-iso-precise",
            "--no-pager",
            "--quiet",
            LINES,
        ];
        drafts.push(run(doctor, &format!("journal/{unit}.log"), &command).await);
    }
    let kernel = [
        "journalctl",
        "--dmesg",
        "--boot",
        "--output=short-iso-precise",
        "--no-pager",
        "--quiet",
        LINES,
    ];
    drafts.push(run(doctor, "journal/kernel.log", &kernel).await);
    let boots = ["journalctl", "--list-boots", "--no-pager", "--quiet"];
    drafts.push(run(doctor, "journal/boots.txt", &boots).await);
    drafts
}

async fn run(doctor: &Doctor, path: &str, command: &[&str]) -> Draft {
    let (program, arguments) = command
        .split_first()
        .map_or(("", &[][..]), |(first, rest)| (*first, rest));
    Draft {
        path: path.to_owned(),
        text: doctor.programs.run(program, arguments).await,
    }
}

fn json<T: Serialize>(path: &str, value: Result<T, String>) -> Draft {
    Draft {
        path: path.to_owned(),
        text: value.and_then(|value| {
            serde_json::to_string_pretty(&value).map_err(|error| error.to_string())
        }),
    }
}
