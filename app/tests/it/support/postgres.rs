//! PostgreSQL, in whatever version the machine has.

use super::janitor::{Kept, as_user, program, run};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;

/// Who removes a cluster's directory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Removed {
    /// Its keeper, when this process is gone.
    WithProcess,
    /// Its owner; until then it may be stopped and started.
    WithOwner,
}

/// A cluster in a directory of its own.
pub struct Cluster {
    dir: PathBuf,
    removed: Removed,
    extra: Vec<String>,
    running: Option<Kept>,
}

impl Cluster {
    /// One that a test may stop and start.
    pub fn restartable() -> Self {
        Self::new(Removed::WithOwner)
    }

    /// One with settings of its own, such as `ssl=on`; `prepare` is given its
    /// directory first.
    pub fn with(prepare: impl FnOnce(&Path) -> Vec<String>) -> Self {
        let mut cluster = Self::made(Removed::WithOwner);
        cluster.extra = prepare(&cluster.dir);
        cluster.owned();
        cluster.start();
        cluster
    }

    /// A streaming replica.
    pub fn replica_of(primary: &Self) -> Self {
        let mut cluster = Self::directory(Removed::WithOwner);
        let copy = [
            binary("pg_basebackup"),
            format!("--pgdata={}", cluster.dir.join("data").display()),
            format!("--host={}/sock", primary.dir.display()),
            "--username=postgres".into(),
            "--write-recovery-conf".into(),
            "--checkpoint=fast".into(),
        ];
        run(&as_user("postgres", &copy));
        cluster.start();
        cluster
    }

    fn new(removed: Removed) -> Self {
        let mut cluster = Self::made(removed);
        cluster.start();
        cluster
    }

    /// Gives the directory and what is in it to the server's user.
    fn owned(&self) {
        if super::janitor::is_root() {
            run(&[
                "chown".into(),
                "-R".into(),
                "postgres".into(),
                self.dir.display().to_string(),
            ]);
        }
    }

    fn directory(removed: Removed) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("wizamart-pg-")
            .tempdir()
            .unwrap()
            .keep();
        std::fs::create_dir(dir.join("sock")).unwrap();
        let cluster = Self {
            dir,
            removed,
            extra: Vec::new(),
            running: None,
        };
        cluster.owned();
        cluster
    }

    fn made(removed: Removed) -> Self {
        let cluster = Self::directory(removed);
        let initdb = [
            binary("initdb"),
            format!("--pgdata={}", cluster.dir.join("data").display()),
            "--username=postgres".into(),
            "--auth=trust".into(),
            "--no-sync".into(),
            "--encoding=UTF8".into(),
            "--locale=C".into(),
        ];
        run(&as_user("postgres", &initdb));
        cluster
    }

    pub fn start(&mut self) {
        let mut postgres = vec![
            binary("postgres"),
            format!("-D{}", self.dir.join("data").display()),
            format!("-k{}", self.dir.join("sock").display()),
            "-clisten_addresses=".into(),
            "-cfsync=off".into(),
            "-cmax_connections=500".into(),
            "-cshared_buffers=64MB".into(),
        ];
        postgres.extend(self.extra.iter().map(|setting| format!("-c{setting}")));
        let remove = (self.removed == Removed::WithProcess).then_some(self.dir.as_path());
        let log = self.dir.join("log");
        self.running = Some(Kept::start(
            "INT",
            remove,
            &log,
            &as_user("postgres", &postgres),
        ));
        let started = Instant::now();
        let port = self
            .extra
            .iter()
            .find_map(|setting| setting.strip_prefix("port="));
        let socket = self
            .sockets()
            .join(format!(".s.PGSQL.{}", port.unwrap_or("5432")));
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            let said = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "no PostgreSQL: {}",
                said()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }

    /// Ends it as a crash would: nothing in its memory gets to the disk.
    pub fn crash(&mut self) {
        let file = std::fs::read_to_string(self.dir.join("data/postmaster.pid")).unwrap();
        let pid = file.lines().next().unwrap().parse().unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::QUIT).unwrap();
        self.stop();
    }

    pub fn options(&self, database: &str) -> PgConnectOptions {
        self.url(database).parse().unwrap()
    }

    fn port(&self) -> &str {
        let mut extra = self.extra.iter();
        extra
            .find_map(|setting| setting.strip_prefix("port="))
            .unwrap_or("5432")
    }

    /// The directory of its socket.
    pub fn sockets(&self) -> PathBuf {
        self.dir.join("sock")
    }

    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://postgres@localhost/{database}?host={}/sock&port={}",
            self.dir.display(),
            self.port(),
        )
    }

    /// Connects, also while the server is still coming up.
    pub async fn connect(&self, database: &str) -> PgConnection {
        let started = Instant::now();
        loop {
            match PgConnection::connect_with(&self.options(database)).await {
                Ok(connection) => return connection,
                Err(error) => {
                    assert!(started.elapsed() < Duration::from_secs(60), "{error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.removed == Removed::WithOwner {
            self.stop();
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

/// The cluster of this process, with a migrated database to copy.
async fn shared() -> &'static Cluster {
    static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
    CLUSTER
        .get_or_init(|| async {
            let cluster = tokio::task::spawn_blocking(|| Cluster::new(Removed::WithProcess))
                .await
                .unwrap();
            let mut admin = cluster.connect("postgres").await;
            sqlx::raw_sql("CREATE DATABASE migrated")
                .execute(&mut admin)
                .await
                .unwrap();
            let mut connection = cluster.connect("migrated").await;
            wizamart::migrations::runner::migrate(&mut connection, wizamart::migrations::ALL)
                .await
                .unwrap();
            connection.close().await.unwrap();
            cluster
        })
        .await
}

/// A database of one test.
#[derive(Clone)]
pub struct Database {
    pub url: String,
    pub options: PgConnectOptions,
    pub pool: PgPool,
}

impl Database {
    /// With the schema, and nothing in it.
    pub async fn migrated() -> Self {
        Self::copy_of("migrated").await
    }

    /// Without even the schema.
    pub async fn empty() -> Self {
        Self::copy_of("template0").await
    }

    async fn copy_of(template: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Two copies of one template at a time are refused.
        static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let cluster = shared().await;
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        {
            let _one = ONE.lock().await;
            let mut admin = cluster.connect("postgres").await;
            let sql = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log");
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(&mut admin)
                .await
                .unwrap();
        }
        let options = cluster.options(&name);
        let pool = PgPoolOptions::new()
            .max_connections(12)
            .connect_lazy_with(options.clone());
        Self {
            url: cluster.url(&name),
            options,
            pool,
        }
    }
}

fn binary(name: &str) -> String {
    let mut candidates: Vec<String> = (13..30)
        .rev()
        .map(|version| format!("/usr/lib/postgresql/{version}/bin/{name}"))
        .collect();
    candidates.push(format!("/usr/bin/{name}"));
    program(&candidates, "postgresql")
}
