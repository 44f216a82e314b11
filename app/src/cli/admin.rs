//! `wizamart admin`.

use super::{CliError, runtime, system};
use crate::auth::password::Passwords;
use crate::settings::Settings;
use crate::storage::connect::connect_patiently;
use crate::storage::users;
use serde::Deserialize;
use sqlx::PgConnection;
use std::path::{Path, PathBuf};
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Create the first administrator unless there is one
    Ensure {
        /// A file with {"email": …, "password": …}
        #[arg(long, value_name = "FILE")]
        credential: PathBuf,
    },
}

/// No `Debug`: it holds a password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    email: String,
    password: String,
}

/// A generated one is far longer; this keeps a hand-written one from being
/// guessed in an afternoon.
const SHORTEST_PASSWORD: usize = 12;

pub(super) fn run(args: &Args, settings: &Settings) -> Result<(), CliError> {
    let Args::Ensure { credential } = args;
    runtime::single(async {
        let patience = Duration::from_secs(60);
        let mut connection =
            connect_patiently(&settings.sessions, "wizamart admin", patience).await?;
        ensure(&mut connection, credential).await
    })?
}

/// Creates the first administrator from the file at `path`, unless there is one.
pub(super) async fn ensure(connection: &mut PgConnection, path: &Path) -> Result<(), CliError> {
    if users::admin_exists(&mut *connection).await? {
        println!("there is an administrator; nothing to do");
        return Ok(());
    }
    let Credential { email, password } = read(path)?;
    let hash = Passwords::new().hash(password).await?;
    let now = OffsetDateTime::now_utc();
    match users::insert_first_admin(&mut *connection, &email, &hash, now).await? {
        Some(_) => println!("created the administrator {email}"),
        None if users::admin_exists(&mut *connection).await? => {
            println!("there is an administrator; nothing to do");
        }
        None => {
            return Err(CliError::Input(format!(
                "cannot create the administrator: {email} is another account's address; \
                 give another one in {}",
                path.display()
            )));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Credential, CliError> {
    let text = std::fs::read(path).map_err(system("read the credential file"))?;
    let credential: Credential = serde_json::from_slice(&text).map_err(|error| {
        // The error's position is told, its text may quote the password.
        CliError::Input(format!(
            "{} is not {{\"email\": …, \"password\": …}} (line {}, column {})",
            path.display(),
            error.line(),
            error.column()
        ))
    })?;
    if credential.email.len() < 3 || !credential.email.contains('@') {
        return Err(CliError::Input(format!(
            "{}: email is not an address",
            path.display()
        )));
    }
    if credential.password.chars().count() < SHORTEST_PASSWORD {
        return Err(CliError::Input(format!(
            "{}: the password must have at least {SHORTEST_PASSWORD} characters",
            path.display()
        )));
    }
    Ok(credential)
}
