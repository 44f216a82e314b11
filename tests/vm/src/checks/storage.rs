//! Only `/var` is lasting.

use std::fs::File;
use std::path::Path;

use onebox_vm::gpt::Gpt;

use crate::Guest;

/// File systems that hold nothing after a power cut, or are no storage at all.
const VOLATILE: &[&str] = &[
    "autofs",
    "bpf",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "proc",
    "pstore",
    "ramfs",
    "securityfs",
    "sysfs",
    "tmpfs",
    "tracefs",
    "binfmt_misc",
];

/// What may be written to and lasts: the state, and the boot loader's variables
/// on the EFI system partition.
const LASTING: &[(&str, &str)] = &[("/efi", "vfat"), ("/var", "xfs")];

/// Places a careless program might write to.
const TRACES: &[&str] = &[
    "/onebox-trace",
    "/etc/onebox-trace",
    "/usr/onebox-trace",
    "/boot/onebox-trace",
    "/root/onebox-trace",
];

/// Nothing but the expected mounts can be written to with lasting effect.
///
/// # Panics
/// When something else can.
pub fn read_only(guest: &Guest) {
    // Reading /efi mounts it, so that it is in the list.
    let mounts = guest.run("ls /efi >/dev/null; cat /proc/self/mounts");
    let mut writable: Vec<(&str, &str)> = Vec::new();
    for line in mounts.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, at, kind, options, ..] = fields[..] else {
            panic!("a mount: {line}")
        };
        let can_be_written = options.split(',').any(|option| option == "rw");
        if can_be_written && !VOLATILE.contains(&kind) {
            writable.push((at, kind));
        }
        if at == "/" {
            assert!(!can_be_written, "the root can be written to: {line}");
        }
    }
    writable.sort_unstable();
    writable.dedup();
    assert_eq!(
        writable, LASTING,
        "what can be written to with lasting effect:\n{mounts}"
    );
    let remount = guest.output("mount -o remount,rw / && touch /onebox-trace");
    assert!(
        !remount.status.success(),
        "root could make the system writable"
    );
}

/// Writes wherever it is possible outside `/var`.
///
/// # Panics
/// When `/usr` takes it.
pub fn try_to_leave_traces(guest: &Guest) {
    for path in TRACES {
        let _may_fail = guest.output(&format!("touch {path}"));
    }
    let usr = guest.output("touch /usr/onebox-trace 2>&1");
    let told = String::from_utf8_lossy(&usr.stdout);
    assert!(
        told.contains("Read-only file system"),
        "touch /usr/onebox-trace: {told}"
    );
}

/// After a boot nothing of that is left.
///
/// # Panics
/// When something is.
pub fn traces_are_gone(guest: &Guest) {
    for path in TRACES {
        let found = guest.output(&format!("test -e {path}"));
        assert!(!found.status.success(), "{path} outlived a boot");
    }
}

/// The data partition reaches to the end of the disk, and its file system to
/// the end of the partition.
///
/// # Panics
/// When it does not.
pub fn data_fills_the_disk(guest: &Guest, disk: &Path) {
    let file = File::open(disk).expect("open the disk");
    let length = file.metadata().expect("read the disk's size").len();
    let gpt = Gpt::read_box(&file).expect("the disk's partition table after the first boot");
    let data = gpt.partition("data").expect("a data partition");
    let left = length - (data.start + data.length);
    assert!(
        left < 32 << 20,
        "{left} bytes are left behind the data partition"
    );
    let size = guest.run("df --block-size=1 --output=size /var | tail -n 1");
    let size: u64 = size.trim().parse().expect("df prints bytes");
    // XFS takes its log and its own tables off.
    assert!(
        size > data.length / 100 * 95,
        "/var has {size} of {} bytes",
        data.length
    );
}
