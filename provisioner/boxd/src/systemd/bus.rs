//! The real systemd, on the system's bus.

use super::proxy::{All, ManagerProxy, Properties};
use super::{Ended, PATIENCE, SystemdError, Transient, Units, properties};
use futures_util::StreamExt;
use futures_util::future::{BoxFuture, FutureExt};
use onebox_api::units::{UnitState, Verb};
use std::time::Duration;
use zbus::fdo::PropertiesProxy;
use zbus::names::InterfaceName;
use zbus::{Connection, OwnedObjectPath, Variant};

/// Replaces jobs of the same unit that wait (systemctl(1), `--job-mode=`).
const MODE: &str = "replace";

/// Each call connects anew: calls are rare, and nothing is left over
/// when the bus is restarted.
#[derive(Clone, Debug)]
pub struct SystemBus {
    /// How long a job may take.
    pub patience: Duration,
}

impl Default for SystemBus {
    fn default() -> Self {
        Self { patience: PATIENCE }
    }
}

/// Gives an error what was asked.
fn bus(what: impl Into<String>) -> impl FnOnce(zbus::Error) -> SystemdError {
    let what = what.into();
    move |source| SystemdError::Bus { what, source }
}

async fn manager(what: &str) -> Result<ManagerProxy<'static>, SystemdError> {
    let connection = Connection::system().await.map_err(bus(what))?;
    ManagerProxy::new(&connection).await.map_err(bus(what))
}

impl SystemBus {
    async fn job(&self, verb: Verb, unit: &str) -> Result<(), SystemdError> {
        let what = format!("{} {unit}", verb.name());
        let manager = manager(&what).await?;
        let called = async |manager: &ManagerProxy<'_>| match verb {
            Verb::Start => manager.start_unit(unit, MODE).await,
            Verb::Stop => manager.stop_unit(unit, MODE).await,
            Verb::Restart => manager.restart_unit(unit, MODE).await,
            Verb::Reload => manager.reload_unit(unit, MODE).await,
            Verb::TryRestart => manager.try_restart_unit(unit, MODE).await,
            _ => manager.reload_or_restart_unit(unit, MODE).await,
        };
        let result = self
            .wait(&manager, unit, verb.name(), &what, called)
            .await?;
        // Skipped: a condition of the unit says that there is nothing to do.
        match result.as_str() {
            "done" | "skipped" => Ok(()),
            _ => Err(SystemdError::Job {
                unit: unit.to_owned(),
                verb: verb.name(),
                result,
            }),
        }
    }

    /// Listens, calls, and waits for the end of the job that the call made.
    /// Listening comes first: a short job ends before the call returns.
    async fn wait<'m>(
        &self,
        manager: &ManagerProxy<'m>,
        unit: &str,
        verb: &'static str,
        what: &str,
        call: impl AsyncFnOnce(&ManagerProxy<'m>) -> zbus::Result<OwnedObjectPath>,
    ) -> Result<String, SystemdError> {
        manager.subscribe().await.map_err(bus(what))?;
        let mut removed = manager.receive_job_removed().await.map_err(bus(what))?;
        let job = call(manager).await.map_err(bus(what))?;
        let end = async {
            while let Some(signal) = removed.next().await {
                let Ok(arguments) = signal.args() else {
                    continue;
                };
                if arguments.job == job {
                    return Some(arguments.result.clone());
                }
            }
            None
        };
        match tokio::time::timeout(self.patience, end).await {
            Ok(Some(result)) => Ok(result),
            // The bus went away, and with it the job's end.
            Ok(None) => Err(bus(what)(zbus::Error::Failure(
                "the connection to the bus ended before the job did".to_owned(),
            ))),
            Err(_) => Err(SystemdError::Slow {
                unit: unit.to_owned(),
                verb,
                seconds: self.patience.as_secs(),
            }),
        }
    }

    async fn files(&self, enable: bool, unit: &str) -> Result<(), SystemdError> {
        let what = format!("{} {unit}", if enable { "enable" } else { "disable" });
        let manager = manager(&what).await?;
        if enable {
            manager
                .enable_unit_files(&[unit], false, false)
                .await
                .map_err(bus(&*what))?;
        } else {
            manager
                .disable_unit_files(&[unit], false)
                .await
                .map_err(bus(&*what))?;
        }
        manager.reload().await.map_err(bus(what))
    }

    async fn look(&self, unit: &str) -> Result<UnitState, SystemdError> {
        let what = format!("show {unit}");
        let manager = manager(&what).await?;
        let path = manager.load_unit(unit).await.map_err(bus(&*what))?;
        let proxy = PropertiesProxy::builder(manager.inner().connection())
            .destination("org.freedesktop.systemd1")
            .path(path)
            .build()
            .await
            .map_err(bus(&*what))?;
        let all = async |interface: &'static str| -> zbus::Result<All> {
            let name = InterfaceName::try_from(interface)?;
            Ok(proxy.get_all(name).await?)
        };
        let of_unit = all("org.freedesktop.systemd1.Unit")
            .await
            .map_err(bus(what))?;
        // Sockets have accounting too; targets and devices have nothing.
        let kind = match unit.rsplit_once('.') {
            Some((_, "socket")) => "org.freedesktop.systemd1.Socket",
            _ => "org.freedesktop.systemd1.Service",
        };
        let of_kind = all(kind).await.unwrap_or_default();
        Ok(properties::state(unit, of_unit, of_kind))
    }

    async fn transient(&self, unit: &Transient) -> Result<Ended, SystemdError> {
        let what = format!("run {}", unit.unit);
        let manager = manager(&what).await?;
        let patient = Self {
            patience: unit.limit + Duration::from_secs(30),
        };
        let properties = transient_properties(unit);
        let called = async |manager: &ManagerProxy<'_>| {
            manager
                .start_transient_unit(&unit.unit, MODE, &properties, &[])
                .await
        };
        // One that a crash left over is in the way; most times there is none.
        let _ = self.act(Verb::Stop, &unit.unit).await;
        let _ = self.act(Verb::ResetFailed, &unit.unit).await;
        // A oneshot's job ends when its program does, well or badly.
        patient
            .wait(&manager, &unit.unit, "run", &what, called)
            .await?;
        let state = self.look(&unit.unit).await?;
        let ended = Ended {
            result: state.result.unwrap_or_default(),
            status: state.exit_status.unwrap_or_default(),
        };
        // It stays to be asked until now (RemainAfterExit, or failed).
        let verb = if state.active_state == "failed" {
            Verb::ResetFailed
        } else {
            Verb::Stop
        };
        self.act(verb, &unit.unit).await?;
        Ok(ended)
    }
}

fn transient_properties(unit: &Transient) -> Properties<'_> {
    let program = unit.command.first().map_or("", String::as_str);
    let command = vec![(program, unit.command.clone(), false)];
    let micros = u64::try_from(unit.limit.as_micros()).unwrap_or(u64::MAX);
    let mut properties = vec![
        ("Description", Variant::from(unit.description.as_str())),
        ("Type", Variant::from("oneshot")),
        ("RemainAfterExit", Variant::from(true)),
        ("ExecStart", Variant::from(command)),
        ("User", Variant::from(unit.user.as_str())),
        ("TimeoutStartUSec", Variant::from(micros)),
        ("ProtectSystem", Variant::from("strict")),
        ("ProtectHome", Variant::from("yes")),
        ("PrivateTmp", Variant::from(true)),
        ("NoNewPrivileges", Variant::from(true)),
        ("ReadWritePaths", Variant::from(unit.writable.clone())),
    ];
    if let Some(file) = &unit.output {
        for name in ["StandardOutputFileToTruncate", "StandardErrorFileToAppend"] {
            properties.push((name, Variant::from(file.as_str())));
        }
    }
    if unit.reads_all {
        properties.push(("AmbientCapabilities", Variant::from(READS_ALL)));
    }
    if unit.gives_way {
        for name in ["CPUWeight", "IOWeight"] {
            properties.push((name, Variant::from(LEAST_WEIGHT)));
        }
    }
    if unit.bytes_per_second > 0 {
        let limit = vec![("/var".to_owned(), unit.bytes_per_second)];
        properties.push(("IOReadBandwidthMax", Variant::from(limit)));
    }
    properties
}

/// `CAP_DAC_READ_SEARCH` as a bit (capabilities(7)).
const READS_ALL: u64 = 1 << 2;

/// The smallest of `CPUWeight=` and `IOWeight=` but for idle; 100 is usual.
const LEAST_WEIGHT: u64 = 10;

impl Units for SystemBus {
    fn act<'a>(&'a self, verb: Verb, unit: &'a str) -> BoxFuture<'a, Result<(), SystemdError>> {
        async move {
            match verb {
                Verb::Enable => self.files(true, unit).await,
                Verb::Disable => self.files(false, unit).await,
                Verb::ResetFailed => {
                    let what = format!("reset-failed {unit}");
                    let manager = manager(&what).await?;
                    manager.reset_failed_unit(unit).await.map_err(bus(what))
                }
                _ => self.job(verb, unit).await,
            }
        }
        .boxed()
    }

    fn state<'a>(&'a self, unit: &'a str) -> BoxFuture<'a, Result<UnitState, SystemdError>> {
        self.look(unit).boxed()
    }

    fn loaded(&self) -> BoxFuture<'_, Result<Vec<String>, SystemdError>> {
        async {
            let manager = manager("list units").await?;
            let listed = manager.list_units().await.map_err(bus("list units"))?;
            Ok(listed.into_iter().map(|unit| unit.0).collect())
        }
        .boxed()
    }

    fn failed(&self) -> BoxFuture<'_, Result<Vec<String>, SystemdError>> {
        async {
            let manager = manager("list units").await?;
            let listed = manager.list_units().await.map_err(bus("list units"))?;
            let failed = listed.into_iter().filter(|unit| unit.3 == "failed");
            Ok(failed.map(|unit| unit.0).collect())
        }
        .boxed()
    }

    fn reload_manager(&self) -> BoxFuture<'_, Result<(), SystemdError>> {
        async {
            let manager = manager("read its files again").await?;
            manager.reload().await.map_err(bus("read its files again"))
        }
        .boxed()
    }

    fn run<'a>(&'a self, unit: &'a Transient) -> BoxFuture<'a, Result<Ended, SystemdError>> {
        self.transient(unit).boxed()
    }
}
