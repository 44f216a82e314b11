//! `redis.conf`.

use crate::paths;
use crate::sizing::Redis;
use std::fmt::Write as _;

/// Eviction. Redis holds sessions (days to live), cached pages and rate limits
/// (seconds to minutes), and flags (no end). What ends soonest has the least
/// left to lose, so under pressure `volatile-ttl` gives up cache first and
/// sessions last, never flags, and when nothing is left that may go, writing
/// fails loudly. `allkeys-*` and `volatile-lru` would drop a session that was
/// quiet for an hour before a page cached a minute ago; `noeviction` would let
/// a full cache stop logins. More samples make the choice sharper.
const EVICTION: [(&str, &str); 2] = [
    ("maxmemory-policy", "volatile-ttl"),
    ("maxmemory-samples", "10"),
];

/// Reachable through the socket only. The commands that could turn the server
/// into a tool against its host are off.
const ACCESS: [(&str, &str); 6] = [
    ("port", "0"),
    ("unixsocketperm", "770"),
    ("protected-mode", "yes"),
    ("enable-debug-command", "no"),
    ("enable-module-command", "no"),
    ("enable-protected-configs", "no"),
];

/// systemd starts it and journald keeps its log.
const SERVICE: [(&str, &str); 7] = [
    ("daemonize", "no"),
    ("supervised", "systemd"),
    ("loglevel", "notice"),
    ("logfile", "\"\""),
    ("always-show-logo", "no"),
    ("crash-memcheck-enabled", "no"),
    ("shutdown-timeout", "10"),
];

/// The append-only file is the one lasting copy, at most a second behind. RDB
/// snapshots besides it would only fork and write once more. A tail cut by a
/// power failure is dropped at start instead of refusing to start.
const DURABILITY: [(&str, &str); 8] = [
    ("save", "\"\""),
    ("appendonly", "yes"),
    ("appendfsync", "everysec"),
    ("no-appendfsync-on-rewrite", "no"),
    ("aof-use-rdb-preamble", "yes"),
    ("aof-load-truncated", "yes"),
    ("auto-aof-rewrite-percentage", "100"),
    ("auto-aof-rewrite-min-size", "16mb"),
];

/// Freeing large values happens beside the thread that serves.
const LAZY: [(&str, &str); 4] = [
    ("lazyfree-lazy-eviction", "yes"),
    ("lazyfree-lazy-expire", "yes"),
    ("lazyfree-lazy-server-del", "yes"),
    ("lazyfree-lazy-user-del", "yes"),
];

pub(super) fn server(sizes: &Redis) -> String {
    let maxmemory = sizes.maxmemory.to_string();
    let maxclients = sizes.maxclients.to_string();
    let machine = [
        ("unixsocket", paths::REDIS_SOCKET),
        ("dir", paths::REDIS_DATA),
        ("maxmemory", &maxmemory),
        ("maxclients", &maxclients),
    ];
    let mut text = String::from("# Rendered at boot; changes here do not last.\n");
    let groups: [&[(&str, &str)]; 6] = [&SERVICE, &ACCESS, &machine, &EVICTION, &DURABILITY, &LAZY];
    for (name, value) in groups.into_iter().flatten() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name} {value}");
    }
    text
}
