//! Measures boot time and memory of the image in a virtual machine, against a
//! bare system that is booted alternately in the same run.
//!
//! `cargo xtask bench` builds both images and calls this; progress goes to
//! stderr, the tables to stdout. Start reading at [`run`].

mod bare;
mod bench_box;
mod error;
mod inside;
mod report;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use error::{Error, IoContext as _};
use onebox_vm::{Settings, State, Vm, ports};
use report::Report;

/// Measures boot time and memory of an image.
#[derive(Debug, Parser)]
struct Args {
    /// The box's raw image.
    #[arg(long, value_name = "FILE")]
    image: PathBuf,
    /// The bare system's raw image.
    #[arg(long, value_name = "FILE")]
    bare: PathBuf,
    /// Directory for the virtual machines, which are removed afterwards.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Boots of each, after the first.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=50))]
    rounds: u32,
    /// Also write the numbers as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Error> {
    let bare = machine(&args.dir.join("bare"), &args.bare)?;
    let onebox = machine(&args.dir.join("box"), &args.image)?;
    eprintln!("first boots");
    bare::boot(&bare)?;
    let first = bench_box::boot(&onebox)?.times;
    let mut report = Report::new(first);
    for round in 1..=args.rounds {
        eprintln!("round {round} of {}", args.rounds);
        report.bare.push(bare::boot(&bare)?);
        let last = round == args.rounds;
        let boot = bench_box::boot_and(&onebox, |vm| {
            last.then(|| inside::look(&vm.ssh())).transpose()
        })?;
        report.boots.push(boot.times);
        report.inside = boot.seen;
    }
    print!("{report}");
    if let Some(path) = &args.json {
        let json = serde_json::to_vec_pretty(&report)?;
        fs::write(path, json).at("write", path)?;
    }
    bare.state().remove()?;
    onebox.state().remove()?;
    Ok(())
}

/// A new machine that ends with this program.
fn machine(dir: &Path, image: &Path) -> Result<Vm, Error> {
    let state = State::new(dir);
    state.remove()?;
    let settings = Settings {
        ports: ports::free().at("find free ports for", dir)?,
        ..Settings::default()
    };
    Ok(Vm::create(state, settings, image)?.kill_on_drop())
}
