//! `postgresql.conf`, `pg_hba.conf` and `pg_ident.conf`.

use super::backups::STANZA;
use crate::config::Backups;
use crate::paths;
use crate::sizing::Postgres;
use crate::sizing::postgres::RESERVED_CONNECTIONS;
use std::fmt::Write as _;

/// Settings that no machine changes.
const FIXED: &[(&str, &str)] = &[
    // Unix socket only; the kernel says who is at the other end.
    ("listen_addresses", "''"),
    ("ssl", "off"),
    ("password_encryption", "'scram-sha-256'"),
    // Configuration has one source: the operator's file.
    ("allow_alter_system", "off"),
    ("cluster_name", "'onebox'"),
    // Rows are kept in UTC; a zone is a matter of showing them.
    ("timezone", "'UTC'"),
    ("log_timezone", "'UTC'"),
    ("lc_messages", "'C'"),
    ("lc_monetary", "'C'"),
    ("lc_numeric", "'C'"),
    ("lc_time", "'C'"),
    // LLVM is not in the image, and short queries would never earn it.
    ("jit", "off"),
    ("huge_pages", "off"),
    ("random_page_cost", "1.1"),
    ("effective_io_concurrency", "200"),
    // Durability: a confirmed order survives a power cut.
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    // Enough WAL for archiving and replicas.
    ("wal_level", "replica"),
    ("wal_compression", "lz4"),
    ("max_wal_senders", "3"),
    ("checkpoint_timeout", "15min"),
    ("checkpoint_completion_target", "0.9"),
    // Vacuum early and often: small shop tables change a lot.
    ("autovacuum_vacuum_scale_factor", "0.1"),
    ("autovacuum_analyze_scale_factor", "0.05"),
    // A client that forgot its transaction holds back vacuum for everyone;
    // one that is gone need not be computed for.
    ("idle_in_transaction_session_timeout", "5min"),
    ("client_connection_check_interval", "10s"),
    // To the journal, which stamps time, unit and process by itself.
    ("log_destination", "'stderr'"),
    ("logging_collector", "off"),
    ("log_line_prefix", "'%q%u@%d '"),
    ("log_min_duration_statement", "1s"),
    // Bound values are customers' data.
    ("log_parameter_max_length", "0"),
    ("log_parameter_max_length_on_error", "0"),
    ("log_checkpoints", "on"),
    ("log_lock_waits", "on"),
    ("log_temp_files", "10MB"),
    ("log_autovacuum_min_duration", "10s"),
];

/// The server's settings.
pub(super) fn server(sizes: &Postgres, backups: &Backups) -> String {
    let mut text = String::from("# Rendered at boot; changes here do not last.\n");
    archiving(&mut text, backups);
    for (name, value) in FIXED {
        line(&mut text, name, value);
    }
    for (name, path) in [
        ("data_directory", paths::POSTGRES_DATA),
        ("hba_file", paths::POSTGRES_HBA),
        ("ident_file", paths::POSTGRES_IDENT),
        ("unix_socket_directories", paths::POSTGRES_SOCKET_DIR),
    ] {
        line(&mut text, name, &format!("'{path}'"));
    }
    for (name, bytes) in [
        ("shared_buffers", sizes.shared_buffers),
        ("effective_cache_size", sizes.effective_cache_size),
        ("work_mem", sizes.work_mem),
        ("maintenance_work_mem", sizes.maintenance_work_mem),
        ("autovacuum_work_mem", sizes.autovacuum_work_mem),
        ("max_wal_size", sizes.max_wal_size),
        ("min_wal_size", sizes.min_wal_size),
    ] {
        line(&mut text, name, &format!("{}kB", bytes / 1024));
    }
    let per_query = sizes.max_parallel_workers_per_gather;
    for (name, count) in [
        ("max_connections", sizes.max_connections),
        ("superuser_reserved_connections", RESERVED_CONNECTIONS),
        ("autovacuum_max_workers", sizes.autovacuum_max_workers),
        ("max_worker_processes", sizes.max_worker_processes),
        ("max_parallel_workers", sizes.max_parallel_workers),
        ("max_parallel_workers_per_gather", per_query),
        ("max_parallel_maintenance_workers", per_query),
    ] {
        line(&mut text, name, &count.to_string());
    }
    text
}

/// Every piece of the log is kept until all repositories have it: nothing is
/// dropped when one cannot be reached, the keeper tells of it instead.
fn archiving(text: &mut String, backups: &Backups) {
    if backups.repositories().is_empty() {
        return line(text, "archive_mode", "off");
    }
    // Not while a release is on trial: when that is taken back, the same pieces
    // are written again with something else in them, and no archive takes both.
    let command = format!(
        "'test ! -e {} && {} --stanza={STANZA} archive-push %p'",
        paths::TRIAL_HELD,
        paths::PGBACKREST_BINARY
    );
    line(text, "archive_mode", "on");
    line(text, "archive_command", &command);
    line(
        text,
        "archive_timeout",
        &format!("{}s", backups.archive_seconds),
    );
}

fn line(text: &mut String, name: &str, value: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{name} = {value}");
}

/// Who may connect: local accounts, as the roles [`identities`] gives them.
pub(super) fn access() -> String {
    "\
# Rendered at boot; changes here do not last.
local all         postgres peer map=onebox
local replication postgres peer map=onebox
local wizamart    wizamart peer map=onebox
"
    .to_owned()
}

/// Which account may be which role: each its own, root any of them.
pub(super) fn identities() -> String {
    "\
# Rendered at boot; changes here do not last.
onebox postgres postgres
onebox root     postgres
onebox wizamart wizamart
onebox root     wizamart
"
    .to_owned()
}
