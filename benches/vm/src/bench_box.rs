//! A boot of the box, from power-on to `/ready` over HTTPS, split by stage.
//!
//! The kernel is quiet, so the moment it started is taken from the box itself:
//! the moment its uptime was read, less that uptime.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use onebox_vm::{Vm, https::Client, pin::Trust, ready, serial, serial::Phase};
use serde::Serialize;

use crate::{
    bare,
    error::{Error, IoContext as _},
};

/// Between two questions; what is measured is late by no more than this.
const PAUSE: Duration = Duration::from_millis(50);

/// Between two logins that find no SSH server yet.
const SSH_PAUSE: Duration = Duration::from_millis(500);

/// A question that met a box without a network must not wait for long.
const PROBE_LIMIT: Duration = Duration::from_secs(5);

/// The boot loader's last line.
const LOADER: &str = "Onebox: starting slot";

/// Seconds of each stage of one boot.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Times {
    /// Power-on until GRUB has chosen a slot.
    pub(crate) firmware: f64,
    /// Loading kernel and initrd.
    pub(crate) load: f64,
    /// Kernel and initrd.
    pub(crate) kernel: f64,
    /// From systemd's start until `/ready` says ready.
    pub(crate) userspace: f64,
    /// All of it.
    pub(crate) total: f64,
}

/// One boot.
#[derive(Debug)]
pub(crate) struct Boot<T> {
    /// How long it took.
    pub(crate) times: Times,
    /// What was looked at while it was up.
    pub(crate) seen: T,
}

/// Boots and shuts down.
pub(crate) fn boot(vm: &Vm) -> Result<Boot<()>, Error> {
    boot_and(vm, |_| Ok(()))
}

/// Boots, lets `look` look, and shuts down.
pub(crate) fn boot_and<T>(
    vm: &Vm,
    look: impl FnOnce(&Vm) -> Result<T, Error>,
) -> Result<Boot<T>, Error> {
    let begun = Instant::now();
    vm.start()?;
    bare::wait_for(vm, begun, LOADER, "the boot loader's line")?;
    let loader = begun.elapsed().as_secs_f64();
    wait_ready(vm, begun)?;
    let total = begun.elapsed().as_secs_f64();
    let kernel_start = kernel_start(vm, begun)?;
    let kernel = kernel_seconds(vm)?;
    let times = Times {
        firmware: loader,
        load: kernel_start - loader,
        kernel,
        userspace: total - kernel_start - kernel,
        total,
    };
    let seen = look(vm)?;
    vm.powerdown(bare::DOWN_LIMIT)?;
    Ok(Boot { times, seen })
}

/// Asks from the moment services start. A connection made before the box has
/// a network hangs until QEMU sends its first packet again, which may be
/// seconds after the box could answer; so questions overlap, and the first
/// good answer counts.
fn wait_ready(vm: &Vm, begun: Instant) -> Result<(), Error> {
    let client = Client::new(vm.settings().ports.https, Trust::Reachability)?.limit(PROBE_LIMIT);
    let (sender, answers) = mpsc::channel();
    loop {
        if serial::phase(&vm.serial().read()?) == Phase::Services {
            let (client, sender) = (client.clone(), sender.clone());
            thread::spawn(move || {
                if ready::probe(&client).is_ok_and(|answer| answer.is_ready()) {
                    // Nobody listens any more when another one was first.
                    let _ = sender.send(());
                }
            });
        }
        if answers.recv_timeout(PAUSE).is_ok() {
            return Ok(());
        }
        bare::out_of_time(vm, begun, "the box being ready")?;
    }
}

/// Seconds from power-on to the kernel's first instruction. An answer can only
/// be late, so the earliest of several is the best. SSH comes after the site.
fn kernel_start(vm: &Vm, begun: Instant) -> Result<f64, Error> {
    let mut earliest = f64::INFINITY;
    let mut answers = 0;
    while answers < 3 {
        let (line, since) = uptime(vm, begun)?;
        match line.split(' ').next().map(str::parse::<f64>) {
            Some(Ok(uptime)) => {
                earliest = earliest.min(since - uptime);
                answers += 1;
            }
            _ => {
                bare::out_of_time(vm, begun, "an answer over SSH")?;
                thread::sleep(SSH_PAUSE);
            }
        }
    }
    Ok(earliest)
}

/// What the box says of its uptime, nothing when it does not answer, and how
/// many seconds after `begun` it said so.
fn uptime(vm: &Vm, begun: Instant) -> Result<(String, f64), Error> {
    let mut child = vm
        .ssh()
        .interactive(&["cat /proc/uptime".into()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .at("run", "ssh".as_ref())?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout)
            .read_line(&mut line)
            .at("read from", "ssh".as_ref())?;
    }
    let since = begun.elapsed().as_secs_f64();
    child.wait().at("wait for", "ssh".as_ref())?;
    Ok((line, since))
}

/// Seconds from the kernel's start to systemd's.
fn kernel_seconds(vm: &Vm) -> Result<f64, Error> {
    let command = "systemctl show --value --property=UserspaceTimestampMonotonic";
    let answer = vm.ssh().run(command)?;
    let micros: f64 = answer
        .trim()
        .parse()
        .map_err(|_| Error::Answer { command, answer })?;
    Ok(micros / 1e6)
}
