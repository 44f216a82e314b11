//! The box on one screen: everything that can be said without changing
//! anything. What cannot be found out is absent, and the rest is still told.

pub mod certificates;
pub mod machine;
pub mod queues;

use crate::backups::Backups;
use crate::generations::Applier;
use crate::reconcilers::Registry;
use crate::{boot, effective};
use onebox_api::status::{Backup, Status};
use onebox_api::units::UnitState;
use onebox_model::{Release, paths, units};
use std::path::Path;
use time::OffsetDateTime;

/// Looks at the box.
pub async fn collect(applier: &Applier, registry: &Registry) -> Status {
    let (disk, systemd) = (&*applier.disk, &*applier.systemd);
    let chosen = effective::choose(disk);
    let own = units::own();
    let mut states = Vec::with_capacity(own.len());
    for name in own {
        let state = systemd.state(&name).await;
        states.push(state.unwrap_or_else(|error| unknown(name, &error.to_string())));
    }
    let (queues, queues_error) = match queues::ask(&chosen.config).await {
        Ok(queues) => (Some(queues), None),
        Err(why) => (None, Some(why)),
    };
    let backup = match Backups::new(applier).seen().await {
        Ok(seen) if seen.off.is_none() => Some(Backup {
            last: seen.last.iter().filter_map(|(_, last)| *last).max(),
            last_drill: seen.last_drill,
        }),
        _ => None,
    };
    let state_dir = disk.path("/var");
    Status {
        at: OffsetDateTime::now_utc(),
        host: rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned(),
        domains: chosen.config.web.domains.clone(),
        image: Release::load(&disk.path(paths::RELEASE))
            .ok()
            .map(|release| release.version),
        slot: boot::running_slot().map(|slot| slot.to_string()),
        uptime_seconds: machine::uptime_seconds(),
        config_source: source(chosen.source).to_owned(),
        config_errors: chosen.errors,
        generation: chosen.generation,
        pending_changes: applier.plan().ok().map(|plan| plan.count()),
        units: states,
        certificates: certificates::stored(disk),
        backup,
        queues,
        queues_error,
        disks: machine::disk_use(Path::new(&state_dir))
            .into_iter()
            .collect(),
        memory: machine::memory().unwrap_or_default(),
        load: machine::load(),
        cores: std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64),
        reconcilers: registry.statuses(),
    }
}

fn source(source: effective::Source) -> &'static str {
    match source {
        effective::Source::Generation => "generation",
        effective::Source::File => "file",
        effective::Source::LastGood => "last_good",
        effective::Source::Defaults => "defaults",
    }
}

fn unknown(name: String, why: &str) -> UnitState {
    UnitState {
        name,
        description: why.to_owned(),
        load_state: "unknown".to_owned(),
        active_state: "unknown".to_owned(),
        ..UnitState::default()
    }
}
