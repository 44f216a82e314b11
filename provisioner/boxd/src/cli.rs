//! The command line. The only place that reads the environment and decides
//! exit statuses.

mod cert;
mod doctor;

use crate::accounts::Ownership;
use crate::backups;
use crate::boot::{self, Slot, Store, rauc};
use crate::daemon::{self, Keeper};
use crate::disk::Disk;
use crate::gate::{self, Gate, Verdict};
use crate::generations::{Applier, PATIENCE, Request};
use crate::steps::Steps;
use crate::systemd::SystemBus;
use crate::upgrade::judge::{self, Judged};
use crate::upgrade::memory::Trial;
use crate::upgrade::{self, verdict};
use crate::{effective, generator, prepare};
use clap::{Parser, Subcommand};
use onebox_api::upgrades::Probe;
use onebox_model::config::Config;
use onebox_model::{Machine, paths};
use std::error::Error;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// Under this name the binary is a systemd generator.
const GENERATOR_NAME: &str = "onebox-generator";

/// The keeper of the box.
#[derive(Parser)]
#[command(name = "boxd", version, about, long_about = None)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make what a first boot needs and render configuration from the operator's file
    ///
    /// Can be run at any time and any number of times: what exists is kept.
    Prepare {
        /// Work on a system below this directory instead of the running one
        #[arg(long, value_name = "DIR", default_value = "/")]
        root: PathBuf,
    },
    /// Write the units' limits as drop-ins, as a systemd generator
    Generator {
        /// Directory for the drop-ins; systemd's further two are not used
        #[arg(value_name = "DIR", required = true, num_args = 1..=3)]
        directories: Vec<PathBuf>,
        /// Read the configuration of a system below this directory
        #[arg(long, value_name = "DIR", default_value = "/")]
        root: PathBuf,
    },
    /// Keep the box: recurring work, and the interface that boxctl asks
    Serve {
        /// Listen here where systemd passes no socket
        #[arg(long, value_name = "FILE", default_value = paths::BOXD_SOCKET)]
        socket: PathBuf,
        /// Keep a system below this directory instead of the running one
        #[arg(long, value_name = "DIR", default_value = "/")]
        root: PathBuf,
    },
    /// Certificates, without the daemon
    Cert {
        #[command(subcommand)]
        command: cert::Command,
        /// Work on a system below this directory instead of the running one
        #[arg(long, value_name = "DIR", default_value = "/")]
        root: PathBuf,
    },
    /// Look for what is wrong, without the daemon
    ///
    /// Prints JSON. Exits with 0 when nothing has to be done, 1 when something
    /// will have to, 2 when something does not work, 3 when it could not look.
    Doctor(doctor::Doctor),
    /// Pack what somebody who helps needs to see, without secrets, without the daemon
    SupportBundle(doctor::SupportBundle),
    /// Show what applying the operator's file would change, without the daemon
    ///
    /// Exits with 0 when there is nothing to do, with 2 when there is.
    Plan {
        /// Look at a system below this directory instead of the running one
        #[arg(long, value_name = "DIR", default_value = "/")]
        root: PathBuf,
    },
    /// Apply the operator's file, without the daemon
    Apply {
        /// Why, for the history
        #[arg(short, long, default_value = "")]
        message: String,
    },
    /// Answer RAUC, for which boxd is the boot loader
    ///
    /// RAUC calls this as its custom backend; see `boxd rauc-bootloader --help`.
    RaucBootloader {
        #[command(subcommand)]
        verb: rauc::Verb,
    },
    /// End the trial of the release that runs: the boot loader starts the one of before
    ///
    /// For the watch over trials. Does not restart the machine.
    EndTrial {
        /// Why, for the operator
        why: String,
    },
    /// Wait until the box is healthy, then confirm this boot
    ///
    /// Healthy means: /ready over TLS answers 200 with the certificate that is
    /// stored, and every unit is active. Exits 1 naming what was not ready.
    HealthGate {
        /// Seconds to wait
        #[arg(long, value_name = "SECONDS", default_value_t = 300)]
        timeout: u64,
        /// Where the application listens
        #[arg(long, value_name = "ADDRESS", default_value_t = gate::default_address())]
        address: SocketAddr,
        /// Read the certificate of a system below this directory
        #[arg(long, value_name = "DIR", default_value = "/")]
        root: PathBuf,
    },
}

/// Runs with these arguments, the program's name first.
#[must_use]
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    let called_generator = arguments
        .first()
        .and_then(|name| Path::new(name).file_name())
        .is_some_and(|name| name == GENERATOR_NAME);
    if called_generator {
        // Told apart before parsing: a generator must never print usage and fail.
        let directory = arguments.get(1).map(PathBuf::from);
        return run_generator(directory.as_deref(), Path::new("/"));
    }
    let cli = Cli::parse_from(arguments);
    let outcome = match cli.command {
        Command::Prepare { root } => run_prepare(&root),
        Command::Generator { directories, root } => {
            return run_generator(directories.first().map(PathBuf::as_path), &root);
        }
        Command::Serve { socket, root } => run_serve(&root, &socket),
        Command::Cert { command, root } => match disk(&root).and_then(|disk| command.run(disk)) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::Doctor(command) => return command.run(),
        Command::SupportBundle(command) => command.run(),
        Command::Plan { root } => match run_plan(&root) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::Apply { message } => run_apply(message),
        Command::RaucBootloader { verb } => run_rauc(verb),
        Command::EndTrial { why } => run_end_trial(&why),
        Command::HealthGate {
            timeout,
            address,
            root,
        } => run_gate(&root, address, Duration::from_secs(timeout)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("boxd: {error}");
            ExitCode::FAILURE
        }
    }
}

fn disk(root: &Path) -> Result<Disk, Box<dyn Error>> {
    let ownership = if rustix::process::geteuid().is_root() {
        Ownership::from_root(root)?
    } else {
        eprintln!("boxd: not running as root, files keep this account as their owner");
        Ownership::Skip
    };
    Ok(Disk::new(root, ownership))
}

fn run_prepare(root: &Path) -> Result<(), Box<dyn Error>> {
    let disk = disk(root)?;
    let hostname = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    let world = prepare::World {
        now: OffsetDateTime::now_utc(),
        hostname,
        machine: Machine::detect()?,
        credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
    };
    // Before anything else: what a release on trial must not touch is copied, and
    // what one has touched that was no good comes back.
    let upgrade = match boot::running_slot_in(root) {
        Some(slot) => upgrade::once_a_boot(&disk, slot, world.now),
        None => Ok(upgrade::Found::Nothing),
    };
    // Before anything is made that a restore would bring.
    if let Some(done) = backups::undo_at_boot(&disk)? {
        eprintln!("boxd: {done}");
    }
    let report = prepare::prepare(&disk, &world);
    for line in &report.done {
        println!("{line}");
    }
    for warning in &report.warnings {
        eprintln!("boxd: {warning}");
    }
    let config: Config = effective::choose(&disk).config;
    if let Err(error) = upgrade::trust_early(&disk, &config) {
        eprintln!("boxd: {error}");
    }
    report.outcome()?;
    match upgrade? {
        upgrade::Found::Nothing => {}
        upgrade::Found::OnTrial => {
            println!("this release is on trial: visitors wait until it is found good");
        }
        upgrade::Found::Back => {
            eprintln!(
                "boxd: the release on trial was no good, this is the one of before with its data; `boxctl upgrade status` says why"
            );
        }
        upgrade::Found::NeverBegun => {
            eprintln!(
                "boxd: an upgrade was cut off before it began; this is the release of before"
            );
        }
        // Fails, so that nothing starts that serves or writes.
        upgrade::Found::Leaving => {
            return Err(
                "this release was found no good; the box goes back to the one of before".into(),
            );
        }
    }
    Ok(())
}

fn run_end_trial(why: &str) -> Result<(), Box<dyn Error>> {
    let disk = disk(Path::new("/"))?;
    let probe = Probe {
        what: "trial".to_owned(),
        why: why.to_owned(),
    };
    verdict::fail(&disk, &Store::of_box(&disk), vec![probe], Vec::new())?;
    Ok(())
}

fn run_generator(directory: Option<&Path>, root: &Path) -> ExitCode {
    let result = match directory {
        Some(directory) => Machine::detect()
            .map_err(Into::into)
            .and_then(|machine| generator::generate(directory, root, &machine)),
        None => Err(generator::GeneratorError::NoDirectory),
    };
    if let Err(error) = result {
        // A generator that fails only loses its limits; the boot goes on.
        generator::complain(&error);
    }
    ExitCode::SUCCESS
}

fn applier(root: &Path) -> Result<Applier, Box<dyn Error>> {
    let disk = Arc::new(disk(root)?);
    let systemd = Arc::new(SystemBus::default());
    Ok(Applier::of_box(disk, systemd, Machine::detect()?))
}

fn run_plan(root: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let plan = applier(root)?.plan()?;
    println!("{}", serde_json::to_string_pretty(&plan)?);
    Ok(if plan.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

fn run_apply(message: String) -> Result<(), Box<dyn Error>> {
    let applier = applier(Path::new("/"))?;
    let request = Request {
        by: format!(
            "uid {}, with boxd apply",
            rustix::process::getuid().as_raw()
        ),
        message,
        wait: true,
        patience: PATIENCE,
    };
    let applied = told(async |steps| Ok(applier.apply(&request, &steps).await?))?;
    if let Some(generation) = applied.generation {
        println!("generation {} is in force", generation.number);
    }
    Ok(())
}

/// Does work whose steps are printed.
fn told<T>(
    work: impl AsyncFnOnce(Steps) -> Result<T, Box<dyn Error>>,
) -> Result<T, Box<dyn Error>> {
    runtime()?.block_on(async {
        let (steps, mut told) = Steps::new();
        let printed = tokio::spawn(async move {
            while let Some(step) = told.recv().await {
                eprintln!("{step}");
            }
        });
        let result = work(steps).await;
        printed.await?;
        result
    })
}

/// Two threads: something that blocks must not keep the watchdog waiting.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
}

fn run_serve(root: &Path, socket: &Path) -> Result<(), Box<dyn Error>> {
    daemon::start_logging();
    let keeper = Keeper::new(applier(root)?);
    runtime()?
        .block_on(keeper.serve(socket))
        .map_err(Into::into)
}

fn run_rauc(verb: rauc::Verb) -> Result<(), Box<dyn Error>> {
    let store = Store::new(Path::new(paths::BOOT_STATE_DIR));
    if let Some(word) = rauc::answer(&store, boot::running_slot(), verb)? {
        println!("{word}");
    }
    Ok(())
}

fn run_gate(root: &Path, address: SocketAddr, timeout: Duration) -> Result<(), Box<dyn Error>> {
    let disk = disk(root)?;
    let (store, slot) = (Store::of_box(&disk), boot::running_slot_in(root));
    let trial = match slot {
        Some(slot) => verdict::under_way(&disk, slot)?.map(|trial| (slot, trial)),
        None => None,
    };
    let gate = Gate {
        address,
        chain: disk.path(paths::TLS_CHAIN),
        systemd: Arc::new(SystemBus::default()),
        boot: store.clone(),
        slot,
        timeout,
        interval: Duration::from_secs(1),
    };
    if let Some((slot, trial)) = trial {
        return run_judge(&disk, &store, &gate, &trial, slot);
    }
    if let Some(slot) = slot
        && let Err(error) = verdict::settle(&disk, &store, slot)
    {
        eprintln!("boxd: {error}");
    }
    let verdict = runtime()?.block_on(gate.wait());
    gate::record(&disk, &verdict)?;
    println!("{verdict}");
    verdict.outcome().map_err(Into::into)
}

fn run_judge(
    disk: &Disk,
    store: &Store,
    gate: &Gate,
    trial: &Trial,
    slot: Slot,
) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let judged = runtime()?.block_on(judge::judge(disk, store, gate, trial, slot))?;
    let verdict = match &judged {
        Judged::Stays => Verdict::healthy_on_trial(begun.elapsed(), slot),
        Judged::Leaves(probes) => Verdict::no_good(begun.elapsed(), probes),
    };
    gate::record(disk, &verdict)?;
    println!("{verdict}");
    verdict.outcome().map_err(Into::into)
}
