//! Stand-ins for a slot: a small FAT16 with a kernel that resets the machine.

use super::fat::short;

const SECTOR: usize = 512;
const TABLE: usize = 32;
/// So many clusters, of a sector each, make it FAT16 and not FAT12.
const CLUSTERS: usize = 6000;
const ROOT_ENTRIES: usize = 16;

/// What is found as the slot's kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// One that is started and resets the machine.
    Resets,
    /// None.
    Absent,
    /// A file of no bytes.
    Empty,
    /// Something that is no kernel.
    Text,
    /// One that ends within its first part.
    Truncated,
}

/// A slot's file system.
#[must_use]
pub fn slot(kernel: Kernel, has_initrd: bool) -> Vec<u8> {
    let mut files = Vec::new();
    match kernel {
        Kernel::Resets => files.push(("vmlinuz", resets())),
        Kernel::Absent => {}
        Kernel::Empty => files.push(("vmlinuz", Vec::new())),
        Kernel::Text => files.push(("vmlinuz", b"no kernel\n".repeat(400))),
        Kernel::Truncated => files.push(("vmlinuz", resets()[..700].to_vec())),
    }
    if has_initrd {
        files.push(("initrd", vec![0x55; 1000]));
    }
    fat16(&files)
}

/// A kernel by the x86 boot protocol 2.06: a boot sector with the header, a
/// sector of set-up code that GRUB skips, and the code that it jumps to.
fn resets() -> Vec<u8> {
    let mut kernel = vec![0; 3 * SECTOR];
    let mut put = |at: usize, bytes: &[u8]| kernel[at..at + bytes.len()].copy_from_slice(bytes);
    put(0x1f1, &[1]); // sectors of set-up code
    put(0x1fe, &[0x55, 0xaa]);
    put(0x202, b"HdrS");
    put(0x206, &[0x06, 0x02]);
    put(0x211, &[1]); // loaded high
    put(0x214, &0x0010_0000_u32.to_le_bytes()); // where it is entered
    put(0x22c, &0x7fff_ffff_u32.to_le_bytes()); // the initrd's highest byte
    put(0x230, &0x1000_u32.to_le_bytes()); // alignment
    put(0x238, &2047_u32.to_le_bytes()); // characters of command line
    // mov al, 0xfe; out 0x64, al (the keyboard controller pulls the reset line);
    // hlt; back to the hlt
    put(2 * SECTOR, &[0xb0, 0xfe, 0xe6, 0x64, 0xf4, 0xeb, 0xfd]);
    kernel
}

/// A file system with a directory `boot` that has these files.
fn fat16(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let root_at = (1 + TABLE) * SECTOR;
    let data_at = root_at + ROOT_ENTRIES * 32;
    let sectors = data_at / SECTOR + CLUSTERS;
    let place = |cluster: usize| data_at + (cluster - 2) * SECTOR;
    let mut image = vec![0; sectors * SECTOR];
    let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &[0xeb, 0x3c, 0x90]);
    put(3, b"ONEBOX  ");
    put(11, &(SECTOR as u16).to_le_bytes());
    put(13, &[1, 1, 0, 1]); // a sector a cluster, one reserved, one table
    put(17, &(ROOT_ENTRIES as u16).to_le_bytes());
    put(19, &(sectors as u16).to_le_bytes());
    put(21, &[0xf8]);
    put(22, &(TABLE as u16).to_le_bytes());
    put(38, &[0x29]);
    put(54, b"FAT16   ");
    put(510, &[0x55, 0xaa]);
    // The table begins with the medium, and every chain ends with ffff.
    put(SECTOR, &[0xf8, 0xff, 0xff, 0xff]);
    let table = |cluster: usize| SECTOR + 2 * cluster;
    put(root_at, &entry("boot", 0x10, 2, 0));
    put(table(2), &[0xff, 0xff]);
    let mut next = 3;
    for (index, (name, content)) in files.iter().enumerate() {
        let first = if content.is_empty() { 0 } else { next };
        put(
            place(2) + index * 32,
            &entry(name, 0x20, first, content.len()),
        );
        let count = content.len().div_ceil(SECTOR);
        for cluster in next..next + count {
            let link = if cluster + 1 == next + count {
                0xffff
            } else {
                cluster + 1
            };
            put(table(cluster), &(link as u16).to_le_bytes());
        }
        put(place(next), content);
        next += count;
    }
    image
}

fn entry(name: &str, attributes: u8, cluster: usize, size: usize) -> [u8; 32] {
    let mut entry = [0; 32];
    entry[..11].copy_from_slice(&short(name));
    entry[11] = attributes;
    entry[26..28].copy_from_slice(&(cluster as u16).to_le_bytes());
    entry[28..].copy_from_slice(&(size as u32).to_le_bytes());
    entry
}
