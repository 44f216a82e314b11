//! Numbers of users and groups, from the system's own files: no name service
//! is up when the box is prepared.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Whether and how files get their owners.
#[derive(Debug)]
pub enum Ownership {
    /// As asked for, by these numbers.
    Apply(Accounts),
    /// Not at all: without root rights and in tests.
    Skip,
}

/// Users and groups by name.
#[derive(Debug, Default)]
pub struct Accounts {
    users: HashMap<String, u32>,
    groups: HashMap<String, u32>,
}

/// An owner can't be determined.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// A database can't be read.
    #[error("cannot read {}: {source}; the image must bring it", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// No such name.
    #[error("there is no {kind} {name:?}; the image must create it with sysusers")]
    Unknown {
        /// User or group.
        kind: &'static str,
        /// Its name.
        name: String,
    },
}

impl Ownership {
    /// Reads the users and groups of the system below `root`.
    ///
    /// # Errors
    /// When its databases can't be read.
    pub fn from_root(root: &Path) -> Result<Self, AccountError> {
        Ok(Self::Apply(Accounts {
            users: numbers(root.join("etc/passwd"))?,
            groups: numbers(root.join("etc/group"))?,
        }))
    }

    /// The numbers of a user and a group; `None` where owners are not set.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub fn ids(&self, user: &str, group: &str) -> Result<Option<(u32, u32)>, AccountError> {
        let Self::Apply(accounts) = self else {
            return Ok(None);
        };
        let find = |kind, map: &HashMap<String, u32>, name: &str| {
            map.get(name).copied().ok_or_else(|| AccountError::Unknown {
                kind,
                name: name.to_owned(),
            })
        };
        Ok(Some((
            find("user", &accounts.users, user)?,
            find("group", &accounts.groups, group)?,
        )))
    }
}

fn numbers(path: PathBuf) -> Result<HashMap<String, u32>, AccountError> {
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(parse(&text)),
        Err(source) => Err(AccountError::Read { path, source }),
    }
}

/// Both databases have the name first and the number third.
fn parse(text: &str) -> HashMap<String, u32> {
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| !name.is_empty())?;
            Some((name.to_owned(), fields.nth(1)?.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_damaged_lines_skipped() {
        let users =
            parse("root:x:0:0::/root:/bin/sh\n\nbroken\nredis:x:x:1::/:\npostgres:x:71:71:::\n");
        assert_eq!(users.get("root"), Some(&0));
        assert_eq!(users.get("postgres"), Some(&71));
        assert_eq!(users.len(), 2);
    }

    #[test]
    fn a_missing_account_is_named() {
        let ownership = Ownership::Apply(Accounts {
            users: parse("root:x:0:0"),
            groups: HashMap::new(),
        });
        let error = ownership.ids("root", "wizamart").unwrap_err();
        assert!(error.to_string().contains("group \"wizamart\""), "{error}");
    }

    #[test]
    fn a_root_without_databases_is_an_error() {
        let error = Ownership::from_root(Path::new("/nonexistent")).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/etc/passwd"));
    }
}
