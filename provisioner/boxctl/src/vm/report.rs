//! What is told about a virtual machine, to people and to programs.

use std::path::PathBuf;

use onebox_model::paths;
use onebox_vm::{Ports, Vm};
use serde::Serialize;

use crate::admin::Credential;
use crate::error::Error;
use crate::output;

/// A virtual machine as others see it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Its name.
    pub(crate) name: String,
    /// Its directory.
    pub(crate) state: PathBuf,
    /// QEMU's process; null when it is stopped.
    pub(crate) pid: Option<u32>,
    /// Where the application is.
    pub(crate) url: String,
    /// The application's word; null when it was not asked or did not answer.
    pub(crate) ready: Option<bool>,
    /// What is not well.
    pub(crate) not_ready: Vec<String>,
    /// The first administrator's login, when the box told it.
    pub(crate) admin: Option<Credential>,
    /// How to log in.
    pub(crate) ssh: String,
    /// What the box writes to its serial line.
    pub(crate) serial_log: PathBuf,
    /// Ports on this computer.
    pub(crate) ports: Ports,
    /// `bios` or `uefi`.
    pub(crate) firmware: String,
    /// Memory of the box.
    pub(crate) memory_mib: u64,
    /// Processors of the box.
    pub(crate) cpus: u32,
    /// Size of its disk.
    pub(crate) disk_gib: u64,
    /// The image it was made from.
    pub(crate) image: Option<PathBuf>,
}

impl Report {
    /// What can be told without asking the box.
    pub(crate) fn of(vm: &Vm) -> Result<Self, Error> {
        let settings = vm.settings();
        Ok(Self {
            name: vm.state().name(),
            state: vm.state().dir().into(),
            pid: vm.pid()?,
            url: format!("https://localhost:{}/", settings.ports.https),
            ready: None,
            not_ready: Vec::new(),
            admin: None,
            ssh: vm.ssh().command_line(),
            serial_log: vm.state().serial_log(),
            ports: settings.ports,
            firmware: settings.firmware.to_string(),
            memory_mib: settings.memory_mib,
            cpus: settings.cpus,
            disk_gib: settings.disk_gib,
            image: settings.image.as_ref().map(|image| image.path.clone()),
        })
    }

    /// Adds the administrator's login, read on the box itself.
    pub(crate) fn with_admin(mut self, vm: &Vm) -> Result<Self, Error> {
        let text = vm.ssh().run(&format!("cat {}", paths::INITIAL_ADMIN))?;
        self.admin = Some(Credential::parse(&text, paths::INITIAL_ADMIN)?);
        Ok(self)
    }

    /// The block a person reads; `options` selects the machine again.
    pub(crate) fn block(&self, options: &str) -> String {
        let admin = match &self.admin {
            Some(Credential { email, password }) => format!("{email}  {password}"),
            None => "known to the box while it runs".into(),
        };
        let rows = [
            ("URL", self.url.clone()),
            ("Admin", admin),
            ("SSH", self.ssh.clone()),
            ("", format!("{} vm ssh{options}", output::program())),
            ("Serial log", self.serial_log.display().to_string()),
        ];
        let lines = rows.map(|(name, value)| format!("  {name:<12}{value}"));
        lines.join("\n")
    }
}
