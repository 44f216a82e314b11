//! Which virtual machine a command is about.

use std::path::PathBuf;

use onebox_vm::{State, Vm};

use crate::error::Error;

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Select {
    /// Name of the virtual machine
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = name)]
    pub(crate) name: String,
    /// Directory of the virtual machine, instead of one by name
    #[arg(long, value_name = "DIR", conflicts_with = "name")]
    pub(crate) state: Option<PathBuf>,
}

impl Select {
    /// The directory, which may not exist.
    pub(crate) fn state(&self) -> Result<State, Error> {
        match &self.state {
            Some(dir) => Ok(State::new(dir)),
            None => Ok(State::named(&self.name)?),
        }
    }

    /// The virtual machine, which was made earlier.
    pub(crate) fn open(&self) -> Result<Vm, Error> {
        Ok(Vm::open(self.state()?)?)
    }

    /// The options that select this machine again, to be pasted.
    pub(crate) fn options(&self) -> String {
        match (&self.state, self.name.as_str()) {
            (Some(dir), _) => format!(" --state '{}'", dir.display()),
            (None, "default") => String::new(),
            (None, name) => format!(" --name {name}"),
        }
    }
}

/// A name becomes a directory's.
fn name(text: &str) -> Result<String, String> {
    let allowed = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    if text.is_empty() || text.starts_with('.') || !text.chars().all(allowed) {
        return Err("a name has letters, digits, '-', '_' and '.', and no '.' first".into());
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lead_elsewhere() {
        assert!(name("blue-2").is_ok());
        for bad in ["", "..", ".x", "a/b", "a b"] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
