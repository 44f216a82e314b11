//! Whole machines: real QEMU, and a guest of a few bytes in place of the box.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use onebox_vm::accel::Accel;
use onebox_vm::firmware::Firmware;
use onebox_vm::gpt::{Gpt, SECTOR};
use onebox_vm::vm::{Ended, Refresh};
use onebox_vm::{Error, Settings, State, Vm, ports, socket, testing};

/// Generous: other tests boot machines at the same time.
const LIMIT: Duration = Duration::from_secs(60);

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
        // Longer than a socket's path may be, and with a comma.
        State::new(
            self.dir
                .path()
                .join("a,b")
                .join("long".repeat(30))
                .join("box"),
        )
    }

    fn settings(&self) -> Settings {
        let ports = ports::free().unwrap();
        Settings {
            memory_mib: 64,
            cpus: 1,
            disk_gib: 1,
            ports,
            ..Settings::default()
        }
    }

    fn create(&self) -> Vm {
        Vm::create(self.state(), self.settings(), &self.image())
            .unwrap()
            .kill_on_drop()
    }
}

#[test]
fn a_machine_starts_is_seen_by_others_and_obeys_its_power_button() {
    let bench = Bench::new();
    let vm = bench.create();
    assert_eq!(vm.pid().unwrap(), None);
    vm.start().unwrap();
    vm.serial().wait_for(testing::GREETING, LIMIT).unwrap();
    assert_eq!(vm.run_state().unwrap(), "running");

    let other = Vm::open(bench.state()).unwrap();
    assert_eq!(other.pid().unwrap(), vm.pid().unwrap());
    assert!(matches!(other.start(), Err(Error::Running { .. })));
    assert!(matches!(bench.state().remove(), Err(Error::Running { .. })));

    assert_eq!(other.powerdown(LIMIT).unwrap(), Ended::Cleanly);
    assert!(vm.serial().read().unwrap().contains(testing::GOODBYE));
    assert_eq!(vm.pid().unwrap(), None);
    assert!(matches!(vm.powerdown(LIMIT), Err(Error::NotRunning(_))));
}

#[test]
fn a_power_cut_is_at_once_and_the_log_of_the_start_before_is_kept() {
    let bench = Bench::new();
    let vm = bench.create();
    for _ in 0..2 {
        vm.start().unwrap();
        vm.serial().wait_for(testing::GREETING, LIMIT).unwrap();
        vm.quit().unwrap();
        assert_eq!(vm.pid().unwrap(), None);
    }
    assert!(!vm.serial().read().unwrap().contains(testing::GOODBYE));
    let before = fs::read_to_string(vm.state().old_serial_log(1)).unwrap();
    assert!(before.contains(testing::GREETING), "{before}");
}

#[test]
fn a_box_that_ignores_its_power_button_is_cut_off() {
    let bench = Bench::new();
    let vm = bench.create();
    vm.start().unwrap();
    vm.serial().wait_for(testing::GREETING, LIMIT).unwrap();
    // A stopped processor can't see the button.
    vm.qmp()
        .unwrap()
        .execute("stop", serde_json::json!({}))
        .unwrap();
    let begun = Instant::now();
    assert_eq!(vm.powerdown(Duration::from_secs(1)).unwrap(), Ended::Cut);
    assert!(begun.elapsed() < LIMIT / 2, "{:?}", begun.elapsed());
}

#[test]
fn the_console_socket_is_the_serial_line() {
    let bench = Bench::new();
    let vm = bench.create();
    vm.start().unwrap();
    vm.serial().wait_for(testing::GREETING, LIMIT).unwrap();
    let mut console = socket::connect(&vm.state().console_socket()).unwrap();
    console.set_read_timeout(Some(LIMIT)).unwrap();
    vm.press_power_button().unwrap();
    let mut heard = String::new();
    console.read_to_string(&mut heard).unwrap();
    assert!(heard.contains(testing::GOODBYE), "{heard:?}");
}

#[test]
fn dropping_a_test_machine_ends_it() {
    let bench = Bench::new();
    let vm = bench.create();
    vm.start().unwrap();
    drop(vm);
    assert_eq!(Vm::open(bench.state()).unwrap().pid().unwrap(), None);
}

#[test]
fn uefi_starts_with_variables_of_its_own() {
    let bench = Bench::new();
    let settings = Settings {
        firmware: Firmware::Uefi,
        // Its guest is for a BIOS: a trial would see nothing of it.
        accel: Some(Accel::Tcg),
        ..bench.settings()
    };
    let vm = Vm::create(bench.state(), settings, &bench.image())
        .unwrap()
        .kill_on_drop();
    vm.start().unwrap();
    assert_eq!(vm.run_state().unwrap(), "running");
    assert!(vm.state().uefi_vars().is_file());
    vm.quit().unwrap();
}

#[test]
fn the_disk_grows_and_does_not_shrink() {
    let bench = Bench::new();
    let mut vm = bench.create();
    assert_eq!(fs::metadata(vm.state().disk()).unwrap().len(), 1 << 30);
    vm.reconfigure(|settings| settings.disk_gib = 2).unwrap();
    assert_eq!(fs::metadata(vm.state().disk()).unwrap().len(), 2 << 30);
    let error = vm
        .reconfigure(|settings| settings.disk_gib = 1)
        .unwrap_err()
        .to_string();
    assert!(error.contains("--disk-size"), "{error}");
    assert_eq!(Vm::open(bench.state()).unwrap().settings().disk_gib, 2);
}

#[test]
fn impossible_wishes_are_refused_before_anything_is_made() {
    let bench = Bench::new();
    let huge = Settings {
        disk_gib: 1 << 30,
        ..bench.settings()
    };
    let error = Vm::create(bench.state(), huge, &bench.image())
        .unwrap_err()
        .to_string();
    assert!(error.contains("--disk-size"), "{error}");
    assert!(!bench.state().exists());

    let fat = Settings {
        memory_mib: 1 << 40,
        ..bench.settings()
    };
    let vm = Vm::create(bench.state(), fat, &bench.image()).unwrap();
    let error = vm.start().unwrap_err().to_string();
    assert!(error.contains("--memory"), "{error}");
}

#[test]
fn a_taken_port_is_found_before_the_start() {
    let bench = Bench::new();
    let vm = bench.create();
    let address = format!("127.0.0.1:{}", vm.settings().ports.https);
    let _taken = std::net::TcpListener::bind(address).unwrap();
    let error = vm.start().unwrap_err().to_string();
    assert!(error.contains("--https-port"), "{error}");
}

#[test]
fn a_newer_image_replaces_the_system_and_keeps_the_data() {
    let bench = Bench::new();
    let mut vm = bench.create();
    assert_eq!(vm.refresh(&bench.image()).unwrap(), Refresh::Unchanged);
    testing::write_image(&bench.image(), 2).unwrap();
    assert_eq!(vm.refresh(&bench.image()).unwrap(), Refresh::Replaced);
    assert_eq!(vm.refresh(&bench.image()).unwrap(), Refresh::Unchanged);

    let disk = fs::read(vm.state().disk()).unwrap();
    let gpt = Gpt::read(&fs::File::open(vm.state().disk()).unwrap()).unwrap();
    let fills = gpt.partitions.iter().map(|partition| {
        let (first, last) = (partition.start, partition.start + partition.length - 1);
        (disk[first as usize], disk[last as usize])
    });
    let fills: Vec<_> = fills.collect();
    assert_eq!(fills, [(1, 1), (2, 2), (2, 2), (1, 1), (1, 1)]);
}

#[test]
fn an_image_of_another_layout_changes_nothing() {
    let bench = Bench::new();
    let mut vm = bench.create();
    let before = fs::read(vm.state().disk()).unwrap();
    let mut partitions = testing::PARTITIONS;
    partitions[3].1 -= 8;
    testing::write_image_with(&bench.image(), 2, &partitions).unwrap();
    let error = vm.refresh(&bench.image()).unwrap_err().to_string();
    assert!(
        error.contains("slot-b") && error.contains("--fresh"),
        "{error}"
    );
    assert!(fs::read(vm.state().disk()).unwrap() == before);
    vm.start().unwrap();
}

#[test]
fn a_half_written_disk_is_not_started() {
    let bench = Bench::new();
    let vm = bench.create();
    let settings = Settings {
        image: None,
        ..vm.settings().clone()
    };
    settings.save(&vm.state().settings()).unwrap();
    let mut vm = Vm::open(bench.state()).unwrap().kill_on_drop();
    let error = vm.start().unwrap_err().to_string();
    assert!(error.contains("--image"), "{error}");
    assert_eq!(vm.refresh(&bench.image()).unwrap(), Refresh::Replaced);
    vm.start().unwrap();
}

#[test]
fn a_partition_table_starts_where_it_says() {
    let bench = Bench::new();
    let gpt = Gpt::read_box(&fs::File::open(bench.image()).unwrap()).unwrap();
    let starts: Vec<u64> = gpt.partitions.iter().map(|p| p.start / SECTOR).collect();
    assert_eq!(starts, testing::PARTITIONS.map(|(first, _)| first));
}
