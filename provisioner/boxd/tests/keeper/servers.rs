//! A real PostgreSQL and a real Redis for one test, gone with it.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Ends a server with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        let _ = self.0.wait();
    }
}

/// PostgreSQL with the application's schema.
pub struct Postgres {
    _running: Running,
    dir: TempDir,
}

impl Postgres {
    pub async fn with(settings: &[&str]) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("boxd-pg-")
            .tempdir()
            .unwrap();
        let data = dir.path().join("data");
        if is_root() {
            let given = Command::new("chown")
                .arg("postgres")
                .arg(dir.path())
                .status();
            assert!(given.unwrap().success());
        }
        let mut initdb = server("initdb");
        initdb
            .arg("--pgdata")
            .arg(&data)
            .args([
                "--username=postgres",
                "--auth=trust",
                "--no-sync",
                "--locale=C",
                "--encoding=UTF8",
            ])
            .stdout(Stdio::null());
        assert!(initdb.status().unwrap().success(), "initdb");
        let mut postgres = server("postgres");
        postgres
            .arg(format!("-D{}", data.display()))
            .arg(format!("-k{}", dir.path().display()))
            .args(["-clisten_addresses=", "-cfsync=off"])
            .args(settings.iter().map(|setting| format!("-c{setting}")))
            .stderr(fs::File::create(dir.path().join("log")).unwrap());
        let running = Running(postgres.spawn().unwrap());
        let this = Self {
            _running: running,
            dir,
        };
        let mut first = this.connect_to("postgres").await;
        first.execute("CREATE DATABASE wizamart").await.unwrap();
        first.close().await.unwrap();
        let mut connection = this.connect().await;
        for file in migrations() {
            let text = fs::read_to_string(&file).unwrap();
            let done = connection.execute(AssertSqlSafe(text)).await;
            done.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
        connection.close().await.unwrap();
        this
    }

    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.dir.path())
            .username("postgres")
            .database("wizamart")
            .disable_statement_logging()
    }

    pub async fn connect(&self) -> PgConnection {
        self.connect_to("wizamart").await
    }

    async fn connect_to(&self, database: &str) -> PgConnection {
        let options = self.options().database(database);
        for _ in 0..200 {
            if let Ok(connection) = PgConnection::connect_with(&options).await {
                return connection;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let log = fs::read_to_string(self.dir.path().join("log")).unwrap();
        panic!("PostgreSQL does not take connections:\n{log}")
    }
}

/// The newest that is installed, as the account it insists on.
fn server(program: &str) -> Command {
    let newest = (13..30)
        .rev()
        .map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin/{program}")))
        .find(|path| path.exists());
    let path = newest.expect("PostgreSQL is not installed: `cargo xtask setup` does it");
    if !is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
        .arg(path);
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn migrations() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let entries = fs::read_dir(dir).unwrap();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".up.sql"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// Redis on a socket.
pub struct Redis {
    _running: Running,
    socket: PathBuf,
}

impl Redis {
    pub fn at(socket: &Path, arguments: &[&str]) -> Self {
        fs::create_dir_all(socket.parent().unwrap()).unwrap();
        let running = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(socket)
            .arg("--dir")
            .arg(socket.parent().unwrap())
            .args(arguments)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed by `cargo xtask setup`");
        let this = Self {
            _running: Running(running),
            socket: socket.to_owned(),
        };
        for _ in 0..100 {
            if this.socket.exists() && this.ask(&["PING"]).contains("PONG") {
                return this;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("Redis does not answer")
    }

    pub fn ask(&self, arguments: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .arg("-s")
            .arg(&self.socket)
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}
