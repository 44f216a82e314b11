//! One virtual machine for one scenario, its boots, and what it leaves behind.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use onebox_vm::firmware::Firmware;
use onebox_vm::https::Client;
use onebox_vm::vm::Ended;
use onebox_vm::{Settings, State, Vm, ports, ready};

use crate::Guest;

/// Emulated, on a machine that builds something else at the same time.
const READY_LIMIT: Duration = Duration::from_secs(480);

const POWERDOWN_LIMIT: Duration = Duration::from_secs(180);

/// More than the default, so that growing can be told from not growing.
pub const DISK_GIB: u64 = 9;

/// The image under test.
///
/// # Panics
/// When `ONEBOX_IMAGE` does not name a file.
#[must_use]
pub fn image() -> PathBuf {
    let path = env::var_os("ONEBOX_IMAGE").map(PathBuf::from).expect(
        "ONEBOX_IMAGE is not set: these tests need a built image; run `cargo xtask test`, or set it to a raw image",
    );
    assert!(
        path.is_file(),
        "ONEBOX_IMAGE names {}, which is not a file",
        path.display()
    );
    path
}

/// A virtual machine made of the image for one scenario.
#[derive(Debug)]
pub struct Scenario {
    dir: PathBuf,
    vm: Vm,
    boots: u32,
}

impl Scenario {
    /// A fresh machine; what an earlier run of the scenario left is removed.
    ///
    /// # Panics
    /// When it can't be made.
    #[must_use]
    pub fn fresh(name: &str, firmware: Firmware) -> Self {
        let image = image();
        let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../target/vm")
            .join(name);
        if dir.exists() {
            kill_left_over(&dir);
            fs::remove_dir_all(&dir).expect("remove what an earlier run left");
        }
        fs::create_dir_all(&dir).expect("create the scenario's directory");
        let ports = ports::free().expect("three free ports");
        let settings = Settings {
            disk_gib: DISK_GIB,
            firmware,
            ports,
            ..Settings::default()
        };
        let vm = Vm::create(state(&dir), settings, &image).expect("make the machine");
        Self {
            dir,
            vm: vm.kill_on_drop(),
            boots: 0,
        }
    }

    /// Starts the machine and waits until its application is ready; returns a
    /// client that trusts the box's certificate and nothing else.
    ///
    /// # Panics
    /// When it does not get ready, with the end of its serial log.
    pub fn boot(&mut self) -> Client {
        self.boots += 1;
        let begun = Instant::now();
        let choice = self.vm.start().expect("start the machine");
        let mut last = String::new();
        let waited = ready::wait(&self.vm, READY_LIMIT, |progress| {
            let now = progress.describe();
            if now != last {
                self.note(&format!("{:>4} s  {now}", begun.elapsed().as_secs()));
                last = now;
            }
            true
        });
        self.keep_log();
        match waited {
            Ok(Some(client)) => {
                let seconds = begun.elapsed().as_secs();
                self.note(&format!(
                    "{seconds:>4} s  ready, by {} ({})",
                    choice.accel, choice.reason
                ));
                client
            }
            Ok(None) => panic!("nobody asked to stop waiting"),
            Err(error) => panic!("{error}\n{}", self.trouble()),
        }
    }

    /// The box as its operator sees it.
    #[must_use]
    pub fn guest(&self) -> Guest {
        Guest::new(self.vm.ssh())
    }

    /// Where its logs are kept.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The machine.
    #[must_use]
    pub fn vm(&self) -> &Vm {
        &self.vm
    }

    /// Takes the machine's power away, as a failing socket would.
    ///
    /// # Panics
    /// When it can't.
    pub fn cut_power(&self) {
        self.vm.quit().expect("cut the power");
        self.keep_log();
        self.note("power cut");
    }

    /// Presses the power button; the box must shut down by itself.
    ///
    /// # Panics
    /// When it does not.
    pub fn power_off(&self) {
        let ended = self
            .vm
            .powerdown(POWERDOWN_LIMIT)
            .expect("press the power button");
        self.keep_log();
        assert_eq!(
            ended,
            Ended::Cleanly,
            "the box ignored its power button\n{}",
            self.trouble()
        );
    }

    /// Writes a line to the scenario's own log and to the test's output.
    pub fn note(&self, line: &str) {
        println!("{line}");
        let path = self.dir.join("scenario.log");
        let mut log = fs::read_to_string(&path).unwrap_or_default();
        log.push_str(line);
        log.push('\n');
        // The log is a help and not the test.
        let _ = fs::write(path, log);
    }

    /// Keeps something worth reading after a failure.
    pub fn keep(&self, name: &str, content: &str) {
        let _ = fs::write(self.dir.join(name), content);
    }

    fn keep_log(&self) {
        let to = self.dir.join(format!("serial-{}.log", self.boots));
        let _ = fs::copy(self.vm.serial().path(), to);
    }

    fn trouble(&self) -> String {
        let log = self.vm.serial().tail(40).unwrap_or_default().join("\n");
        let units = "systemctl --failed --no-legend --plain; journalctl -b -p warning --no-pager | tail -60";
        let told = self
            .vm
            .ssh()
            .connect_limit(Duration::from_secs(20))
            .output(units);
        let told = told.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let told = told.unwrap_or_default();
        self.keep("trouble.log", &format!("{log}\n\n{told}"));
        format!("--- serial log\n{log}\n--- the box\n{told}")
    }
}

impl Drop for Scenario {
    fn drop(&mut self) {
        self.keep_log();
        if std::thread::panicking() && self.vm.pid().is_ok_and(|pid| pid.is_some()) {
            let _ = self.trouble();
        }
        // The logs are kept, gigabytes of disk are not.
        let _ = self.vm.kill();
        let _ = fs::remove_file(self.vm.state().disk());
    }
}

fn state(dir: &Path) -> State {
    State::new(dir.join("machine"))
}

/// A run that was killed leaves its QEMU behind.
fn kill_left_over(dir: &Path) {
    if let Ok(vm) = Vm::open(state(dir)) {
        vm.kill().expect("end the machine of an earlier run");
    }
}
