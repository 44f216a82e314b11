//! `cargo xtask bench`: how large and how quick the image is.
//!
//! Sizes are read here; boots and memory are measured by the crate
//! `onebox-bench`, which needs more dependencies than this one should have.

mod backups;
mod packages;
mod peer;
mod sizes;

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use serde::Serialize;

use crate::{
    build::{self, BuildError},
    cargo::{self, CargoError},
    fetch::FetchArgs,
    files::{self, FileError},
    lock::format::{Lock, LockFileError},
    process::{self, ProcessError},
    run::{self, RunError},
    setup::Purpose,
    workspace::Workspace,
};
use packages::Share;
use sizes::Sizes;

/// `cargo xtask bench`
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// Only sizes: boot nothing.
    #[arg(long)]
    no_vm: bool,
    /// Nothing of the image: only backups, and the application beside its peer.
    #[arg(long)]
    no_image: bool,
    /// The size of the database that is backed up and restored; 0 leaves that
    /// out. It takes six times as much room, and root's rights.
    #[arg(long, default_value_t = 5000, value_name = "MEGABYTES")]
    backups: u32,
    /// The folder of the stack to measure the application against.
    #[arg(long, value_name = "DIR")]
    peer: Option<PathBuf>,
    /// For the peer's harness, such as --only products,orders --rounds 5.
    #[arg(last = true, requires = "peer")]
    harness: Vec<String>,
    /// Boots of the box and of the bare system, after the first.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Also write the numbers as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    fetch: FetchArgs,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// The machine is not ready.
    #[error(transparent)]
    Prepare(#[from] RunError),
    /// Something was not built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The measuring program was not built.
    #[error(transparent)]
    Cargo(#[from] CargoError),
    /// The lock cannot be used.
    #[error(transparent)]
    Lock(#[from] LockFileError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another program.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The measuring program's numbers.
    #[error("the numbers are not JSON: {0}")]
    Json(#[from] serde_json::Error),
}

#[derive(Serialize)]
struct Numbers {
    sizes: Sizes,
    packages: Vec<Share>,
    vm: Option<serde_json::Value>,
}

/// Measures and prints.
pub(crate) fn run(workspace: &Workspace, args: &BenchArgs) -> Result<ExitCode, BenchError> {
    if !args.no_image {
        image(workspace, args)?;
    }
    if args.backups > 0 {
        backups::measure(workspace, args.backups)?;
    }
    match &args.peer {
        Some(peer) => peer::compare(workspace, peer, &args.harness)?,
        None => println!(
            "\nThe application was not measured beside the stack it replaces: --peer names its folder."
        ),
    }
    Ok(ExitCode::SUCCESS)
}

/// Size, boots and memory of the image.
fn image(workspace: &Workspace, args: &BenchArgs) -> Result<(), BenchError> {
    run::prepare(workspace, Purpose::Run, true, &args.fetch)?;
    let rootfs = build::attribute_path(workspace, "rootfs", false)?;
    let image = build::attribute_path(workspace, "image", false)?;
    let sizes = Sizes::measure(&rootfs, &image)?;
    print!("\n{sizes}");
    let lock = Lock::read(&workspace.debian_lock())?;
    let packages = packages::shares(&lock, &files::read(&rootfs.join("files.txt"))?)?;
    print!("\n{}", packages::table(&packages));
    let vm = match args.no_vm {
        true => None,
        false => Some(in_vm(workspace, &image, args.rounds)?),
    };
    if let Some(path) = &args.json {
        let numbers = Numbers {
            sizes,
            packages,
            vm,
        };
        files::replace(path, &serde_json::to_vec_pretty(&numbers)?)?;
    }
    Ok(())
}

/// Boots and memory, printed by the program that measures them.
fn in_vm(
    workspace: &Workspace,
    image: &Path,
    rounds: u32,
) -> Result<serde_json::Value, BenchError> {
    let bare = build::attribute_path(workspace, "bare", false)?;
    let program = cargo::program(workspace, "onebox-bench")?;
    let dir = workspace.path("target/bench");
    files::create_dir(&dir)?;
    let json = dir.join("vm.json");
    println!();
    let mut command = Command::new(program);
    command
        .arg("--image")
        .arg(image.join("onebox.raw"))
        .arg("--bare")
        .arg(bare.join("onebox.raw"))
        .arg("--dir")
        .arg(&dir)
        .arg("--json")
        .arg(&json)
        .args(["--rounds", &rounds.to_string()]);
    process::run(&mut command, "measure boots and memory")?;
    Ok(serde_json::from_str(&files::read(&json)?)?)
}
