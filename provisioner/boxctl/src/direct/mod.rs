//! Commands that become another program: every component of the box has a tool
//! of its own, and these only know where it listens. What is run is shown.

pub(crate) mod logs;
pub(crate) mod psql;
pub(crate) mod redis;
pub(crate) mod shell;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use crate::error::Error;

/// Becomes the program; returns only when that fails.
fn become_program(program: &str, arguments: Vec<OsString>) -> Result<ExitCode, Error> {
    if io::stderr().is_terminal() {
        let words: Vec<String> = arguments
            .iter()
            .map(|argument| quoted(&argument.to_string_lossy()))
            .collect();
        eprintln!("+ {program} {}", words.join(" "));
    }
    let source = Command::new(program).args(arguments).exec();
    Err(Error::Program {
        program: program.to_owned(),
        source,
    })
}

/// As it can be given to a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_shell_would_read_the_same_words() {
        assert_eq!(super::quoted("--unit=web.service"), "--unit=web.service");
        assert_eq!(super::quoted("it's 1"), r"'it'\''s 1'");
        assert_eq!(super::quoted(""), "''");
    }
}
