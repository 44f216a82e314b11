//! `boxctl release keys show`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use onebox_release::Described;
use onebox_release::keys::{self, Revocations};
use serde::Serialize;
use time::OffsetDateTime;

use super::super::folder::{self, ISSUED, KEYRING, ROOT, SIGNING};
use super::super::trouble::{At as _, Trouble};
use super::super::{files, now};
use crate::error::Error;
use crate::output;
use crate::words::table;

/// Show the roots and signing keys of directories: names, dates, what is revoked
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// Directories of roots and signing keys
    #[arg(value_name = "DIR", required = true)]
    dirs: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Entry {
    dir: PathBuf,
    role: &'static str,
    #[serde(flatten)]
    certificate: Described,
    state: State,
    /// Of a root: until when its list of revoked certificates is good.
    #[serde(with = "time::serde::rfc3339::option")]
    list_until: Option<OffsetDateTime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Valid,
    OutOfDate,
    Revoked,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::OutOfDate => "out of date",
            Self::Revoked => "revoked",
        }
    }
}

impl Show {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        print(&self.dirs, self.json)
    }
}

/// Prints what is in directories of keys; never a key.
pub(super) fn print(dirs: &[PathBuf], json: bool) -> Result<ExitCode, Error> {
    let mut entries = Vec::new();
    for dir in dirs {
        entries.extend(entries_of(dir)?);
    }
    if json {
        output::json(&entries)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = vec![
        ["", "name", "serial", "until", "state"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(entries.iter().map(|entry| {
        let state = match entry.list_until {
            Some(until) => format!("{}, list until {}", entry.state.name(), until.date()),
            None => entry.state.name().to_owned(),
        };
        vec![
            entry.role.to_owned(),
            entry.certificate.subject.clone(),
            entry.certificate.serial.clone(),
            entry.certificate.until.date().to_string(),
            state,
        ]
    }));
    output::text_line(table(&rows, &[], |_, _, cell| cell.to_owned()).trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn entries_of(dir: &Path) -> Result<Vec<Entry>, Trouble> {
    let mut entries = Vec::new();
    if dir.join(ROOT).exists() {
        let list = folder::revocations(dir)?;
        let mut root = entry(dir, "root", &dir.join(ROOT), None)?;
        root.list_until = Some(list.next_update);
        entries.push(root);
        let mut issued = Vec::new();
        let folder = dir.join(ISSUED);
        for file in fs::read_dir(&folder).at("read", &folder)? {
            issued.push(file.at("read", &folder)?.path());
        }
        issued.sort();
        for path in issued {
            entries.push(entry(dir, "issued", &path, Some(&list))?);
        }
    } else {
        let list = lists(&dir.join(KEYRING))?;
        entries.push(entry(dir, "signing", &dir.join(SIGNING), list.as_ref())?);
    }
    Ok(entries)
}

/// The list in a keyring of one root.
fn lists(path: &Path) -> Result<Option<Revocations>, Trouble> {
    let text = folder::keyring(path)?.lists_pem();
    // With several roots each has its own: then nothing is said here.
    Ok(Revocations::parse(&text).ok())
}

fn entry(
    dir: &Path,
    role: &'static str,
    path: &Path,
    list: Option<&Revocations>,
) -> Result<Entry, Trouble> {
    let certificate = keys::describe(&files::text(path)?).map_err(|source| Trouble::Key {
        path: path.to_owned(),
        source,
    })?;
    let now = now();
    let state = if list.is_some_and(|list| list.contains(&certificate.serial)) {
        State::Revoked
    } else if now < certificate.from || now > certificate.until {
        State::OutOfDate
    } else {
        State::Valid
    };
    Ok(Entry {
        dir: dir.to_owned(),
        role,
        certificate,
        state,
        list_until: None,
    })
}
