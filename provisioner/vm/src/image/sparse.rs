//! Copies disks without writing their zeros: an image is mostly empty space.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use rustix::fs::{FallocateFlags, fallocate};

const BLOCK: usize = 256 * 1024;
static ZEROS: [u8; BLOCK] = [0; BLOCK];

/// What is under the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Holes: zeros need no writing.
    Empty,
    /// Old content: zeros must replace it.
    Used,
}

/// Copies all of `reader` to `writer` from byte `at` on; returns the length.
///
/// # Errors
/// When reading or writing fails.
pub fn copy(reader: &mut impl Read, writer: &File, at: u64, target: Target) -> io::Result<u64> {
    let mut buffer = vec![0; BLOCK];
    let mut position = at;
    loop {
        let filled = fill(reader, &mut buffer)?;
        if filled == 0 {
            return Ok(position - at);
        }
        let block = &buffer[..filled];
        if *block != ZEROS[..filled] {
            writer.write_all_at(block, position)?;
        } else if target == Target::Used {
            erase(writer, position, block)?;
        }
        position += filled as u64;
    }
}

/// Makes a range zero, as a hole where the file system can.
fn erase(writer: &File, at: u64, zeros: &[u8]) -> io::Result<()> {
    let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    match fallocate(writer, flags, at, zeros.len() as u64) {
        Ok(()) => Ok(()),
        Err(_) => writer.write_all_at(zeros, at),
    }
}

fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn zeros_take_no_space_and_the_rest_is_equal() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("copy");
        let mut source = vec![0; 40 * BLOCK + 17];
        source[3 * BLOCK + 5] = 7;
        source[40 * BLOCK + 16] = 9;
        let file = File::create(&path).unwrap();
        let length = copy(&mut source.as_slice(), &file, 0, Target::Empty).unwrap();
        file.set_len(length).unwrap();
        assert_eq!(fs::read(&path).unwrap(), source);
        let allocated = fs::metadata(&path).unwrap().blocks() * 512;
        assert!(allocated <= 4 * BLOCK as u64, "{allocated} bytes allocated");
    }

    #[test]
    fn zeros_replace_old_content() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("copy");
        fs::write(&path, vec![1; 4 * BLOCK]).unwrap();
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        copy(
            &mut vec![0; BLOCK].as_slice(),
            &file,
            BLOCK as u64,
            Target::Used,
        )
        .unwrap();
        let content = fs::read(&path).unwrap();
        assert!(content[..BLOCK].iter().all(|byte| *byte == 1));
        assert!(content[BLOCK..2 * BLOCK].iter().all(|byte| *byte == 0));
        assert!(content[2 * BLOCK..].iter().all(|byte| *byte == 1));
    }
}
