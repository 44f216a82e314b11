//! PostgreSQL for development.

use super::keeper::{self, Account, Kept, dress};
use super::{DevError, file};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Longest path of a socket that Linux takes, less PostgreSQL's own name.
const LONGEST: usize = 85;

/// A running server and its address.
#[derive(Debug)]
pub struct Postgres {
    /// For the database of the application.
    pub url: String,
    _kept: Kept,
}

/// Starts the cluster in `dir`, made on the first run.
///
/// # Errors
/// When the machine has no PostgreSQL or it does not come up.
pub fn start(dir: &Path) -> Result<Postgres, DevError> {
    if dir.as_os_str().len() > LONGEST {
        return Err(DevError::Path(dir.to_owned()));
    }
    let bin = newest().ok_or(DevError::Missing {
        program: "postgres",
        package: "postgresql",
    })?;
    let account = if rustix::process::geteuid().is_root() {
        Some(keeper::account("postgres").ok_or(DevError::NoAccount)?)
    } else {
        None
    };
    std::fs::create_dir_all(dir).map_err(file("make", dir))?;
    if let Some(Account { uid, gid }) = account {
        std::os::unix::fs::chown(dir, Some(uid), Some(gid)).map_err(file("give away", dir))?;
    }
    let data = dir.join("data");
    if !data.join("PG_VERSION").exists() {
        initialize(&bin, &data, account)?;
    }
    let command = [
        bin.join("postgres").display().to_string(),
        format!("-D{}", data.display()),
        format!("-k{}", dir.display()),
        "-clisten_addresses=".to_owned(),
        // The data may be thrown away, so a power cut may take it.
        "-cfsync=off".to_owned(),
        "-cshared_buffers=128MB".to_owned(),
    ];
    let (log, socket) = (dir.with_extension("log"), dir.join(".s.PGSQL.5432"));
    let kept = Kept::start("postgres", "INT", &command, account, &log, &socket)?;
    let url = format!(
        "postgres://postgres@localhost/postgres?host={}",
        dir.display()
    );
    Ok(Postgres { url, _kept: kept })
}

fn initialize(bin: &Path, data: &Path, account: Option<Account>) -> Result<(), DevError> {
    let mut command = Command::new(bin.join("initdb"));
    command
        .arg(format!("--pgdata={}", data.display()))
        .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
        .args(["--locale=C", "--no-sync"])
        .current_dir("/");
    dress(&mut command, account);
    let output = command.output().map_err(file("run", bin.join("initdb")))?;
    if output.status.success() {
        return Ok(());
    }
    let mut said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if account.is_some() {
        said.push_str("\n(as root, PostgreSQL runs as the account postgres, which must be able to enter the directory; give --dir with one it can, such as /var/tmp/wizamart-dev)");
    }
    Err(DevError::Failed {
        program: "initdb",
        said,
    })
}

/// The directory of the newest version's programs.
fn newest() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    versions
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version: u32 = path.file_name()?.to_str()?.parse().ok()?;
            let bin = path.join("bin");
            bin.join("postgres").exists().then_some((version, bin))
        })
        .max()
        .map(|(_, bin)| bin)
}
