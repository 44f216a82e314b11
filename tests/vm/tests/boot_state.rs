//! The image's GRUB with every kind of boot state: which slot it starts, what it
//! counts, and what it does with a slot that does not start.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

use onebox_vm::firmware::Firmware;
use onebox_vm_tests::grub::{Disk, Kernel, Machine, Slot, State, slot, tries};
use onebox_vm_tests::scenario::image;

const COMMITTED: State = State {
    boot: "A",
    trial: "",
    other_ok: "no",
    nonce: "00000000000000aa",
};
const LAST_RESORT: State = State {
    other_ok: "yes",
    ..COMMITTED
};
const TRIAL: State = State {
    trial: "B",
    nonce: "00000000000000bb",
    ..COMMITTED
};

const A: &str = "starting slot A";
const B: &str = "starting slot B";
const RECOVERY: &str = "starting slot A for recovery";

fn place(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/vm/boot_state");
    fs::create_dir_all(&dir).unwrap();
    dir.canonicalize().unwrap().join(format!("{name}.raw"))
}

fn disk(name: &str, state: &State) -> Disk {
    Disk::new(&place(name), &image(), state)
}

/// What is started first.
fn starts(disk: &Disk) -> String {
    let machine = Machine::start(disk.path(), Firmware::Bios);
    machine.lines(&["starting"], 1).remove(0)
}

/// What is started in a row without a boot being confirmed.
fn row(disk: &Disk, firmware: Firmware, count: usize) -> Vec<String> {
    Machine::start(disk.path(), firmware).lines(&["starting"], count)
}

#[test]
fn unconfirmed_starts_lead_to_recovery_and_round_again() {
    let disk = disk("alone", &COMMITTED);
    assert_eq!(row(&disk, Firmware::Bios, 5), [A, A, A, RECOVERY, A]);
}

#[test]
fn a_slot_that_was_good_once_is_the_last_resort() {
    let disk = disk("last-resort", &LAST_RESORT);
    let expected = [A, A, A, B, B, B, RECOVERY, A];
    assert_eq!(row(&disk, Firmware::Bios, 8), expected);
}

#[test]
fn a_trial_has_three_starts_and_none_after_recovery() {
    let disk = disk("trial", &TRIAL);
    let expected = [B, B, B, A, A, A, RECOVERY, A];
    assert_eq!(row(&disk, Firmware::Bios, 8), expected);
    for copy in ["boot-1", "boot-2"] {
        let counted = disk.esp().read(&format!("grub/{copy}/tries.env"));
        assert_eq!(counted, tries(TRIAL.nonce, 4), "{copy}");
    }
}

#[test]
fn uefi_decides_the_same() {
    let disk = disk("uefi", &TRIAL);
    disk.esp().write("grub/boot-1/state.sum", b"");
    for copy in ["boot-1", "boot-2"] {
        let path = format!("grub/{copy}/tries.env");
        disk.esp().write(&path, &tries(TRIAL.nonce, 2));
    }
    assert_eq!(row(&disk, Firmware::Uefi, 2), [B, A]);
}

/// Something that happened to a disk that has a trial of B in its first copy,
/// and what is started then.
type Damage = (&'static str, fn(&Disk), &'static str);

const DAMAGES: [Damage; 14] = [
    (
        "cut between the copies",
        |disk| disk.state(2, &COMMITTED),
        B,
    ),
    (
        "cut before the first sum",
        |disk| {
            disk.state(1, &COMMITTED);
            disk.state(2, &COMMITTED);
            disk.esp().write("grub/boot-1/state.env", &TRIAL.block());
        },
        A,
    ),
    (
        "a torn first state",
        |disk| {
            disk.state(2, &COMMITTED);
            let mut torn = TRIAL.block();
            torn[60..].copy_from_slice(&LAST_RESORT.block()[60..]);
            disk.esp().write("grub/boot-1/state.env", &torn);
        },
        A,
    ),
    (
        "an empty first sum",
        |disk| {
            disk.state(2, &COMMITTED);
            disk.esp().write("grub/boot-1/state.sum", b"");
        },
        A,
    ),
    (
        "zeros for the first sum",
        |disk| {
            disk.state(2, &COMMITTED);
            disk.esp().write("grub/boot-1/state.sum", &[0; 76]);
        },
        A,
    ),
    (
        "no first state",
        |disk| {
            disk.state(2, &COMMITTED);
            disk.esp().remove("grub/boot-1/state.env");
        },
        A,
    ),
    (
        "no first directory",
        |disk| disk.esp().remove("grub/boot-1"),
        B,
    ),
    (
        "no second directory",
        |disk| disk.esp().remove("grub/boot-2"),
        B,
    ),
    (
        "no state at all",
        |disk| {
            for copy in ["grub/boot-1/state.sum", "grub/boot-2/state.sum"] {
                disk.esp().write(copy, b"garbage\n");
            }
        },
        A,
    ),
    (
        "starts of an earlier state",
        |disk| {
            for copy in ["grub/boot-1/tries.env", "grub/boot-2/tries.env"] {
                disk.esp().write(copy, &tries(COMMITTED.nonce, 3));
            }
        },
        B,
    ),
    (
        "cut between the counts",
        |disk| {
            disk.esp()
                .write("grub/boot-1/tries.env", &tries(TRIAL.nonce, 3))
        },
        A,
    ),
    (
        "a torn count",
        |disk| {
            disk.esp().write("grub/boot-1/tries.env", &[b'#'; 512]);
            disk.esp()
                .write("grub/boot-2/tries.env", &tries(TRIAL.nonce, 3));
        },
        A,
    ),
    (
        "one place to count in",
        |disk| disk.esp().remove("grub/boot-1/tries.env"),
        B,
    ),
    (
        "nowhere to count",
        |disk| {
            disk.esp().remove("grub/boot-1/tries.env");
            disk.esp().write("grub/boot-2/tries.env", &[0; 512]);
        },
        A,
    ),
];

#[test]
fn every_damage_leaves_the_old_decision_or_the_new_one() {
    for (what, damage, expected) in DAMAGES {
        let disk = disk("damage", &TRIAL);
        damage(&disk);
        assert_eq!(starts(&disk), expected, "{what}");
    }
}

/// A slot that does not start.
type Broken = (&'static str, fn(&Disk) -> Vec<u8>);

const BROKEN: [Broken; 7] = [
    ("nothing was written", |_| vec![0; 1 << 20]),
    ("its file system is cut short", |disk| {
        disk.of_image(&image(), 4 << 20)
    }),
    ("its file system has a damaged beginning", |disk| {
        let mut content = disk.of_image(&image(), 1 << 20);
        content[8..96].fill(0xff);
        content
    }),
    ("no kernel", |_| slot(Kernel::Absent, true)),
    ("an empty kernel", |_| slot(Kernel::Empty, true)),
    ("something else for a kernel", |_| slot(Kernel::Text, true)),
    ("no initrd", |_| slot(Kernel::Resets, false)),
];

#[test]
fn a_slot_that_cannot_be_loaded_is_left_at_once() {
    let words = ["loading", "slot", "starting"];
    for (what, broken) in BROKEN {
        let disk = disk("broken", &TRIAL);
        disk.fill(Slot::B, &broken(&disk));
        let said = Machine::start(disk.path(), Firmware::Bios).lines(&words, 4);
        let expected = [
            "loading slot B",
            "slot B cannot be started",
            "loading slot A",
            "starting slot A",
        ];
        assert_eq!(said, expected, "{what}");
        let counted = disk.esp().read("grub/boot-1/tries.env");
        assert_eq!(counted, tries(TRIAL.nonce, 4), "{what}");
    }
}

/// GRUB 2.12 falls over a kernel that ends within its set-up code: nothing comes
/// back from loading it, but the start was counted before.
#[test]
fn a_kernel_that_takes_grub_down_has_three_starts_like_any_other() {
    let disk = disk("takes-down", &TRIAL);
    disk.fill(Slot::B, &slot(Kernel::Truncated, true));
    let said = Machine::start(disk.path(), Firmware::Bios).lines(&["loading", "starting"], 5);
    let b = "loading slot B";
    assert_eq!(said, [b, b, b, "loading slot A", A]);
}

#[test]
fn where_the_committed_slot_cannot_be_loaded_the_other_one_recovers() {
    let disk = disk("recovers", &COMMITTED);
    disk.fill(Slot::A, &slot(Kernel::Absent, true));
    assert_eq!(starts(&disk), "starting slot B for recovery");
    disk.state(1, &LAST_RESORT);
    assert_eq!(starts(&disk), "starting slot B");
}
