//! Starts a guest of 150 bytes to see whether an accelerator runs one.
//!
//! It takes a fraction of a second and finds most of what would kill a box: a
//! device that opens and runs nothing, and a KVM that interprets a kernel's
//! instructions in software, slower than QEMU and without knowing them all.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::accel::Accel;
use crate::error::{IoContext, Result};
use crate::process;

/// A working accelerator answers in a fraction of a second, and on a machine
/// that does ten other things in a few.
const LIMIT: Duration = Duration::from_secs(10);

/// QEMU ends with `value * 2 + 1` when the guest writes `value` to its exit
/// device; this guest writes 0x10.
const GUEST_EXIT: i32 = 0x21;

/// What QEMU writes when KVM gave up. It then keeps the guest paused.
const GAVE_UP: &str = "KVM internal error";

/// A boot sector that does what dying guests die of: it fills page tables,
/// enables PAE and long mode through the control registers and EFER, jumps to
/// 64-bit code, executes `cpuid`, `rdtsc` and `lock cmpxchg16b` (every kernel's
/// allocator has it, software interpreters do not), counts down from 2^26 (a
/// processor needs 0.02 s, an interpreter minutes), and writes 0x10 to port 0xf4.
#[rustfmt::skip]
const GUEST: [u8; 150] = [
    // cli; ds = es = ss = 0; 12 KiB of zeros at 0x1000
    0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0xbf, 0x00, 0x10,
    0xb9, 0x00, 0x18, 0xf3, 0xab,
    // three levels of page tables, the last a 2 MiB page at 0
    0x66, 0xc7, 0x06, 0x00, 0x10, 0x03, 0x20, 0x00, 0x00,
    0x66, 0xc7, 0x06, 0x00, 0x20, 0x03, 0x30, 0x00, 0x00,
    0x66, 0xc7, 0x06, 0x00, 0x30, 0x83, 0x00, 0x00, 0x00,
    // cr3 = 0x1000; cr4 |= PAE
    0x66, 0xb8, 0x00, 0x10, 0x00, 0x00, 0x0f, 0x22, 0xd8,
    0x0f, 0x20, 0xe0, 0x0c, 0x20, 0x0f, 0x22, 0xe0,
    // EFER |= LME
    0x66, 0xb9, 0x80, 0x00, 0x00, 0xc0, 0x0f, 0x32, 0x80, 0xcc, 0x01, 0x0f, 0x30,
    // lgdt; cr0 |= PG | PE; far jump to 64-bit code
    0x0f, 0x01, 0x16, 0x90, 0x7c, 0x0f, 0x20, 0xc0, 0x66, 0x0d, 0x01, 0x00, 0x00,
    0x80, 0x0f, 0x22, 0xc0, 0xea, 0x60, 0x7c, 0x08, 0x00,
    // eax = 0; cpuid; rdtsc; lock cmpxchg16b [0x4000]
    0x31, 0xc0, 0x0f, 0xa2, 0x0f, 0x31,
    0xf0, 0x48, 0x0f, 0xc7, 0x0c, 0x25, 0x00, 0x40, 0x00, 0x00,
    // ecx = 2^26, down to 0; out 0xf4, 0x10; hlt for ever
    0xb9, 0x00, 0x00, 0x00, 0x04, 0xff, 0xc9, 0x75, 0xfc,
    0xb0, 0x10, 0xe6, 0xf4, 0xf4, 0xeb, 0xfd,
    // GDT: null, 64-bit code; its register
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x9a, 0x20, 0x00,
    0x0f, 0x00, 0x80, 0x7c, 0x00, 0x00,
];

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The guest ran to its end.
    Works,
    /// It did not, and why.
    Fails(String),
}

/// Runs the guest under `accel`, using `disk` as a scratch file.
///
/// # Errors
/// When QEMU is missing or the scratch file can't be written.
pub fn run(qemu: &Path, disk: &Path, accel: Accel, cpu: &str) -> Result<Verdict> {
    fs::write(disk, boot_sector()).at("write", disk)?;
    let mut command = Command::new(qemu);
    command
        .args([
            "-nodefaults",
            "-no-user-config",
            "-machine",
            "q35",
            "-m",
            "64",
        ])
        .args(["-accel", accel.argument(), "-cpu", cpu, "-display", "none"])
        .args(["-device", "isa-debug-exit,iobase=0xf4,iosize=1"])
        .args(["-device", "virtio-blk-pci,drive=d,bootindex=0"])
        .arg("-drive")
        .arg(format!(
            "if=none,id=d,format=raw,file={}",
            crate::command::escape(disk)
        ))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|error| process::not_started(&command, "qemu-system-x86", &error))?;
    let ended = watch(&lines(child.stderr.take()), LIMIT);
    if !matches!(ended, Ended::Itself(_)) {
        let _ = child.kill();
    }
    let status = child.wait().at("wait for", qemu)?;
    let _ = fs::remove_file(disk);
    Ok(match ended {
        Ended::Itself(_) if status.code() == Some(GUEST_EXIT) => Verdict::Works,
        Ended::Itself(first) => Verdict::Fails(reason(&first)),
        Ended::GaveUp => Verdict::Fails("it gave up with an internal error".into()),
        Ended::Never => Verdict::Fails(format!("a guest hung in it for {} s", LIMIT.as_secs())),
    })
}

/// How a guest ended.
enum Ended {
    /// QEMU closed its stderr; the first line on it.
    Itself(String),
    /// QEMU said that KVM did.
    GaveUp,
    /// It ran on.
    Never,
}

/// Watches QEMU's stderr until it ends, KVM gives up, or `limit` has passed.
fn watch(lines: &Receiver<String>, limit: Duration) -> Ended {
    let deadline = Instant::now() + limit;
    let mut first = None;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            Ok(line) if line.contains(GAVE_UP) => return Ended::GaveUp,
            Ok(line) => {
                first.get_or_insert(line);
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Ended::Itself(first.unwrap_or_default());
            }
            Err(RecvTimeoutError::Timeout) => return Ended::Never,
        }
    }
}

/// The lines of QEMU's stderr as they come.
fn lines(stderr: Option<ChildStderr>) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        let Some(stderr) = stderr else { return };
        for line in BufReader::new(stderr).lines().map_while(io::Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// QEMU's line without its own name.
fn reason(line: &str) -> String {
    let line = match line.trim() {
        "" => "a guest died in it",
        line => line,
    };
    let line = line.split_once(": ").map_or(line, |(_, told)| told);
    line.trim_start_matches("error: ").into()
}

fn boot_sector() -> Vec<u8> {
    let mut disk = vec![0; 1 << 20];
    disk[..GUEST.len()].copy_from_slice(&GUEST);
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);
    disk
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qemu() -> &'static Path {
        Path::new(crate::vm::QEMU)
    }

    #[test]
    fn the_guest_runs_to_its_end_when_emulated() {
        let temp = tempfile::tempdir().unwrap();
        let disk = temp.path().join("probe.img");
        assert_eq!(
            run(qemu(), &disk, Accel::Tcg, "qemu64").unwrap(),
            Verdict::Works
        );
        assert!(!disk.exists());
    }

    #[test]
    fn a_guest_that_kvm_gave_up_on_is_not_waited_for() {
        let (sender, lines) = mpsc::channel();
        for line in ["warning: something else", "KVM internal error. Suberror: 1"] {
            sender.send(line.to_owned()).unwrap();
        }
        let ended = watch(&lines, Duration::from_secs(60));
        assert!(matches!(ended, Ended::GaveUp));
        assert!(matches!(watch(&lines, Duration::ZERO), Ended::Never));
        sender.send("first: no such device".into()).unwrap();
        drop(sender);
        let ended = watch(&lines, Duration::from_secs(60));
        assert!(matches!(ended, Ended::Itself(line) if line.contains("no such device")));
    }

    #[test]
    fn a_guest_that_cannot_start_is_a_failure_with_a_reason() {
        let temp = tempfile::tempdir().unwrap();
        let disk = temp.path().join("probe.img");
        let verdict = run(qemu(), &disk, Accel::Tcg, "no-such-cpu").unwrap();
        assert!(matches!(verdict, Verdict::Fails(reason) if reason.contains("no-such-cpu")));
    }
}
