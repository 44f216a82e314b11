//! What the doctor looks at, a file for each thing, from the ground up.
//!
//! A file has two halves: gathering, which asks the system, and judging, which
//! is a plain function of what was gathered and is tested as one.

mod backup;
mod certificate;
mod clock;
mod configuration;
mod disk;
mod firewall;
mod journal;
mod keeper;
mod kernel;
mod logins;
mod memory;
mod names;
mod ports;
mod postgresql;
mod queues;
mod redis;
mod site;
mod slots;
mod units;

use super::Doctor;
use super::found::{Found, or_ok};
use super::remedy::Remedy;
use futures_util::future::{BoxFuture, FutureExt};
use onebox_api::doctor::{About, Layer};

/// Something that can be looked at.
pub(super) struct Check {
    pub(super) name: &'static str,
    layer: Layer,
    about: &'static str,
    pub(super) run: for<'a> fn(&'a Doctor) -> BoxFuture<'a, Vec<Found>>,
}

impl Check {
    /// For a list of them.
    pub(super) fn about(&self) -> About {
        About {
            name: self.name.to_owned(),
            layer: self.layer,
            about: self.about.to_owned(),
        }
    }
}

/// All of them.
pub(super) const ALL: [Check; 18] = [
    Check {
        name: "disk",
        layer: Layer::Machine,
        about: "Room and inodes where the box keeps its state.",
        run: |doctor| disk::check(doctor).boxed(),
    },
    Check {
        name: "memory",
        layer: Layer::Machine,
        about: "Available memory, and processes that were ended for want of it.",
        run: |doctor| memory::check(doctor).boxed(),
    },
    Check {
        name: "clock",
        layer: Layer::Machine,
        about: "Whether a time server sets the clock.",
        run: |doctor| clock::check(doctor).boxed(),
    },
    Check {
        name: "kernel",
        layer: Layer::Machine,
        about: "Errors of the kernel since boot: disks, file systems, hardware.",
        run: |doctor| kernel::check(doctor).boxed(),
    },
    Check {
        name: "slots",
        layer: Layer::Machine,
        about: "Whether this boot was confirmed, and what the next one starts.",
        run: |doctor| slots::check(doctor).boxed(),
    },
    Check {
        name: "units",
        layer: Layer::System,
        about: "Whether every unit runs and stays up.",
        run: |doctor| units::check(doctor).boxed(),
    },
    Check {
        name: "configuration",
        layer: Layer::System,
        about: "Mistakes and waiting changes of the operator's file, secrets it names.",
        run: |doctor| configuration::check(doctor).boxed(),
    },
    Check {
        name: "keeper",
        layer: Layer::System,
        about: "boxd itself, and its recurring work.",
        run: |doctor| keeper::check(doctor).boxed(),
    },
    Check {
        name: "ports",
        layer: Layer::Network,
        about: "Whether 22, 80 and 443 are listened on, and nothing else is.",
        run: |doctor| ports::check(doctor).boxed(),
    },
    Check {
        name: "firewall",
        layer: Layer::Network,
        about: "Whether the firewall drops what it is not told to let in.",
        run: |doctor| firewall::check(doctor).boxed(),
    },
    Check {
        name: "certificate",
        layer: Layer::Network,
        about: "Whether the stored certificate is served, for every domain, long enough.",
        run: |doctor| certificate::check(doctor).boxed(),
    },
    Check {
        name: "names",
        layer: Layer::Network,
        about: "DNS, CAA and the way to ports 80 and 443 for every domain.",
        run: |doctor| names::check(doctor).boxed(),
    },
    Check {
        name: "logins",
        layer: Layer::Network,
        about: "Refused logins over SSH.",
        run: |doctor| logins::check(doctor).boxed(),
    },
    Check {
        name: "postgresql",
        layer: Layer::Data,
        about: "Connections, queries, locks, bloat, collation, wraparound, checksums.",
        run: |doctor| postgresql::check(doctor).boxed(),
    },
    Check {
        name: "redis",
        layer: Layer::Data,
        about: "Memory, evictions, and whether its file is written.",
        run: |doctor| redis::check(doctor).boxed(),
    },
    Check {
        name: "backup",
        layer: Layer::Data,
        about: "Age of the last backup and of the last drill.",
        run: |doctor| backup::check(doctor).boxed(),
    },
    Check {
        name: "site",
        layer: Layer::Application,
        about: "Whether the site answers, is ready, and how fast.",
        run: |doctor| site::check(doctor).boxed(),
    },
    Check {
        name: "queues",
        layer: Layer::Application,
        about: "Jobs that wait too long, were given up, or lost their worker.",
        run: |doctor| queues::check(doctor).boxed(),
    },
];

#[cfg(test)]
mod tests {
    use super::ALL;
    use std::collections::BTreeSet;

    #[test]
    fn each_check_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = ALL.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), ALL.len());
    }
}
