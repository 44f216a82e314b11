//! `boxctl vm console`: the terminal becomes the box's serial line.

use std::io::{self, IsTerminal, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::thread;

use onebox_vm::{Error as VmError, socket};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::select::Select;
use crate::error::{Error, IoContext};

/// Ctrl-] as telnet has it: hardly anything else uses it.
const DETACH: u8 = 0x1d;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
}

impl Args {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let vm = self.select.open()?;
        if vm.pid()?.is_none() {
            return Err(VmError::NotRunning(vm.state().dir().into()).into());
        }
        let socket = socket::connect(&vm.state().console_socket());
        let socket = socket.doing("connect to the serial line")?;
        eprintln!("Attached to the serial line; Ctrl-] detaches.");
        let raw = RawTerminal::enter()?;
        let result = relay(&socket);
        drop(raw);
        eprintln!("\nDetached.");
        result.doing("relay the serial line")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Copies both ways until the box ends or the person detaches.
fn relay(socket: &UnixStream) -> io::Result<()> {
    let keys = socket.try_clone()?;
    // Not joined: it may sit in a read of the terminal when the box ends.
    thread::spawn(move || {
        let _ = send_keys(&mut io::stdin().lock(), &keys);
        // Wakes the other direction.
        let _ = keys.shutdown(Shutdown::Both);
    });
    let mut stdout = io::stdout().lock();
    let mut buffer = [0; 4096];
    loop {
        let count = (&mut &*socket).read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        stdout.write_all(&buffer[..count])?;
        stdout.flush()?;
    }
}

/// Sends what is typed until the detaching key, or the end of the input.
fn send_keys(input: &mut impl Read, mut line: impl Write) -> io::Result<()> {
    let mut buffer = [0; 256];
    loop {
        let count = input.read(&mut buffer)?;
        let typed = &buffer[..count];
        let until = typed.iter().position(|byte| *byte == DETACH);
        line.write_all(&typed[..until.unwrap_or(count)])?;
        if count == 0 || until.is_some() {
            return Ok(());
        }
    }
}

/// A terminal that passes every key on, until this is dropped.
struct RawTerminal(Option<Termios>);

impl RawTerminal {
    fn enter() -> Result<Self, Error> {
        if !io::stdin().is_terminal() {
            return Ok(Self(None));
        }
        let before = tcgetattr(io::stdin())
            .map_err(io::Error::from)
            .doing("ask the terminal")?;
        let mut raw = before.clone();
        raw.make_raw();
        let set = tcsetattr(io::stdin(), OptionalActions::Flush, &raw);
        set.map_err(io::Error::from).doing("switch the terminal")?;
        Ok(Self(Some(before)))
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // The person can still type `reset`.
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_detaching_key_ends_and_is_not_sent() {
        let mut line = Vec::new();
        send_keys(&mut &b"ls\r\x1dmore"[..], &mut line).unwrap();
        assert_eq!(line, b"ls\r");
        line.clear();
        send_keys(&mut &b"to the end"[..], &mut line).unwrap();
        assert_eq!(line, b"to the end");
    }
}
