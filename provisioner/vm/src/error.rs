//! The one error type of this crate. Every message is a single line that says
//! what was tried, with what, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What can go wrong with a virtual machine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file operation failed.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// The operation, as a verb.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file operation was not permitted.
    #[error("no permission to {doing} {}: run as its owner, or choose another place with --state", path.display())]
    Permission {
        /// The operation, as a verb.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
    },
    /// A program this needs is not there.
    #[error("{program} is not installed: `apt install {package}` brings it")]
    MissingProgram {
        /// The program's name.
        program: String,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// UEFI was asked for and its firmware is not there.
    #[error("UEFI firmware is not installed (looked in {}): `apt install ovmf` brings it", looked_in.display())]
    MissingFirmware {
        /// The directory searched.
        looked_in: PathBuf,
    },
    /// A program ended with a failure.
    #[error("{program} failed ({status}): {detail}")]
    Program {
        /// The program's name.
        program: String,
        /// How it ended.
        status: String,
        /// The last line it wrote to stderr.
        detail: String,
    },
    /// The image can't be used.
    #[error("the image {} is damaged: {detail}; download or build it again", path.display())]
    DamagedImage {
        /// The file given.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The image does not exist.
    #[error("there is no image at {}: check the path given to --image", .0.display())]
    NoImage(PathBuf),
    /// There is neither an image nor a virtual machine made from one earlier.
    #[error("there is no virtual machine in {} yet: name an image with --image FILE", .0.display())]
    NoState(PathBuf),
    /// There is no default place for the state.
    #[error("neither XDG_STATE_HOME nor HOME is set: choose a place with --state DIR")]
    NoHome,
    /// A virtual machine is there already.
    #[error("there is a virtual machine in {} already: start it, or start over with --fresh", .0.display())]
    Exists(PathBuf),
    /// An update of the disk was cut short.
    #[error("the last write to {} was interrupted: give the image again with --image FILE, or start over with --fresh", .0.display())]
    HalfWritten(PathBuf),
    /// The new image has another partition table.
    #[error(
        "the image has another disk layout than the existing virtual machine ({detail}): start over with --fresh, which erases its data"
    )]
    LayoutChanged {
        /// The partition that differs and how.
        detail: String,
    },
    /// The file system is too full.
    #[error("not enough disk space in {}: {} needed, {} free; make room or choose another place with --state", dir.display(), mib(*needed), mib(*free))]
    DiskSpace {
        /// Where the disk would be.
        dir: PathBuf,
        /// Bytes wanted.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// The disk asked for is impossible.
    #[error("a disk of {} cannot be used: {detail}; choose another --disk-size", mib(*wanted))]
    DiskSize {
        /// Bytes asked for.
        wanted: u64,
        /// Why not.
        detail: String,
    },
    /// The machine has too little memory left.
    #[error(
        "not enough memory: the virtual machine is to have {wanted_mib} MiB and {available_mib} MiB are available; close something or choose a smaller --memory"
    )]
    Memory {
        /// MiB asked for.
        wanted_mib: u64,
        /// MiB available.
        available_mib: u64,
    },
    /// Another program listens on a port.
    #[error("port {port} is taken by {owner}: stop that, or choose another with --{purpose}-port")]
    PortTaken {
        /// The port on this machine.
        port: u16,
        /// What the port is for: https, http or ssh.
        purpose: &'static str,
        /// Who has it, as far as it can be known.
        owner: String,
    },
    /// A port can't be bound for another reason.
    #[error("port {port} cannot be used ({source}): choose another with --{purpose}-port")]
    Port {
        /// The port on this machine.
        port: u16,
        /// What the port is for: https, http or ssh.
        purpose: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// The virtual machine runs and the operation needs it stopped.
    #[error("the virtual machine in {} is running (process {pid}): stop it with `boxctl vm down` first", dir.display())]
    Running {
        /// The state directory.
        dir: PathBuf,
        /// QEMU's process.
        pid: u32,
    },
    /// The virtual machine is stopped and the operation needs it running.
    #[error("the virtual machine in {} is not running: start it with `boxctl vm up`", .0.display())]
    NotRunning(PathBuf),
    /// Another command works on the same state directory.
    #[error("another command is working on {}: wait for it to end", .0.display())]
    Busy(PathBuf),
    /// The settings can't be read.
    #[error("{} is not readable as settings ({source}): start over with --fresh", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// The parser's reason.
        source: serde_json::Error,
    },
    /// QEMU answered a command with an error.
    #[error("QEMU refused {command}: {detail}")]
    Qmp {
        /// The command.
        command: String,
        /// QEMU's description.
        detail: String,
    },
    /// The control socket says something that is not the protocol.
    #[error("QEMU's control socket {} broke off: {detail}", path.display())]
    QmpBroken {
        /// The socket.
        path: PathBuf,
        /// What was seen.
        detail: String,
    },
    /// The virtual machine stopped by itself.
    #[error("the virtual machine stopped while {during}: see {}", log.display())]
    Died {
        /// What was being waited for.
        during: String,
        /// The serial log.
        log: PathBuf,
    },
    /// Whoever waited for a start wants it no more.
    #[error("the start was interrupted")]
    Interrupted,
    /// Something did not happen in time.
    #[error("{what} did not happen within {} s", limit.as_secs())]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long.
        limit: Duration,
    },
    /// An HTTPS exchange failed.
    #[error("no HTTPS answer from {address}: {detail}")]
    Https {
        /// The address asked.
        address: String,
        /// Why.
        detail: String,
    },
    /// A certificate can't be read.
    #[error("the certificate from {origin} is not usable: {detail}")]
    Certificate {
        /// Where it came from.
        origin: String,
        /// Why.
        detail: String,
    },
}

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Gives an I/O error the operation and the path it belongs to.
pub trait IoContext<T> {
    /// Names the operation (a verb) and the path.
    fn at(self, doing: &'static str, path: &Path) -> Result<T>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| match source.kind() {
            io::ErrorKind::PermissionDenied => Error::Permission {
                doing,
                path: path.into(),
            },
            _ => Error::Io {
                doing,
                path: path.into(),
                source,
            },
        })
    }
}

/// Bytes as people read them.
fn mib(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    if bytes >= 10 * 1024 * MIB {
        format!("{} GiB", bytes / (1024 * MIB))
    } else {
        format!("{} MiB", bytes.div_ceil(MIB))
    }
}
