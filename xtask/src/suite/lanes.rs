//! Output of several checks on one screen.

use std::{
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

/// Lines of one check among those of others, each behind its name.
pub(super) struct Marked<'a, W> {
    name: &'a str,
    screen: &'a Mutex<W>,
}

impl<'a, W: Write> Marked<'a, W> {
    pub(super) fn new(name: &'a str, screen: &'a Mutex<W>) -> Self {
        Self { name, screen }
    }
}

impl<W: Write> Write for Marked<'_, W> {
    /// Takes whole lines.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        screen.write_all(format!("{}| ", self.name).as_bytes())?;
        screen.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        screen.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stands_behind_its_name() {
        let screen = Mutex::new(Vec::new());
        Marked::new("one", &screen).write_all(b"a line\n").unwrap();
        Marked::new("two", &screen).write_all(b"another\n").unwrap();
        let shown = screen.into_inner().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&shown),
            "one| a line\ntwo| another\n"
        );
    }
}
