//! Which slot the running system is from.
//!
//! The kernel's command line names the slot that GRUB started. After a switch
//! to the other root without a new kernel it still names that one, so the
//! device that is mounted on `/` is asked first.

use super::slot::Slot;
use std::fs;
use std::path::Path;

const PARAMETER: &str = "rauc.slot=";

/// The slot of the running system; `None` outside a slot.
#[must_use]
pub fn running_slot() -> Option<Slot> {
    running_slot_in(Path::new("/"))
}

/// The same with `/proc` and `/sys` below `root`.
#[must_use]
pub fn running_slot_in(root: &Path) -> Option<Slot> {
    let read = |path: &str| fs::read_to_string(root.join(path)).ok();
    let mounted = || {
        let device = device_of_root(&read("proc/self/mountinfo")?)?;
        slot_of_partition(&read(&format!("sys/dev/block/{device}/uevent"))?)
    };
    mounted().or_else(|| named(&read("proc/cmdline")?))
}

/// The device `major:minor` on `/` (proc_pid_mountinfo(5): id, parent, device,
/// root, mount point, …). The last mount on it is the one that is seen.
fn device_of_root(mountinfo: &str) -> Option<String> {
    let mut mounts = mountinfo.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(2);
        let device = fields.next()?;
        (fields.nth(1)? == "/").then_some(device)
    });
    mounts.next_back().map(str::to_owned)
}

fn slot_of_partition(uevent: &str) -> Option<Slot> {
    let name = uevent
        .lines()
        .find_map(|line| line.strip_prefix("PARTNAME="))?;
    let mut slots = Slot::ALL.into_iter();
    slots.find(|slot| slot.partition() == name)
}

/// The slot a command line names.
fn named(command_line: &str) -> Option<Slot> {
    let mut words = command_line.split_ascii_whitespace();
    words
        .find_map(|word| word.strip_prefix(PARAMETER))?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
1 1 0:2 / / rw - rootfs rootfs rw
28 1 254:3 / / ro,relatime shared:1 - squashfs /dev/vda3 ro,errors=continue
29 28 254:5 / /var rw,nosuid shared:2 - xfs /dev/vda5 rw
";

    fn system(mounts: &str, partition: &str, command_line: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("proc/self/mountinfo", mounts);
        write("proc/cmdline", command_line);
        write(
            "sys/dev/block/254:3/uevent",
            &format!("MAJOR=254\nMINOR=3\nDEVTYPE=partition\nPARTN=3\nPARTNAME={partition}\n"),
        );
        root
    }

    #[test]
    fn the_mounted_root_counts_more_than_what_was_booted() {
        let root = system(MOUNTS, "slot-b", "quiet rauc.slot=A ro\n");
        assert_eq!(running_slot_in(root.path()), Some(Slot::B));
    }

    #[test]
    fn the_command_line_is_asked_where_the_root_is_no_slot() {
        for (mounts, partition) in [(MOUNTS, "data"), ("", "slot-b"), ("1 1\n", "slot-b")] {
            let root = system(mounts, partition, "quiet rauc.slot=A root=x\n");
            assert_eq!(running_slot_in(root.path()), Some(Slot::A), "{mounts}");
            for text in ["", "quiet", "rauc.slot=", "rauc.slot=C", "xrauc.slot=A"] {
                let root = system(mounts, partition, text);
                assert_eq!(running_slot_in(root.path()), None, "{text}");
            }
        }
    }

    #[test]
    fn outside_a_box_there_is_no_slot() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(running_slot_in(root.path()), None);
    }
}
