//! Redis, asked with its own tool.

use super::{Doctor, Found, Remedy, or_ok};
use crate::acme;
use onebox_model::thresholds::REDIS_MEMORY_PERCENT;
use onebox_model::{paths, units};
use std::collections::BTreeMap;

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    if acme::config_in_force(&doctor.disk).redis.url.is_some() {
        return vec![Found::notice(
            "redis-elsewhere",
            "Redis is elsewhere (redis.url) and not looked into",
        )];
    }
    let socket = doctor.disk.path(paths::REDIS_SOCKET);
    let socket = socket.to_string_lossy();
    let arguments = ["-s", &*socket, "INFO"];
    let text = match doctor.programs.run("redis-cli", &arguments).await {
        Ok(text) if text.contains("used_memory:") => text,
        Ok(said) | Err(said) => return vec![down(said)],
    };
    let info = parse(&text);
    let used = number(&info, "used_memory") >> 20;
    or_ok(
        judge(&info),
        format!("it answers, uses {used} MiB and writes its file"),
    )
}

fn down(said: String) -> Found {
    Found::critical("redis-down", "Redis does not answer")
        .evidence([said])
        .consequence("nobody stays logged in, limits are not kept, pages are slower")
        .remedy(Remedy::Start(units::REDIS.to_owned()))
        .fix(
            "start it; its last lines say why it ended",
            &["boxctl logs redis --since -10m"],
        )
}

fn judge(info: &BTreeMap<&str, &str>) -> Vec<Found> {
    let text = |name: &str| info.get(name).copied().unwrap_or_default();
    let mut found = Vec::new();
    let (used, most) = (number(info, "used_memory"), number(info, "maxmemory"));
    if most > 0 && used * 100 >= most * REDIS_MEMORY_PERCENT {
        let policy = text("maxmemory_policy");
        let consequence = match policy {
            "noeviction" => "once it is full, nothing more can be written: logins and carts fail",
            _ => "once it is full, what was used least is forgotten: sessions end, carts are empty",
        };
        found.push(
            Found::warning(
                "redis-memory",
                format!("Redis uses {} of its {} MiB", used >> 20, most >> 20),
            )
            .evidence([format!("maxmemory_policy:{policy}")])
            .consequence(consequence)
            .fix(
                "see what takes the room; a machine with more memory gives Redis more",
                &["boxctl redis -- --bigkeys", "boxctl redis -- INFO memory"],
            ),
        );
    }
    let evicted = number(info, "evicted_keys");
    if evicted > 0 {
        found.push(
            Found::warning(
                "redis-evicting",
                format!("Redis has forgotten {evicted} keys for want of memory"),
            )
            .evidence([format!("maxmemory_policy:{}", text("maxmemory_policy"))])
            .consequence("sessions ended and carts were emptied before their time")
            .fix(
                "a machine with more memory gives Redis more",
                &["boxctl redis -- INFO stats"],
            ),
        );
    }
    let broken: Vec<String> = [
        "aof_last_write_status",
        "aof_last_bgrewrite_status",
        "rdb_last_bgsave_status",
    ]
    .into_iter()
    .filter(|name| text(name) == "err")
    .map(|name| format!("{name}:err"))
    .collect();
    if !broken.is_empty() {
        found.push(
            Found::critical("redis-not-saving", "Redis cannot write its file")
                .evidence(broken)
                .consequence("what was changed since is lost with a restart, and it may refuse further changes")
                .fix("see whether the disk is full, and what it says", &[
                    "df -h /var",
                    "boxctl logs redis --since -1h",
                ]),
        );
    }
    if text("loading") == "1" {
        found.push(Found::notice(
            "redis-loading",
            "Redis is reading its file, and answers when it is done",
        ));
    }
    found
}

fn parse(text: &str) -> BTreeMap<&str, &str> {
    text.lines()
        .filter_map(|line| line.trim_end().split_once(':'))
        .collect()
}

fn number(info: &BTreeMap<&str, &str>, name: &str) -> u64 {
    info.get(name)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let found = judge(&parse(text)).into_iter();
        found.filter_map(|one| one.finding.problem).collect()
    }

    #[test]
    fn memory_evictions_and_its_file_are_looked_at() {
        let well = "# Memory\r\nused_memory:100\r\nmaxmemory:1000\r\nevicted_keys:0\r\naof_last_write_status:ok\r\nloading:0\r\n";
        assert!(problems(well).is_empty());
        let full = "used_memory:950\nmaxmemory:1000\nmaxmemory_policy:noeviction\n";
        assert_eq!(problems(full), ["redis-memory"]);
        // No limit: no share of it.
        assert!(problems("used_memory:950\nmaxmemory:0\n").is_empty());
        assert_eq!(problems("evicted_keys:3\n"), ["redis-evicting"]);
        assert_eq!(
            problems("aof_last_write_status:err\n"),
            ["redis-not-saving"]
        );
    }
}
