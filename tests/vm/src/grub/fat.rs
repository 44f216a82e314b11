//! Reads a FAT32 file system and changes files in place, as far as the tests of
//! the boot state need it: short names, a fresh file system.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

const SECTOR: u64 = 512;
const ENTRY: usize = 32;

/// A FAT32 file system that begins at a byte of a file.
#[derive(Debug)]
pub struct Fat<'a> {
    disk: &'a File,
    start: u64,
    cluster: u64,
    fat: u64,
    data: u64,
    root: u32,
}

/// Where a file is.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Of its directory entry.
    at: u64,
    cluster: u32,
    size: u32,
}

impl<'a> Fat<'a> {
    /// The file system at byte `start`.
    ///
    /// # Panics
    /// When there is none of the kind that the image has.
    #[must_use]
    pub fn open(disk: &'a File, start: u64) -> Self {
        let boot = bytes(disk, start, SECTOR);
        assert_eq!(u16_at(&boot, 11), 512, "bytes in a sector");
        assert_eq!(u16_at(&boot, 22), 0, "it is not FAT32");
        let fat = start + u64::from(u16_at(&boot, 14)) * SECTOR;
        let tables = u64::from(boot[16]) * u64::from(u32_at(&boot, 36));
        Self {
            disk,
            start,
            cluster: u64::from(boot[13]) * SECTOR,
            fat,
            data: fat + tables * SECTOR,
            root: u32_at(&boot, 44),
        }
    }

    /// A file's bytes.
    #[must_use]
    pub fn read(&self, path: &str) -> Vec<u8> {
        let entry = self.find(path);
        let mut content: Vec<u8> = self.chain(entry.cluster).concat();
        content.truncate(entry.size as usize);
        content
    }

    /// Puts bytes over the beginning of a file of one cluster, and makes them
    /// its length.
    ///
    /// # Panics
    /// When they do not fit.
    pub fn write(&self, path: &str, content: &[u8]) {
        let entry = self.find(path);
        assert!(
            content.len() as u64 <= self.cluster,
            "{path}: more than a cluster"
        );
        self.put(self.place(entry.cluster), content);
        self.put(entry.at + 28, &(content.len() as u32).to_le_bytes());
    }

    /// Takes a file's directory entry away, as a lost sector would.
    pub fn remove(&self, path: &str) {
        self.put(self.find(path).at, &[0xe5]);
    }

    fn put(&self, at: u64, content: &[u8]) {
        self.disk.write_all_at(content, at).expect("write the disk");
    }

    fn find(&self, path: &str) -> Entry {
        let mut cluster = self.root;
        let mut found = None;
        for name in path.split('/') {
            let name = short(name);
            let entry = self
                .entries(cluster)
                .into_iter()
                .find(|(raw, _)| *raw == name);
            let Some((_, entry)) = entry else {
                panic!("{path} is not on the partition at {}", self.start);
            };
            cluster = entry.cluster;
            found = Some(entry);
        }
        found.expect("a path has a name")
    }

    fn entries(&self, cluster: u32) -> Vec<([u8; 11], Entry)> {
        let mut all = Vec::new();
        let mut next = Some(cluster);
        while let Some(cluster) = next {
            let place = self.place(cluster);
            let content = bytes(self.disk, place, self.cluster);
            for (index, raw) in content.chunks_exact(ENTRY).enumerate() {
                // 0x0f: a part of a long name.
                if raw[0] == 0 || raw[0] == 0xe5 || raw[11] == 0x0f {
                    continue;
                }
                let mut name = [0; 11];
                name.copy_from_slice(&raw[..11]);
                let high = u32::from(u16_at(raw, 20)) << 16;
                let entry = Entry {
                    at: place + (index * ENTRY) as u64,
                    cluster: high | u32::from(u16_at(raw, 26)),
                    size: u32_at(raw, 28),
                };
                all.push((name, entry));
            }
            next = self.next(cluster);
        }
        all
    }

    fn chain(&self, first: u32) -> Vec<Vec<u8>> {
        let mut next = Some(first).filter(|cluster| *cluster >= 2);
        let mut all = Vec::new();
        while let Some(cluster) = next {
            all.push(bytes(self.disk, self.place(cluster), self.cluster));
            next = self.next(cluster);
        }
        all
    }

    fn next(&self, cluster: u32) -> Option<u32> {
        let entry = bytes(self.disk, self.fat + u64::from(cluster) * 4, 4);
        let next = u32_at(&entry, 0) & 0x0fff_ffff;
        (2..0x0fff_fff7).contains(&next).then_some(next)
    }

    fn place(&self, cluster: u32) -> u64 {
        self.data + (u64::from(cluster) - 2) * self.cluster
    }
}

/// `state.env` as `STATE   ENV`.
pub(super) fn short(name: &str) -> [u8; 11] {
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    let mut short = [b' '; 11];
    for (to, from) in short[..8].iter_mut().zip(stem.bytes()) {
        *to = from.to_ascii_uppercase();
    }
    for (to, from) in short[8..].iter_mut().zip(extension.bytes()) {
        *to = from.to_ascii_uppercase();
    }
    short
}

fn bytes(disk: &File, at: u64, count: u64) -> Vec<u8> {
    let mut buffer = vec![0; count as usize];
    disk.read_exact_at(&mut buffer, at).expect("read the disk");
    buffer
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}
