//! A machine without network that is killed as soon as it has said enough.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use onebox_vm::command::escape;
use onebox_vm::firmware::{self, Firmware};
use onebox_vm::vm::QEMU;

/// A start takes a second or two, and much longer beside a build.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running machine.
#[derive(Debug)]
pub struct Machine {
    qemu: Child,
    log: PathBuf,
}

impl Machine {
    /// Starts it with this disk; its serial line goes to a file beside that.
    ///
    /// # Panics
    /// When QEMU or the firmware is missing.
    #[must_use]
    pub fn start(disk: &Path, firmware: Firmware) -> Self {
        let log = disk.with_extension("log");
        let _absent = fs::remove_file(&log);
        let mut command = Command::new(QEMU);
        command.args(["-nodefaults", "-no-user-config", "-machine", "q35"]);
        // Emulated everywhere: these are seconds, and the same ones everywhere.
        command.args(["-accel", "tcg", "-m", "256", "-display", "none"]);
        if firmware == Firmware::Uefi {
            let ovmf = firmware::with_own_vars(&disk.with_extension("vars")).expect("UEFI");
            for (unit, file, more) in [(0, &ovmf.code, ",readonly=on"), (1, &ovmf.vars, "")] {
                let file = escape(file);
                let drive = format!("if=pflash,unit={unit},format=raw{more},file={file}");
                command.args(["-drive", &drive]);
            }
        }
        let drive = format!("if=none,id=disk,format=raw,file={}", escape(disk));
        command.args(["-drive", &drive]);
        command.args(["-device", "virtio-blk-pci,drive=disk,bootindex=0"]);
        command.args(["-serial", &format!("file:{}", escape(&log))]);
        let qemu = command.stdin(Stdio::null()).spawn().expect("start QEMU");
        Self { qemu, log }
    }

    /// What it says until `count` lines begin with one of `words`; those lines,
    /// without the words that all of GRUB's lines begin with.
    ///
    /// # Panics
    /// When it does not say so much in time.
    #[must_use]
    pub fn lines(&self, words: &[&str], count: usize) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text =
                String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned();
            let ended = text.rsplit_once('\n').map_or("", |(ended, _)| ended);
            let mut said = Vec::new();
            for line in ended.lines() {
                // UEFI's console may be the serial line too: every line twice.
                let Some((_, line)) = line.split_once("Onebox: ") else {
                    continue;
                };
                let line = line.split("Onebox: ").next().unwrap_or_default().trim();
                if words.iter().any(|word| line.starts_with(word)) {
                    said.push(line.to_owned());
                }
            }
            if said.len() >= count {
                said.truncate(count);
                return said;
            }
            assert!(
                Instant::now() < deadline,
                "{said:?} is all it said in {PATIENCE:?}:\n{text}"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ended = self.qemu.kill();
        let _status = self.qemu.wait();
    }
}
