//! Runs checks: output to the terminal and to a log, results kept as rows.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Write},
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::{count::Counts, lanes::Marked, table::Row};
use crate::{
    files::{self, FileError},
    workspace::Workspace,
};

/// Runs checks one after the other.
pub(crate) struct Runner<'a> {
    workspace: &'a Workspace,
    /// Where a person watches.
    screen: Box<dyn Write + Send>,
    logs: PathBuf,
    rows: Vec<Row>,
}

impl<'a> Runner<'a> {
    /// A runner with new logs in a directory of the checkout.
    pub(crate) fn new(workspace: &'a Workspace, logs: &str) -> Result<Self, FileError> {
        let logs = workspace.path(logs);
        if logs.exists() {
            fs::remove_dir_all(&logs).map_err(FileError::at("remove", &logs))?;
        }
        files::create_dir(&logs)?;
        Ok(Self {
            workspace,
            screen: Box::new(io::stdout()),
            logs,
            rows: Vec::new(),
        })
    }

    /// The checkout.
    pub(crate) fn workspace(&self) -> &'a Workspace {
        self.workspace
    }

    /// What was run so far.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// A command that is one check; tells whether it passed.
    pub(crate) fn check(&mut self, name: &str, command: &mut Command) -> Result<bool, FileError> {
        let begun = Instant::now();
        let (success, note) = self.stream(name, command, |_| true)?;
        self.record(name, Counts::one(success), begun, note);
        Ok(success)
    }

    /// Several commands that are one check: the first failure ends it.
    pub(crate) fn check_all(
        &mut self,
        name: &str,
        commands: &mut [Command],
    ) -> Result<bool, FileError> {
        self.check_all_but(name, commands, |_| false)
    }

    /// Like [`Self::check_all`], without the lines that are noise.
    pub(crate) fn check_all_but(
        &mut self,
        name: &str,
        commands: &mut [Command],
        noise: fn(&str) -> bool,
    ) -> Result<bool, FileError> {
        let begun = Instant::now();
        let mut ended = (true, String::new());
        for command in commands {
            ended = self.stream(name, command, |line| !noise(line))?;
            if !ended.0 {
                break;
            }
        }
        self.record(name, Counts::one(ended.0), begun, ended.1);
        Ok(ended.0)
    }

    /// A `cargo test`, whose tests are counted.
    pub(crate) fn cargo_tests(
        &mut self,
        name: &str,
        command: &mut Command,
    ) -> Result<bool, FileError> {
        let begun = Instant::now();
        let mut counts = Counts::default();
        let (success, note) = self.stream(name, command, |line| {
            counts += Counts::in_line(line).unwrap_or_default();
            true
        })?;
        let counts = counts.judged(success);
        self.record(name, counts, begun, note);
        Ok(counts.failed == 0)
    }

    /// Several `cargo test`s, up to `lanes` of them at a time, begun in their order.
    /// Each is a row; its lines are shown with its name.
    pub(crate) fn cargo_tests_in_lanes(
        &mut self,
        tests: Vec<(String, Command)>,
        lanes: usize,
    ) -> Result<(), FileError> {
        let mut logs = Vec::new();
        for (name, _) in &tests {
            let path = self.log(name);
            logs.push(File::create(&path).map_err(FileError::at("write", &path))?);
        }
        self.heading(&format!("{} tests, {lanes} at a time", tests.len()));
        let screen = Mutex::new(&mut self.screen);
        let waiting = Mutex::new(tests.into_iter().zip(logs).enumerate());
        let ended = Mutex::new(Vec::new());
        let lane = || {
            loop {
                let next = locked(&waiting).next();
                let Some((number, ((name, mut command), mut log))) = next else {
                    return;
                };
                let begun = Instant::now();
                let mut counts = Counts::default();
                let mut marked = Marked::new(&name, &screen);
                let result = tee(&mut command, &mut [&mut marked, &mut log], |line| {
                    counts += Counts::in_line(line).unwrap_or_default();
                    true
                });
                let (success, note) = match result {
                    Ok(status) => (status.success(), String::new()),
                    Err(error) => (false, error.to_string()),
                };
                let took = begun.elapsed();
                locked(&ended).push((number, name, counts.judged(success), took, note));
            }
        };
        thread::scope(|scope| {
            for _ in 0..lanes {
                scope.spawn(lane);
            }
        });
        let mut ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
        ended.sort_by_key(|(number, ..)| *number);
        for (_, name, counts, took, note) in ended {
            self.row(&name, counts, took, note);
        }
        Ok(())
    }

    /// A check of our own; its error is shown and kept.
    pub(crate) fn own(
        &mut self,
        name: &str,
        check: impl FnOnce() -> Result<(), String>,
    ) -> Result<bool, FileError> {
        let begun = Instant::now();
        self.heading(name);
        let result = check();
        let text = result.as_ref().err().map_or("ok\n", String::as_str);
        self.show(text);
        files::replace(&self.log(name), text.as_bytes())?;
        self.record(name, Counts::one(result.is_ok()), begun, String::new());
        Ok(result.is_ok())
    }

    /// A check that cannot be tried here.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        self.heading(name);
        self.show(&format!("skipped: {why}\n"));
        self.record(name, Counts::SKIPPED, Instant::now(), why.into());
    }

    /// Something that a check needs and that could not be had.
    pub(crate) fn fail(&mut self, name: &str, why: &str) {
        self.heading(name);
        self.show(&format!("failed: {why}\n"));
        self.record(name, Counts::one(false), Instant::now(), why.into());
    }

    /// What helps with the check before.
    pub(crate) fn tell(&mut self, text: &str) {
        self.show(text);
    }

    fn record(&mut self, name: &str, counts: Counts, begun: Instant, note: String) {
        let took = begun.elapsed();
        self.row(name, counts, took, note);
        // Who reads a run that was cut off finds out where its time went.
        self.show(&format!("--- {name}: {:.0} s\n", took.as_secs_f64()));
    }

    fn row(&mut self, name: &str, counts: Counts, took: Duration, note: String) {
        let note = match counts.failed {
            0 => note,
            _ if note.is_empty() => format!("see {}", self.log(name).display()),
            _ => note,
        };
        self.rows.push(Row {
            name: name.into(),
            counts,
            took,
            note,
        });
    }

    fn heading(&mut self, name: &str) {
        self.show(&format!("\n--- {name}\n"));
    }

    /// A terminal that went away is no reason to stop: the logs are kept.
    fn show(&mut self, text: &str) {
        let _ = self.screen.write_all(text.as_bytes());
    }

    fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    /// Runs a command, asks `line` of each line whether to show it and returns
    /// whether the command succeeded and, if it did not even start, why.
    fn stream(
        &mut self,
        name: &str,
        command: &mut Command,
        line: impl FnMut(&str) -> bool,
    ) -> Result<(bool, String), FileError> {
        self.heading(name);
        let path = self.log(name);
        // A check of several commands has one log.
        let log = File::options().create(true).append(true).open(&path);
        let mut log = log.map_err(FileError::at("write", &path))?;
        Ok(
            match tee(command, &mut [&mut self.screen, &mut log], line) {
                Ok(status) => (status.success(), String::new()),
                Err(error) => {
                    let program = command.get_program().to_string_lossy();
                    let why = format!("cannot run `{program}`: {error}");
                    self.show(&format!("{why}\n"));
                    (false, why)
                }
            },
        )
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Both outputs of the command go through one pipe, so that their lines keep
/// their order.
fn tee(
    command: &mut Command,
    outputs: &mut [&mut dyn Write],
    mut line: impl FnMut(&str) -> bool,
) -> io::Result<ExitStatus> {
    let (reader, writer) = io::pipe()?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let child = command.spawn();
    // The pipe ends when nobody can write to it, and `command` still could.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child?;
    let mut reader = BufReader::new(reader);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes)? > 0 {
        if line(&String::from_utf8_lossy(&bytes)) {
            for output in outputs.iter_mut() {
                // As in `show`; a full disk must not hide how the check ends.
                let _ = output.write_all(&bytes);
            }
        }
        bytes.clear();
    }
    child.wait()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn in_temp(test: impl FnOnce(&mut Runner<'_>)) {
        let temp = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(temp.path());
        let mut runner = Runner::new(&workspace, "logs").unwrap();
        // What is counted here must not be counted by who runs this test.
        runner.screen = Box::new(io::sink());
        test(&mut runner);
    }

    #[test]
    fn both_outputs_are_logged_in_order_and_tests_counted() {
        in_temp(|runner| {
            let script =
                "echo one; echo two >&2; echo 'test result: ok. 3 passed; 0 failed; 1 ignored'";
            assert!(runner.cargo_tests("unit", &mut shell(script)).unwrap());
            let log = files::read(&runner.log("unit")).unwrap();
            assert!(log.starts_with("one\ntwo\ntest result"), "{log}");
            assert_eq!(
                (runner.rows[0].counts.passed, runner.rows[0].counts.skipped),
                (3, 1)
            );
        });
    }

    #[test]
    fn a_failure_and_a_program_that_is_not_there_are_rows_and_not_the_end() {
        in_temp(|runner| {
            assert!(!runner.check("exit", &mut shell("exit 3")).unwrap());
            let mut missing = Command::new("/nonexistent/program");
            assert!(!runner.check("missing", &mut missing).unwrap());
            assert!(runner.check("fine", &mut shell("true")).unwrap());
            let failed: Vec<u32> = runner.rows.iter().map(|row| row.counts.failed).collect();
            assert_eq!(failed, [1, 1, 0]);
            assert!(runner.rows[0].note.contains("exit.log"));
            assert!(runner.rows[1].note.contains("/nonexistent/program"));
        });
    }

    #[test]
    fn lanes_run_side_by_side_and_each_test_is_a_row() {
        in_temp(|runner| {
            let dir = runner.workspace.path("meet");
            // Each waits for the other, so one at a time would never end.
            let meet = |mine: &str, other: &str| {
                shell(&format!(
                    "mkdir -p {0}; touch {0}/{mine}; until [ -e {0}/{other} ]; do sleep 0.05; done; echo 'test result: ok. 1 passed; 0 failed'",
                    dir.display()
                ))
            };
            let tests = vec![
                ("one".to_owned(), meet("one", "two")),
                ("two".to_owned(), meet("two", "one")),
                (
                    "three".to_owned(),
                    shell("echo 'test result: FAILED. 0 passed; 1 failed'; false"),
                ),
                ("four".to_owned(), Command::new("/nonexistent/program")),
            ];
            runner.cargo_tests_in_lanes(tests, 2).unwrap();
            let rows: Vec<(&str, u32)> = runner
                .rows
                .iter()
                .map(|row| (&*row.name, row.counts.failed))
                .collect();
            assert_eq!(rows, [("one", 0), ("two", 0), ("three", 1), ("four", 1)]);
            let log = files::read(&runner.log("one")).unwrap();
            assert!(log.starts_with("test result"), "{log}");
        });
    }

    #[test]
    fn noise_is_left_out() {
        in_temp(|runner| {
            let mut commands = [shell("echo one; echo noise; echo two")];
            let noise = |line: &str| line.contains("noise");
            assert!(runner.check_all_but("quiet", &mut commands, noise).unwrap());
            let log = files::read(&runner.log("quiet")).unwrap();
            assert_eq!(log, "one\ntwo\n");
        });
    }

    #[test]
    fn the_first_failure_ends_a_check_of_several_commands() {
        in_temp(|runner| {
            let mut commands = [
                shell("echo one"),
                shell("echo two; false"),
                shell("echo three"),
            ];
            assert!(!runner.check_all("several", &mut commands).unwrap());
            let log = files::read(&runner.log("several")).unwrap();
            assert_eq!(log, "one\ntwo\n");
            assert_eq!(runner.rows.len(), 1);
        });
    }
}
