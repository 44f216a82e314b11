//! Writing results and asking questions.

use std::env;
use std::io::{self, BufRead, IsTerminal, Write};

use serde::Serialize;

use crate::error::{Error, IoContext};

/// How to call this program again from the person's shell: by its name where
/// PATH finds this very file, else by where it is.
pub(crate) fn program() -> String {
    let name = env!("CARGO_BIN_NAME");
    let Ok(own) = env::current_exe() else {
        return name.into();
    };
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file());
    match found.and_then(|file| file.canonicalize().ok()) {
        Some(found) if found == own => name.into(),
        _ => own.display().to_string(),
    }
}

/// Prints a result as indented JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value).map_err(|source| Error::Content {
        origin: "the answer".into(),
        source,
    })?;
    text_line(&text)
}

/// Prints a result. A reader that went away is no failure worth a message.
pub(crate) fn text_line(text: &str) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.doing("write to stdout"),
    }
}

/// Asks on the terminal; `assume` answers for those who gave `--yes`.
pub(crate) fn confirm(question: &str, assume: bool) -> Result<(), Error> {
    if assume {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Error::NotConfirmed(
            "add --yes to go ahead without a question",
        ));
    }
    eprint!("{question} [y/N] ");
    io::stderr().flush().doing("write to the terminal")?;
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .doing("read the answer")?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Error::NotConfirmed("the answer was not yes")),
    }
}
