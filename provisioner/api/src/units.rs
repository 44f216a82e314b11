//! Systemd units.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// `GET`: the box's own units, as a list of [`UnitState`]; with `?all=true`
/// every loaded unit.
pub const LIST: &str = "/v1/units";

/// `POST` [`Act`]: does something with a unit and answers its [`UnitState`].
pub const ACT: &str = "/v1/units/act";

/// `GET` with `?unit=NAME`: one unit.
pub const SHOW: &str = "/v1/units/show";

/// What can be done with a unit (systemctl(1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Start it.
    Start,
    /// Stop it.
    Stop,
    /// Stop it and start it.
    Restart,
    /// Have it read its configuration again.
    Reload,
    /// Reload it if it can, else restart it.
    ReloadOrRestart,
    /// Restart it if it runs.
    TryRestart,
    /// Start it at boot.
    Enable,
    /// Do not start it at boot.
    Disable,
    /// Forget that it failed.
    ResetFailed,
}

impl Verb {
    /// Its name, as systemctl(1) writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
            Self::ReloadOrRestart => "reload-or-restart",
            Self::TryRestart => "try-restart",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::ResetFailed => "reset-failed",
        }
    }
}

/// A request to do something with a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// What.
    pub verb: Verb,
    /// With which: its name, or a short one such as `web` or `worker/imports`.
    pub unit: String,
}

/// How a unit is (org.freedesktop.systemd1(5)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitState {
    /// Its name.
    pub name: String,
    /// What it is, in its own words.
    pub description: String,
    /// `loaded`, `not-found`, `masked`, …
    pub load_state: String,
    /// `active`, `inactive`, `failed`, `activating`, …
    pub active_state: String,
    /// Finer: `running`, `exited`, `listening`, `auto-restart`, …
    pub sub_state: String,
    /// Whether it starts at boot: `enabled`, `disabled`, `static`, …
    pub file_state: String,
    /// How it ended: `success`, `exit-code`, `oom-kill`, `watchdog`, …; services only.
    pub result: Option<String>,
    /// Its main process.
    pub main_pid: Option<u32>,
    /// Exit status of its last main process.
    pub exit_status: Option<i32>,
    /// How often systemd restarted it by itself.
    pub restarts: Option<u32>,
    /// Memory of all its processes, in bytes.
    pub memory_bytes: Option<u64>,
    /// Its limit, in bytes.
    pub memory_max_bytes: Option<u64>,
    /// Processor time used, in nanoseconds.
    pub cpu_ns: Option<u64>,
    /// Its processes and threads.
    pub tasks: Option<u64>,
    /// Since when it is as it is.
    #[serde(with = "time::serde::rfc3339::option")]
    pub since: Option<OffsetDateTime>,
}

impl UnitState {
    /// Whether it does its job.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self.active_state.as_str(), "active" | "reloading")
    }

    /// Whether it failed and stays so.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.active_state == "failed"
    }
}
