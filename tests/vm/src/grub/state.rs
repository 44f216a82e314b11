//! Boot states as bytes, written down once more from the book and not with the
//! keeper's own code.

use std::io::Write as _;
use std::process::{Command, Stdio};

const SECTOR: usize = 512;

/// A boot state.
#[derive(Clone, Copy, Debug)]
pub struct State {
    /// The committed slot.
    pub boot: &'static str,
    /// The slot on trial, or nothing.
    pub trial: &'static str,
    /// `yes` or `no`.
    pub other_ok: &'static str,
    /// Under which starts are counted.
    pub nonce: &'static str,
}

impl State {
    /// Its block.
    #[must_use]
    pub fn block(&self) -> Vec<u8> {
        let Self {
            boot,
            trial,
            other_ok,
            nonce,
        } = self;
        block(&format!(
            "serial=9\nboot={boot}\ntrial={trial}\nother_ok={other_ok}\nnonce={nonce}\n"
        ))
    }
}

/// A count of starts.
#[must_use]
pub fn tries(nonce: &str, count: u8) -> Vec<u8> {
    block(&format!("tries={nonce}:{count}\n"))
}

fn block(variables: &str) -> Vec<u8> {
    let mut block = format!("# GRUB Environment Block\n{variables}").into_bytes();
    block.resize(SECTOR, b'#');
    block
}

/// The line with a state's checksum.
///
/// # Panics
/// When there is no `sha256sum`.
#[must_use]
pub fn sum(state: &[u8]) -> Vec<u8> {
    let mut command = Command::new("sha256sum");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("run sha256sum");
    let mut stdin = child.stdin.take().expect("its standard input");
    stdin.write_all(state).expect("hand it the state");
    drop(stdin);
    let output = child.wait_with_output().expect("wait for sha256sum");
    let digest = String::from_utf8_lossy(&output.stdout);
    let digest = digest.split(' ').next().unwrap_or_default();
    format!("{digest}  state.env\n").into_bytes()
}
