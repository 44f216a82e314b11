//! Colours, for terminals whose owner did not ask for none (no-color.org).

use std::io::{self, IsTerminal};

/// Puts colours around words, or leaves them alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(bool);

impl Paint {
    /// Colours where standard output shows them.
    pub(crate) fn for_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self(!refused && io::stdout().is_terminal())
    }

    /// No colours.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self(false)
    }

    /// All is well.
    pub(crate) fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// Somebody should look.
    pub(crate) fn warn(self, text: &str) -> String {
        self.with("33", text)
    }

    /// Something is broken.
    pub(crate) fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    /// Less important.
    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
