//! The targets of the fuzzer (`fuzz/`): each is built so that it counts which
//! of its branches are taken, and searched for a while, the same way in every
//! run.
//!
//! What cargo-fuzz would do on nightly Rust, with what stable Rust has: the
//! compiler's passes are told to LLVM by name, and libFuzzer itself comes with
//! a crate. No sanitizer is needed, there is no unsafe code of ours to catch.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::runner::Runner;
use crate::{
    cargo::{self, CargoError},
    files::{self, FileError},
    workspace::Workspace,
};

/// As cargo-fuzz has them for a build without a sanitizer.
const FLAGS: [&str; 9] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
    "-Cdebug-assertions",
    "-Coverflow-checks",
    "-Ccodegen-units=1",
];

/// Named, so that the flags are not those of build scripts and macros too.
const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// Each a program of `fuzz/fuzz_targets`, with `fuzz/corpus/TARGET` to begin
/// with and the words of `fuzz/TARGET.dict`.
const TARGETS: [&str; 1] = ["config"];

/// Inputs that are tried unless told: some 25 seconds on two cores.
const RUNS: u64 = 400_000;

/// Of as many some hundreds lead somewhere new. A build that does not count its
/// branches finds nothing new at all, and would find no crash either.
const LEAST_FOUND: usize = 100;

/// Runs the group. What is tried follows from `seed`.
pub(super) fn run(runner: &mut Runner<'_>, runs: Option<u64>, seed: u128) -> Result<(), FileError> {
    let workspace = runner.workspace();
    let build = match cargo(workspace, "build") {
        Ok(build) => build,
        Err(error) => {
            runner.fail("fuzz", &error.to_string());
            return Ok(());
        }
    };
    let Cargo {
        mut command,
        programs,
    } = build;
    if !runner.check("fuzz-build", command.args(["--quiet", "--bins"]))? {
        return Ok(());
    }
    for target in TARGETS {
        let search = Search::new(workspace, programs.join(target), target)?;
        let name = format!("fuzz-{target}");
        let mut commands = [search.command(runs.unwrap_or(RUNS), seed), search.summary()];
        if runner.check_all_but(&name, &mut commands, is_noise)? {
            runner.own(&format!("{name}-coverage"), || search.found_enough())?;
        } else {
            runner.tell(&search.replay()?);
        }
    }
    Ok(())
}

/// Format and lints of the targets, which are in no other crate's workspace.
pub(super) fn lint(runner: &mut Runner<'_>) -> Result<(), FileError> {
    let workspace = runner.workspace();
    let mut format = cargo::command(workspace);
    format.args(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]);
    runner.check("lint-fuzz-format", &mut format)?;
    match cargo(workspace, "clippy") {
        Ok(Cargo { mut command, .. }) => {
            command.args(["--all-targets", "--", "-D", "warnings"]);
            runner.check("lint-fuzz-clippy", &mut command)?;
        }
        Err(error) => runner.fail("lint-fuzz-clippy", &error.to_string()),
    }
    Ok(())
}

/// A cargo command about the targets, and where it puts programs.
struct Cargo {
    command: Command,
    programs: PathBuf,
}

/// With a target directory of its own: no crate is built there as elsewhere.
fn cargo(workspace: &Workspace, task: &str) -> Result<Cargo, CargoError> {
    let directory = cargo::target_directory(workspace)?.join("fuzz-build");
    let mut command = cargo::command(workspace);
    command
        .args([task, "--manifest-path", "fuzz/Cargo.toml"])
        .args(["--locked", "--release", "--target", TRIPLE])
        .env("CARGO_TARGET_DIR", &directory)
        // This one goes before every other way to give flags.
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"));
    Ok(Cargo {
        command,
        programs: directory.join(TRIPLE).join("release"),
    })
}

/// A search of one target.
struct Search {
    program: PathBuf,
    dictionary: PathBuf,
    /// What the search begins with.
    seeds: Vec<PathBuf>,
    /// Where inputs are written that lead somewhere new.
    found: PathBuf,
    /// Where inputs are written that break a promise.
    crashes: PathBuf,
}

impl Search {
    fn new(workspace: &Workspace, program: PathBuf, target: &str) -> Result<Self, FileError> {
        let results = workspace.path(&format!("target/fuzz/{target}"));
        // What an earlier search found would change this one.
        if results.exists() {
            fs::remove_dir_all(&results).map_err(FileError::at("remove", &results))?;
        }
        let (found, crashes) = (results.join("found"), results.join("crashes"));
        files::create_dir(&found)?;
        files::create_dir(&crashes)?;
        Ok(Self {
            program,
            dictionary: workspace.path(&format!("fuzz/{target}.dict")),
            seeds: list(&workspace.path(&format!("fuzz/corpus/{target}")))?,
            found,
            crashes,
        })
    }

    fn command(&self, runs: u64, seed: u128) -> Command {
        let seeds: Vec<_> = self
            .seeds
            .iter()
            .map(|path| path.to_string_lossy())
            .collect();
        let mut command = without_chance(&self.program);
        command
            .arg(&self.found)
            // Named one by one: a directory has another order elsewhere.
            .arg(format!("-seed_inputs={}", seeds.join(",")))
            .arg(format!("-dict={}", self.dictionary.display()))
            .arg(format!("-artifact_prefix={}/", self.crashes.display()))
            .arg(format!("-runs={runs}"))
            .arg(format!("-seed={}", libfuzzer_seed(seed)))
            .args(["-max_len=4096", "-rss_limit_mb=512", "-timeout=20"])
            .args(["-reload=0", "-verbosity=0", "-print_funcs=0"])
            .arg("-print_final_stats=1");
        command
    }

    /// Says how much of the code everything that was found goes through.
    fn summary(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(&self.found).args(["-runs=0", "-print_funcs=0"]);
        command
    }

    fn found_enough(&self) -> Result<(), String> {
        let found = list(&self.found).map_err(|error| format!("{error}\n"))?;
        if found.len() >= LEAST_FOUND {
            return Ok(());
        }
        Err(format!(
            "only {} inputs led somewhere new: are the branches counted?\n",
            found.len()
        ))
    }

    /// How to have the crashes again.
    fn replay(&self) -> Result<String, FileError> {
        let crashes = list(&self.crashes)?.into_iter();
        let lines = crashes.map(|input| {
            let program = self.program.display();
            format!(
                "again with: RUST_BACKTRACE=1 {program} {}\n",
                input.display()
            )
        });
        Ok(lines.collect())
    }
}

/// The program at the same addresses in every run, where that is allowed:
/// libFuzzer learns from numbers that are compared, and some are addresses.
fn without_chance(program: &Path) -> Command {
    let setarch = || {
        let mut command = Command::new("setarch");
        command.args(["x86_64", "--addr-no-randomize"]);
        command
    };
    let mut probe = setarch();
    probe
        .arg("true")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if probe.status().is_ok_and(|status| status.success()) {
        let mut command = setarch();
        command.arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// Words that libFuzzer would add to the dictionary, most of them numbers, and
/// what it says of sanitizers that are not there.
fn is_noise(line: &str) -> bool {
    [
        "# Uses: ",
        "ecommended dictionary",
        "Failed to find function",
    ]
    .iter()
    .any(|part| line.contains(part))
}

/// libFuzzer has 32 bits and takes 0 for "any".
fn libfuzzer_seed(seed: u128) -> u128 {
    (seed % (1 << 32)).max(1)
}

/// The files of a directory in order.
fn list(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(FileError::at("list", directory))?;
    let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_never_that_for_chance() {
        let seeds = [0, 1, 7, 1 << 32, (1 << 32) + 7].map(libfuzzer_seed);
        assert_eq!(seeds, [1, 1, 7, 1, 7]);
    }

    #[test]
    fn a_search_begins_with_the_committed_files_and_writes_elsewhere() {
        let temp = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(temp.path());
        let corpus = workspace.path("fuzz/corpus/config");
        files::create_dir(&corpus).unwrap();
        for name in ["b.toml", "a.toml"] {
            files::replace(&corpus.join(name), b"").unwrap();
        }
        let search = Search::new(&workspace, "program".into(), "config").unwrap();
        let command = search.command(5, 2);
        let args: Vec<_> = command
            .get_args()
            .map(|arg| arg.to_string_lossy())
            .collect();
        let corpus = corpus.display();
        let seeds = format!("-seed_inputs={corpus}/a.toml,{corpus}/b.toml");
        assert!(args.contains(&seeds.as_str().into()), "{args:?}");
        assert!(args.contains(&"-runs=5".into()) && args.contains(&"-seed=2".into()));
        assert!(search.found_enough().is_err());
        assert_eq!(search.replay().unwrap(), "");
        let crash = search.crashes.join("crash-1");
        files::replace(&crash, b"").unwrap();
        let again = format!("again with: RUST_BACKTRACE=1 program {}\n", crash.display());
        assert_eq!(search.replay().unwrap(), again);
    }
}
