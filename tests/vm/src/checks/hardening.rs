//! How little the box's units may do, and what of it answers from outside.

use std::path::Path;

use onebox_model::{ports, queues::QueueName, units};

use crate::Guest;

/// The most exposure that systemd-analyze(1) may find, in tenths: what a unit
/// reaches, and no more than rounding allows. Why each cannot be lower stands
/// in `docs/src/reference/hardening.md`.
fn ceilings() -> Vec<(String, u32)> {
    let worker = units::worker(QueueName::Default);
    let revert = units::revert(0);
    let mut all: Vec<(String, u32)> = [
        units::WEB,
        &worker,
        units::SCHEDULER,
        units::MIGRATE,
        &revert,
        units::FILES_CHECK,
        units::SELF_TEST,
    ]
    .map(|unit| (unit.to_owned(), 15))
    .to_vec();
    all.extend(
        [
            (units::REDIS, 10),
            (units::POSTGRESQL, 15),
            (units::POSTGRESQL_INIT, 15),
            (units::CONFIG, 20),
            (units::NFTABLES, 20),
            (units::HEALTH, 20),
            (units::BOXD, 25),
        ]
        .map(|(unit, most)| (unit.to_owned(), most)),
    );
    all
}

/// Every unit is confined; returns the table of exposures.
///
/// # Panics
/// When one is less confined than it was, or has no limits.
pub fn confined(guest: &Guest) -> String {
    let mut table = String::from("systemd-analyze security:\n");
    let mut wrong = Vec::new();
    for (unit, most) in ceilings() {
        let said = guest.run(&format!("systemd-analyze security --no-pager {unit}"));
        let exposure = exposure(&said);
        table += &format!("  {unit:<38} {}.{}\n", exposure / 10, exposure % 10);
        if exposure > most {
            let doubtful: Vec<&str> = said.lines().filter(|line| line.contains('✗')).collect();
            wrong.push(format!(
                "{unit}: {exposure} > {most}\n{}",
                doubtful.join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for unit in [
        units::WEB,
        units::SCHEDULER,
        units::REDIS,
        units::POSTGRESQL,
    ] {
        let show = |property: &str| guest.run(&format!("systemctl show -P {property} {unit}"));
        for limit in ["MemoryMax", "TasksMax"] {
            let value = show(limit);
            assert!(value.parse::<u64>().is_ok(), "{limit} of {unit} is {value}");
        }
        let user = show("User");
        assert!(
            !["", "root"].contains(&user.as_str()),
            "{unit} runs as {user:?}"
        );
    }
    table
}

/// `→ Overall exposure level for x.service: 1.3 OK`, in tenths.
fn exposure(said: &str) -> u32 {
    let line = said
        .lines()
        .rev()
        .find(|line| line.contains("Overall exposure level"));
    let number = line.and_then(|line| line.rsplit(": ").next()?.split(' ').next());
    let number = number.and_then(|number| number.replace('.', "").parse().ok());
    number.unwrap_or_else(|| panic!("no exposure in\n{said}"))
}

/// From a network namespace of its own, joined to the box by a wire, exactly
/// the three public ports answer, over IPv4 and IPv6, and nothing else says
/// anything. `scanner` is the program that asks.
///
/// # Panics
/// When another port answers, or one of them does not.
pub fn only_public_ports_answer(guest: &Guest, scanner: &Path) {
    guest.put(scanner, "/run/scan");
    let _ = guest.run(
        "ip netns add outside && \
         ip link add inner type veth peer name outer netns outside && \
         ip address add 192.0.2.1/30 dev inner && \
         ip address add 2001:db8::1/64 dev inner nodad && \
         ip link set inner up && \
         ip -n outside address add 192.0.2.2/30 dev outer && \
         ip -n outside address add 2001:db8::2/64 dev outer nodad && \
         ip -n outside link set outer up",
    );
    let wanted: Vec<String> = ports::PUBLIC.map(|port| port.to_string()).to_vec();
    for (address, last) in [("192.0.2.1", 65_535), ("2001:db8::1", 10_000)] {
        let answered = guest.run(&format!("ip netns exec outside /run/scan {address} {last}"));
        let answered: Vec<&str> = answered.lines().collect();
        assert_eq!(answered, wanted, "from outside {address} is another");
    }
    let _ = guest.run("ip link delete inner; ip netns delete outside; rm /run/scan");
}
