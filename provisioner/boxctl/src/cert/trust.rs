//! `boxctl cert trust`: has this computer believe what a box's own authority
//! signs, by putting its root where the system keeps those.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use onebox_model::paths;

use crate::error::Error;
use crate::output;
use crate::vm::Select;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    /// A file with the root, or - for standard input, instead of a virtual machine's
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "state"])]
    from: Option<PathBuf>,
    /// Stop believing it
    #[arg(long)]
    remove: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// The system below this directory, and no programs run
    #[arg(long, value_name = "DIR", hide = true)]
    root: Option<PathBuf>,
}

/// How a system is told of a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Store {
    /// A directory and a program that reads it.
    Directory(&'static str, &'static [&'static str]),
    /// The keychain of macOS.
    Keychain,
}

/// Debian and Alpine, Fedora and Red Hat, Arch, SUSE.
const STORES: [Store; 4] = [
    Store::Directory(
        "/usr/local/share/ca-certificates",
        &["update-ca-certificates"],
    ),
    Store::Directory(
        "/etc/pki/ca-trust/source/anchors",
        &["update-ca-trust", "extract"],
    ),
    Store::Directory(
        "/etc/ca-certificates/trust-source/anchors",
        &["trust", "extract-compat"],
    ),
    Store::Directory("/etc/pki/trust/anchors", &["update-ca-certificates"]),
];
const KEYCHAIN: &str = "/Library/Keychains/System.keychain";

impl Args {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        let (pem, name) = self.fetch()?;
        let pem = one_certificate(&pem)?;
        let root = self.root.as_deref().unwrap_or(Path::new("/"));
        let store = store(root)?;
        let verb = if self.remove {
            "no longer believe"
        } else {
            "believe"
        };
        output::confirm(
            &format!(
                "have every program of this computer {verb} what the box {name} signs, for any site?"
            ),
            self.yes,
        )?;
        let run = |words: &[&str]| match self.root {
            Some(_) => Ok(()),
            None => program(words),
        };
        match store {
            Store::Directory(directory, update) => {
                let directory = root.join(directory.trim_start_matches('/'));
                let path = directory.join(format!("onebox-{name}.crt"));
                let done = match self.remove {
                    true => fs::remove_file(&path),
                    false => fs::write(&path, pem),
                };
                done.map_err(|source| Error::File {
                    path,
                    source,
                    fix: "run this as root (sudo)",
                })?;
                run(update)?;
            }
            Store::Keychain => {
                let file = std::env::temp_dir().join(format!("onebox-{name}.pem"));
                fs::write(&file, pem).map_err(|source| Error::File {
                    path: file.clone(),
                    source,
                    fix: "check the disk",
                })?;
                let shown = file.display().to_string();
                if self.remove {
                    run(&["security", "remove-trusted-cert", "-d", &shown])?;
                } else {
                    let words = ["security", "add-trusted-cert", "-d", "-r", "trustRoot"];
                    let place = ["-k", KEYCHAIN, &shown];
                    run(&[&words[..], &place[..]].concat())?;
                }
            }
        }
        output::text_line(&format!(
            "{}; a browser that runs has to be started again, and Firefox may have a store of its own",
            if self.remove { "removed" } else { "believed" }
        ))?;
        Ok(ExitCode::SUCCESS)
    }

    /// The root, and what the box is called in file names.
    fn fetch(&self) -> Result<(String, String), Error> {
        let Some(file) = &self.from else {
            let vm = self.select.open()?;
            if vm.pid()?.is_none() {
                return Err(onebox_vm::Error::NotRunning(vm.state().dir().into()).into());
            }
            let pem = vm.ssh().run(&format!("cat {}", paths::LOCAL_CA_ROOT))?;
            return Ok((pem, format!("vm-{}", self.select.name)));
        };
        let read = if file == Path::new("-") {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map(|_| text)
        } else {
            fs::read_to_string(file)
        };
        let text = read.map_err(|source| Error::File {
            path: file.clone(),
            source,
            fix: "give the file that `boxctl cert root` printed on the box",
        })?;
        let name: String = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            .collect();
        let name = match name.trim_matches('-') {
            "" => "box".to_owned(),
            name => name.to_owned(),
        };
        Ok((text, name))
    }
}

/// Exactly one certificate and nothing else goes into the system's store.
fn one_certificate(text: &str) -> Result<&str, Error> {
    let text = text.trim();
    let begin = "-----BEGIN CERTIFICATE-----";
    let end = "-----END CERTIFICATE-----";
    let inner = text
        .strip_prefix(begin)
        .and_then(|rest| rest.strip_suffix(end));
    let letter =
        |c: char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || "+/=".contains(c);
    match inner {
        Some(inner) if inner.len() > 100 && inner.chars().all(letter) => Ok(text),
        _ => Err(Error::NotConfirmed(
            "this is not one PEM certificate; `boxctl cert root` on the box prints the right one",
        )),
    }
}

fn store(root: &Path) -> Result<Store, Error> {
    let is_there = |store: &&Store| match store {
        Store::Directory(directory, _) => root.join(directory.trim_start_matches('/')).is_dir(),
        Store::Keychain => false,
    };
    if root.join(KEYCHAIN.trim_start_matches('/')).exists() {
        return Ok(Store::Keychain);
    }
    STORES
        .iter()
        .find(is_there)
        .copied()
        .ok_or(Error::NotConfirmed(
            "this system keeps its authorities in a place that is not known here; import the file that `boxctl cert root` prints by hand",
        ))
}

fn program(words: &[&str]) -> Result<(), Error> {
    let Some((name, rest)) = words.split_first() else {
        return Ok(());
    };
    let shown = words.join(" ");
    let failed = |source| Error::File {
        path: PathBuf::from(&shown),
        source,
        fix: "run this as root (sudo); the root is in place, run that program again",
    };
    let status = Command::new(name).args(rest).status().map_err(failed)?;
    match status.success() {
        true => Ok(()),
        false => Err(failed(io::Error::other(status.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_certificate_and_nothing_else_is_taken() {
        let body = "QUJD".repeat(40);
        let good = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        assert!(one_certificate(&good).is_ok());
        let key = good.replace("CERTIFICATE", "PRIVATE KEY");
        for bad in [
            "",
            "x",
            &format!("{good}{good}"),
            &key,
            &good.replace("QUJD", "QU-D"),
        ] {
            assert!(one_certificate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_store_of_each_system_is_found() {
        let root = tempfile::tempdir().unwrap();
        assert!(store(root.path()).is_err());
        let fedora = root.path().join("etc/pki/ca-trust/source/anchors");
        fs::create_dir_all(fedora).unwrap();
        assert!(matches!(
            store(root.path()).unwrap(),
            Store::Directory("/etc/pki/ca-trust/source/anchors", _)
        ));
        let debian = root.path().join("usr/local/share/ca-certificates");
        fs::create_dir_all(debian).unwrap();
        assert_eq!(store(root.path()).unwrap(), STORES[0]);
    }
}
