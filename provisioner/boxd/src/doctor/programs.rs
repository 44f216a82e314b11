//! Asking components with their own tools, which an operator would use too.

use futures_util::future::{BoxFuture, FutureExt};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;
use tokio::process::Command;

/// None of the questions takes long on a box that works.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs programs that only look.
pub trait Programs: Debug + Send + Sync {
    /// What it printed, or why there is nothing.
    fn run<'a>(
        &'a self,
        program: &'a str,
        arguments: &'a [&'a str],
    ) -> BoxFuture<'a, Result<String, String>>;
}

/// Those of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Installed;

impl Programs for Installed {
    fn run<'a>(
        &'a self,
        program: &'a str,
        arguments: &'a [&'a str],
    ) -> BoxFuture<'a, Result<String, String>> {
        async move {
            let shown = shown(program, arguments);
            let output = Command::new(program)
                .args(arguments)
                .env("LC_ALL", "C.UTF-8")
                .env("SYSTEMD_COLORS", "0")
                .kill_on_drop(true)
                .output();
            let output = match tokio::time::timeout(PATIENCE, output).await {
                Ok(Ok(output)) => output,
                Ok(Err(error)) => return Err(format!("`{shown}` cannot be run: {error}")),
                Err(_) => {
                    let seconds = PATIENCE.as_secs();
                    return Err(format!("`{shown}` did not end within {seconds} s"));
                }
            };
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
            if output.status.success() {
                return Ok(text(&output.stdout));
            }
            let (said, errors) = (text(&output.stdout), text(&output.stderr));
            // journalctl -g ends with 1 when nothing matches, and says nothing.
            if program == "journalctl" && errors.is_empty() {
                return Ok(said);
            }
            let said = if errors.is_empty() { said } else { errors };
            // One line, for people.
            let said: Vec<&str> = said.lines().map(str::trim).collect();
            let (said, status) = (said.join("; "), output.status);
            Err(format!("`{}` ended with {status}: {said}", short(&shown)))
        }
        .boxed()
    }
}

/// Programs that print what they were told to; all others are missing. For tests.
#[derive(Clone, Debug, Default)]
pub struct Played(BTreeMap<String, Result<String, String>>);

impl Played {
    /// This command line prints this.
    #[must_use]
    pub fn prints(mut self, command: &str, text: &str) -> Self {
        self.0.insert(command.to_owned(), Ok(text.to_owned()));
        self
    }

    /// This command line fails.
    #[must_use]
    pub fn fails(mut self, command: &str, why: &str) -> Self {
        self.0.insert(command.to_owned(), Err(why.to_owned()));
        self
    }
}

impl Programs for Played {
    /// By the longest beginning of the command line that is known.
    fn run<'a>(
        &'a self,
        program: &'a str,
        arguments: &'a [&'a str],
    ) -> BoxFuture<'a, Result<String, String>> {
        let line = shown(program, arguments);
        let known = self.0.iter().filter(|(start, _)| line.starts_with(*start));
        let answer = known.max_by_key(|(start, _)| start.len());
        let answer = answer.map_or_else(
            || Err(format!("`{line}` cannot be run: there is none")),
            |(_, answer)| answer.clone(),
        );
        async move { answer }.boxed()
    }
}

/// A query is longer than anybody wants to read in an error.
fn short(command: &str) -> String {
    const MOST: usize = 100;
    match command.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", command.get(..end).unwrap_or(command)),
        None => command.to_owned(),
    }
}

fn shown(program: &str, arguments: &[&str]) -> String {
    [&[program], arguments].concat().join(" ")
}
