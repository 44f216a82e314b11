//! `boxctl vm up`: makes the machine if need be, starts it, waits until it is
//! ready, and stays until Ctrl-C.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::ValueEnum;
use onebox_vm::accel::Accel;
use onebox_vm::firmware::Firmware;
use onebox_vm::vm::{Ended, Refresh, Step};
use onebox_vm::{Error as VmError, Settings, Vm, ready};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::down::POWERDOWN_LIMIT;
use super::progress::Progress;
use super::report::Report;
use super::select::Select;
use super::trouble;
use crate::error::{Error, IoContext};
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    /// Image to start from (raw, qcow2, .zst or .xz); a newer one than last
    /// time replaces the box's system and keeps its data
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// Memory of the box [default: 1024]
    #[arg(long, value_name = "MIB")]
    memory: Option<u64>,
    /// Processors of the box [default: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=255))]
    cpus: Option<u32>,
    /// Size of its disk; it only grows [default: 8]
    #[arg(long, value_name = "GIB")]
    disk_size: Option<u64>,
    /// What starts it [default: bios]
    #[arg(long)]
    firmware: Option<FirmwareName>,
    /// What runs its instructions: the processor, QEMU, or what a trial finds
    /// [default: auto]
    #[arg(long)]
    accel: Option<AccelName>,
    /// Processor model, as QEMU calls it
    #[arg(long, value_name = "MODEL")]
    cpu: Option<String>,
    /// Port of this computer that leads to the application [default: 8443]
    #[arg(long, value_name = "PORT")]
    https_port: Option<u16>,
    /// Port of this computer that leads to its redirect [default: 8080]
    #[arg(long, value_name = "PORT")]
    http_port: Option<u16>,
    /// Port of this computer that leads to the box's SSH [default: 2222]
    #[arg(long, value_name = "PORT")]
    ssh_port: Option<u16>,
    /// Erase the machine's data first
    #[arg(long)]
    fresh: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Return when the box is ready and leave it running
    #[arg(long)]
    detach: bool,
    /// How long the box may take to get ready
    #[arg(long, value_name = "SECS", default_value_t = 600)]
    timeout: u64,
    /// Print JSON instead of the block
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AccelName {
    Auto,
    Kvm,
    Tcg,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FirmwareName {
    Bios,
    Uefi,
}

/// A signal came while the box was starting.
enum Outcome {
    Ready,
    Interrupted,
}

impl Args {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let registered = signal_hook::flag::register(signal, Arc::clone(&stop));
            registered.map(drop).doing("watch for signals")?;
        }
        if self.fresh {
            self.erase()?;
        }
        let mut progress = Progress::new();
        let vm = self.machine(&mut progress)?;
        let started = vm.start_watched(|Step::Rehearsal| {
            progress.now("trying whether KVM runs the box's kernel here (once)");
            !stop.load(Ordering::Relaxed)
        });
        let choice = match started {
            Err(VmError::Interrupted) => {
                drop(progress);
                eprintln!("Not started.");
                return Ok(ExitCode::FAILURE);
            }
            other => other?,
        };
        progress.now(&format!("started by {} ({})", choice.accel, choice.reason));
        let outcome = self.wait(&vm, &mut progress, &stop);
        let seconds = progress.seconds();
        drop(progress);
        match outcome {
            Ok(Outcome::Ready) => {}
            Ok(Outcome::Interrupted) => return shut_down(&vm, &stop),
            Err(error) => {
                trouble::show(&vm);
                self.give_up(&vm);
                return Err(error);
            }
        }
        let report = Report {
            ready: Some(true),
            ..Report::of(&vm)?.with_admin(&vm)?
        };
        if self.json {
            output::json(&report)?;
        } else {
            let block = report.block(&self.select.options());
            output::text_line(&format!(
                "\nThe box is ready after {seconds} s.\n\n{block}\n"
            ))?;
        }
        if self.detach {
            eprintln!(
                "It runs in the background: `{} vm down{}` stops it.",
                output::program(),
                self.select.options()
            );
            return Ok(ExitCode::SUCCESS);
        }
        eprintln!("Ctrl-C shuts it down; its data stays for the next start.");
        while vm.pid()?.is_some() {
            if stop.load(Ordering::Relaxed) {
                return shut_down(&vm, &stop);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        eprintln!("The box has shut itself down.");
        Ok(ExitCode::SUCCESS)
    }

    fn erase(&self) -> Result<(), Error> {
        let state = self.select.state()?;
        if state.exists() {
            let question = format!(
                "Erase the box in {} with all its data?",
                state.dir().display()
            );
            output::confirm(&question, self.yes)?;
        }
        Ok(state.remove()?)
    }

    /// The machine, made or brought up to date.
    fn machine(&self, progress: &mut Progress) -> Result<Vm, Error> {
        let state = self.select.state()?;
        if !state.exists() {
            let image = self
                .image
                .as_ref()
                .ok_or(VmError::NoState(state.dir().into()))?;
            progress.now(&format!("unpacking {}", image.display()));
            let mut settings = Settings::default();
            self.apply(&mut settings);
            return Ok(Vm::create(state, settings, image)?);
        }
        let mut vm = Vm::open(state)?;
        if let Some(pid) = vm.pid()? {
            return Err(VmError::Running {
                dir: vm.state().dir().into(),
                pid,
            }
            .into());
        }
        if let Some(image) = &self.image {
            progress.now(&format!("comparing {}", image.display()));
            if vm.refresh(image)? == Refresh::Replaced {
                progress.now("replaced the box's system, kept its data");
            }
        }
        vm.reconfigure(|settings| self.apply(settings))?;
        Ok(vm)
    }

    /// What was given replaces what was chosen before.
    fn apply(&self, settings: &mut Settings) {
        fn set<T: Clone>(to: &mut T, from: &Option<T>) {
            if let Some(value) = from {
                *to = value.clone();
            }
        }
        set(&mut settings.memory_mib, &self.memory);
        set(&mut settings.cpus, &self.cpus);
        set(&mut settings.disk_gib, &self.disk_size);
        set(&mut settings.ports.https, &self.https_port);
        set(&mut settings.ports.http, &self.http_port);
        set(&mut settings.ports.ssh, &self.ssh_port);
        if self.cpu.is_some() {
            settings.cpu.clone_from(&self.cpu);
        }
        match self.accel {
            Some(AccelName::Auto) => settings.accel = None,
            Some(AccelName::Kvm) => settings.accel = Some(Accel::Kvm),
            Some(AccelName::Tcg) => settings.accel = Some(Accel::Tcg),
            None => {}
        }
        match self.firmware {
            Some(FirmwareName::Bios) => settings.firmware = Firmware::Bios,
            Some(FirmwareName::Uefi) => settings.firmware = Firmware::Uefi,
            None => {}
        }
    }

    fn wait(&self, vm: &Vm, progress: &mut Progress, stop: &AtomicBool) -> Result<Outcome, Error> {
        let mut last = String::new();
        let waited = ready::wait(vm, Duration::from_secs(self.timeout), |seen| {
            last = seen.describe();
            progress.now(&last);
            !stop.load(Ordering::Relaxed)
        });
        match waited {
            Ok(Some(_)) => Ok(Outcome::Ready),
            Ok(None) => Ok(Outcome::Interrupted),
            Err(VmError::Timeout { .. }) => {
                let log = vm.state().serial_log();
                Err(Error::NotReady {
                    seconds: self.timeout,
                    last,
                    log,
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A box nobody waits for any more is stopped, unless it was to stay in the
    /// background: then it can be looked into.
    fn give_up(&self, vm: &Vm) {
        if self.detach {
            eprintln!(
                "--- the box still runs: `{0} vm ssh`, `{0} vm console`, `{0} vm down`",
                output::program()
            );
        } else if let Err(error) = vm.kill() {
            eprintln!("--- {error}");
        }
    }
}

/// Shuts down; a second signal cuts the power.
fn shut_down(vm: &Vm, stop: &AtomicBool) -> Result<ExitCode, Error> {
    eprintln!("Shutting the box down (Ctrl-C again cuts its power) …");
    stop.store(false, Ordering::Relaxed);
    if vm.press_power_button().is_ok() {
        let slice = Duration::from_millis(200);
        for _ in 0..POWERDOWN_LIMIT.as_millis() / slice.as_millis() {
            if vm.wait(slice)? {
                eprintln!("The box has shut down.");
                return Ok(ExitCode::SUCCESS);
            }
            if stop.load(Ordering::Relaxed) {
                break;
            }
        }
    }
    super::down::cut(vm)?;
    Ok(super::down::exit(Ended::Cut))
}
