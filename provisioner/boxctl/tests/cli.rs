//! The command as a person or a script meets it, with real QEMU and a guest of
//! a few bytes in place of the box.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use onebox_vm::{State, Vm, ports, testing};

struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        testing::write_image(&bench.image(), 1).unwrap();
        bench
    }

    fn image(&self) -> PathBuf {
        self.dir.path().join("onebox.raw")
    }

    fn state(&self) -> State {
        State::new(self.dir.path().join("state/onebox/vm/default"))
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_boxctl"));
        command
            .args(args)
            .env("XDG_STATE_HOME", self.dir.path().join("state"));
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs a command that must fail, and returns its one line.
    fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(!output.status.success(), "{args:?} succeeded");
        assert!(output.stdout.is_empty(), "{args:?} wrote to stdout");
        last_line(&output)
    }

    /// `vm up` on free ports, small, and not for long: the guest is no box.
    fn up(&self, more: &[&str]) -> Command {
        let free = ports::free().unwrap();
        let mut command = self.command(&["vm", "up", "--memory", "64", "--cpus", "1"]);
        command
            .args(["--disk-size", "1", "--image"])
            .arg(self.image());
        command.arg(format!("--https-port={}", free.https));
        command.arg(format!("--http-port={}", free.http));
        command.arg(format!("--ssh-port={}", free.ssh)).args(more);
        command
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Ok(vm) = Vm::open(self.state()) {
            let _ = vm.kill();
        }
    }
}

fn last_line(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let line = stderr.lines().next_back().unwrap_or_default().to_owned();
    assert!(
        line.starts_with("boxctl: ") || line.starts_with("error: "),
        "{stderr}"
    );
    line
}

#[test]
fn a_box_that_does_not_get_ready_shows_why_and_can_be_looked_into() {
    let bench = Bench::new();
    let output = bench.up(&["--detach", "--timeout", "3"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        stderr.contains(testing::GREETING),
        "the serial log is missing: {stderr}"
    );
    assert!(stderr.contains("does not answer by SSH"), "{stderr}");
    let line = last_line(&output);
    assert!(
        line.contains("did not get ready within 3 s (userspace)"),
        "{line}"
    );

    let status = bench.run(&["vm", "status", "--json"]);
    assert_eq!(status.status.code(), Some(3));
    let report: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert!(
        report["pid"].is_u64() && report["ready"].is_null(),
        "{report}"
    );

    let again = bench.refused(&["vm", "up"]);
    assert!(
        again.contains("is running") && again.contains("boxctl vm down"),
        "{again}"
    );
    let reset = bench.refused(&["vm", "reset", "--yes"]);
    assert!(reset.contains("is running"), "{reset}");

    let list = bench.run(&["vm", "list"]);
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(
        list.contains("default") && list.contains("running"),
        "{list}"
    );

    assert!(bench.run(&["vm", "down"]).status.success());
    let down = bench.refused(&["vm", "down"]);
    assert!(down.contains("is not running"), "{down}");
    assert!(bench.run(&["vm", "reset", "--yes"]).status.success());
    assert!(!bench.state().exists());
}

#[test]
fn ctrl_c_shuts_the_box_down_in_order() {
    let bench = Bench::new();
    let mut child = bench.up(&[]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut seen = lines.by_ref().map(Result::unwrap);
    assert!(
        seen.any(|line| line.contains("userspace")),
        "the guest did not start"
    );
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success(), "{rest:?}");
    assert!(
        rest.iter().any(|line| line.contains("has shut down")),
        "{rest:?}"
    );
    let log = fs::read_to_string(bench.state().serial_log()).unwrap();
    assert!(log.contains(testing::GOODBYE), "{log}");
}

#[test]
fn the_console_relays_until_the_key_to_detach() {
    let bench = Bench::new();
    bench.up(&["--detach", "--timeout", "2"]).output().unwrap();
    let mut console = bench.command(&["vm", "console"]);
    let mut console = console
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    console.stdin.take().unwrap().write_all(b"\x1d").unwrap();
    assert!(console.wait().unwrap().success());

    let mut console = bench.command(&["vm", "console"]);
    let mut console = console
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // QEMU serves one client: the line is ours once a second one is kept waiting.
    std::thread::sleep(Duration::from_millis(500));
    assert!(UnixStream::connect(bench.state().console_socket()).is_ok());
    assert!(bench.run(&["vm", "down"]).status.success());
    let mut heard = String::new();
    console
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut heard)
        .unwrap();
    assert!(heard.contains(testing::GOODBYE), "{heard:?}");
    console.wait().unwrap();
}

#[test]
fn a_start_without_image_or_state_says_what_is_missing() {
    let bench = Bench::new();
    let line = bench.refused(&["vm", "up"]);
    assert!(line.contains("--image FILE"), "{line}");
    for command in ["down", "ssh", "console", "status", "reset"] {
        let line = bench.refused(&["vm", command]);
        assert!(line.contains("no virtual machine"), "{command}: {line}");
    }
    let line = bench.refused(&["vm", "up", "--image", "/nowhere.raw"]);
    assert!(line.contains("no image at /nowhere.raw"), "{line}");
}

#[test]
fn a_damaged_image_is_refused() {
    let bench = Bench::new();
    let file = OpenOptions::new().write(true).open(bench.image()).unwrap();
    file.set_len(1 << 20).unwrap();
    let output = bench.up(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let line = last_line(&output);
    assert!(
        line.contains("is damaged") && line.contains("cut short"),
        "{line}"
    );
    assert!(!bench.state().exists());
}

#[test]
fn impossible_sizes_are_refused() {
    let bench = Bench::new();
    let run = |more: &[&str]| last_line(&bench.command(more).output().unwrap());
    let image = bench.image();
    let image = image.to_str().unwrap();
    let line = run(&["vm", "up", "--image", image, "--disk-size", "100000000"]);
    assert!(line.contains("--disk-size"), "{line}");
    let line = run(&["vm", "up", "--image", image, "--memory", "100000000"]);
    assert!(
        line.contains("not enough memory") && line.contains("--memory"),
        "{line}"
    );
}

#[test]
fn a_taken_port_is_named() {
    let bench = Bench::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = bench.up(&["--json", "--timeout", "1"]).output();
    // The first start made the machine; the ports of the second count.
    assert!(!output.unwrap().status.success());
    let line = bench.refused(&["vm", "up", "--ssh-port", &port.to_string()]);
    assert!(line.contains(&format!("port {port} is taken by")), "{line}");
}

#[test]
fn nothing_is_erased_without_a_yes() {
    let bench = Bench::new();
    bench.up(&["--timeout", "1"]).output().unwrap();
    assert!(bench.state().exists());
    let line = bench.refused(&["vm", "reset"]);
    assert!(line.contains("--yes"), "{line}");
    let output = bench.up(&["--fresh"]).output().unwrap();
    assert!(last_line(&output).contains("--yes"));
    assert!(bench.state().exists());
}

#[test]
fn a_missing_qemu_names_its_package() {
    let bench = Bench::new();
    let empty = bench.dir.path().join("bin");
    fs::create_dir(&empty).unwrap();
    std::os::unix::fs::symlink("/usr/bin/ssh-keygen", empty.join("ssh-keygen")).unwrap();
    let output = bench.up(&[]).env("PATH", &empty).output().unwrap();
    let line = last_line(&output);
    assert!(line.contains("apt install qemu-system-x86"), "{line}");
}

#[test]
fn the_first_administrator_is_shown_from_the_box_s_own_file() {
    let bench = Bench::new();
    let file = bench.dir.path().join("admin.json");
    let shown = || bench.run(&["admin", "show", "--file", file.to_str().unwrap()]);
    let line = last_line(&shown());
    assert!(line.contains("first boot"), "{line}");
    fs::write(&file, r#"{"email":"a@b","password":"secret words"}"#).unwrap();
    let text = String::from_utf8(shown().stdout).unwrap();
    assert!(
        text.contains("a@b") && text.contains("secret words"),
        "{text}"
    );
    fs::write(&file, "{}").unwrap();
    assert!(!shown().status.success());
}

#[test]
fn the_version_is_told_also_where_there_is_no_box() {
    let bench = Bench::new();
    let output = bench.run(&["version", "--json"]);
    let versions: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(versions["boxctl"], env!("CARGO_PKG_VERSION"));
}
