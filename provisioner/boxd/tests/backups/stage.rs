//! A box in a directory with the image's own programs: PostgreSQL and
//! pgBackRest run in it by chroot(2), in mount namespaces of their own. Systemd
//! is played; what it would run is run.
//!
//! `ONEBOX_TREE` names the tree of the image's packages; `cargo xtask test unit`
//! builds it.

use boxd::accounts::Ownership;
use boxd::backups::{Backups, undo_at_boot};
use boxd::disk::Disk;
use boxd::generations::{Applier, Health, Invalid, Validate};
use boxd::prepare::{World, prepare};
use boxd::rendered::Tree;
use boxd::steps::Steps;
use boxd::systemd::{Ended, SystemdError, Transient, Units};
use futures_util::future::{BoxFuture, FutureExt};
use onebox_api::units::{UnitState, Verb};
use onebox_model::{Machine, paths, units};
use onebox_testing::s3::S3;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::process::{Child, Command};

const MACHINE: Machine = Machine::of(1024, 2);
/// The accounts of the image, which the tree's file system has no files for.
const PASSWD: &str = "root:x:0:0::/root:/bin/sh\npostgres:x:901:901::/var/lib/postgresql:/bin/sh\n\
                      redis:x:902:902::/:/bin/sh\nwizamart:x:903:903::/:/bin/sh\n";
const GROUP: &str = "root:x:0:\npostgres:x:901:\nredis:x:902:\nwizamart:x:903:\n";

/// Runs a program in the box: the image's /usr with the shell that the image's
/// build links, and the machine's devices.
const ENTER: &str = "mount -t overlay -o \"lowerdir=$BOX/shell:$TREE/usr\" overlay \"$BOX/usr\" \
    && mount --rbind /dev \"$BOX/dev\" && mount -t proc proc \"$BOX/proc\" \
    && exec chroot \"$BOX\" \"$@\"";

fn tree() -> PathBuf {
    let path = std::env::var_os("ONEBOX_TREE")
        .expect("ONEBOX_TREE names the tree of the image's packages: run `cargo xtask test unit`, or build it with `cargo xtask build imageTree` and set ONEBOX_TREE=target/nix/imageTree");
    fs::canonicalize(path).unwrap()
}

/// Systemd, as far as backups need it.
#[derive(Debug)]
pub struct Systemd {
    root: PathBuf,
    server: Mutex<Option<Child>>,
    /// Programs of transient units, by their unit.
    running: Mutex<BTreeMap<String, u32>>,
    pub calls: Mutex<Vec<String>>,
}

impl Systemd {
    fn command(&self, user: &str, reads_all: bool, command: &[String]) -> Command {
        let mut run = Command::new("unshare");
        run.args(["--mount", "sh", "-c", ENTER, "sh"])
            .env("TREE", tree())
            .env("BOX", &self.root)
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C.UTF-8");
        if user != "root" {
            run.args([
                "setpriv",
                "--reuid",
                user,
                "--regid",
                user,
                "--clear-groups",
            ]);
            if reads_all {
                run.args(["--inh-caps", "+dac_read_search"]);
                run.args(["--ambient-caps", "+dac_read_search"]);
            }
        }
        // With its workers it is a group of processes.
        run.args(command).stdin(Stdio::null()).kill_on_drop(true);
        run.process_group(0);
        run
    }

    fn log(&self, path: &str) -> (Stdio, Stdio) {
        let file = fs::File::create(paths::under(&self.root, path)).unwrap();
        (file.try_clone().unwrap().into(), file.into())
    }

    fn is_running(&self) -> bool {
        self.server.lock().unwrap().is_some()
    }

    async fn start_server(&self) {
        let (out, err) = self.log("/run/postgresql.log");
        let command = [
            format!("{}/postgres", paths::POSTGRES_BIN),
            format!("-D{}", paths::POSTGRES_DATA),
            format!("-cconfig_file={}", paths::POSTGRES_CONF),
        ];
        let mut run = self.command("postgres", false, &command);
        let child = run.stdout(out).stderr(err).spawn().unwrap();
        *self.server.lock().unwrap() = Some(child);
        for _ in 0..600 {
            let log = fs::read_to_string(paths::under(&self.root, "/run/postgresql.log")).unwrap();
            if log.contains("ready to accept connections") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let log = fs::read_to_string(paths::under(&self.root, "/run/postgresql.log")).unwrap();
        panic!("the server does not start: {log}");
    }

    async fn stop_server(&self, signal: rustix::process::Signal) {
        let child = self.server.lock().unwrap().take();
        if let Some(mut child) = child {
            signal_to(child.id(), signal);
            child.wait().await.unwrap();
        }
    }
}

/// `unshare` and the shell replace themselves: the process is the program.
fn signal_to(pid: Option<u32>, signal: rustix::process::Signal) {
    let pid = pid.and_then(|pid| rustix::process::Pid::from_raw(pid.try_into().unwrap()));
    if let Some(pid) = pid {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

impl Units for Systemd {
    fn act<'a>(&'a self, verb: Verb, unit: &'a str) -> BoxFuture<'a, Result<(), SystemdError>> {
        async move {
            self.calls
                .lock()
                .unwrap()
                .push(format!("{} {unit}", verb.name()));
            match (verb, unit) {
                (Verb::Start, units::POSTGRESQL) if !self.is_running() => {
                    self.start_server().await;
                }
                (Verb::Stop, units::POSTGRESQL) => {
                    self.stop_server(rustix::process::Signal::INT).await;
                }
                (Verb::Stop, _) => {
                    let pid = self.running.lock().unwrap().get(unit).copied();
                    signal_to(pid, rustix::process::Signal::TERM);
                }
                _ => {}
            }
            Ok(())
        }
        .boxed()
    }

    fn state<'a>(&'a self, unit: &'a str) -> BoxFuture<'a, Result<UnitState, SystemdError>> {
        async move {
            Ok(UnitState {
                name: unit.to_owned(),
                ..UnitState::default()
            })
        }
        .boxed()
    }

    fn loaded(&self) -> BoxFuture<'_, Result<Vec<String>, SystemdError>> {
        async { Ok(Vec::new()) }.boxed()
    }

    fn failed(&self) -> BoxFuture<'_, Result<Vec<String>, SystemdError>> {
        async { Ok(Vec::new()) }.boxed()
    }

    fn reload_manager(&self) -> BoxFuture<'_, Result<(), SystemdError>> {
        async { Ok(()) }.boxed()
    }

    fn run<'a>(&'a self, unit: &'a Transient) -> BoxFuture<'a, Result<Ended, SystemdError>> {
        async move {
            let mut run = self.command(&unit.user, unit.reads_all, &unit.command);
            if let Some(output) = &unit.output {
                let (out, err) = self.log(output);
                run.stdout(out).stderr(err);
            }
            let mut child = run.spawn().unwrap();
            let pid = child.id().unwrap();
            self.running.lock().unwrap().insert(unit.unit.clone(), pid);
            let status = child.wait().await.unwrap();
            self.running.lock().unwrap().remove(&unit.unit);
            Ok(Ended {
                result: if status.success() {
                    "success"
                } else {
                    "exit-code"
                }
                .to_owned(),
                status: status.code().unwrap_or(-1),
            })
        }
        .boxed()
    }
}

/// Judges that say what they were told to, once.
#[derive(Debug, Default)]
pub struct Judge(pub Mutex<Option<String>>);

impl Validate for Judge {
    fn check<'a>(&'a self, _: &'a Tree) -> BoxFuture<'a, Result<(), Invalid>> {
        async { Ok(()) }.boxed()
    }
}

impl Health for Judge {
    fn check(&self, _: Duration) -> BoxFuture<'_, Result<(), String>> {
        let said = self.0.lock().unwrap().take();
        async move { said.map_or(Ok(()), Err) }.boxed()
    }
}

/// Where a box keeps the authority of its store.
pub const CA_FILE: &str = "/etc/s3-ca.pem";

/// A box.
pub struct Stage {
    pub systemd: Arc<Systemd>,
    pub judge: Arc<Judge>,
    pub disk: Arc<Disk>,
    pub backups: Backups,
    applier: Applier,
    root: PathBuf,
    _dir: TempDir,
}

impl Stage {
    /// One that was started with this operator's file.
    pub async fn new(text: &str) -> Self {
        Self::with(text, &[]).await
    }

    /// The same with files that were there before.
    pub async fn with(text: &str, files: &[(&str, &str)]) -> Self {
        // Socket's paths are short.
        let dir = tempfile::Builder::new()
            .prefix("b")
            .tempdir_in("/tmp")
            .unwrap();
        let root = dir.path().to_owned();
        fs::set_permissions(&root, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        for name in [
            "usr",
            "dev",
            "proc",
            "etc",
            "tmp",
            "run/postgresql",
            "var/lib/systemd",
        ] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        for name in ["bin", "sbin", "lib", "lib64"] {
            symlink(format!("usr/{name}"), root.join(name)).unwrap();
        }
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o1777);
        fs::set_permissions(root.join("tmp"), open).unwrap();
        fs::write(root.join("etc/passwd"), PASSWD).unwrap();
        fs::write(root.join("etc/group"), GROUP).unwrap();
        fs::write(root.join("etc/hosts"), "127.0.0.1 localhost\n").unwrap();
        fs::create_dir_all(root.join("shell/bin")).unwrap();
        symlink("bash", root.join("shell/bin/sh")).unwrap();
        fs::create_dir_all(root.join("etc/pgbackrest")).unwrap();
        for (name, target) in [
            ("pgbackrest.conf", paths::PGBACKREST_CONF),
            ("conf.d", paths::PGBACKREST_SECRETS_DIR),
        ] {
            symlink(target, root.join("etc/pgbackrest").join(name)).unwrap();
        }
        let systemd = Arc::new(Systemd {
            root: root.clone(),
            server: Mutex::default(),
            running: Mutex::default(),
            calls: Mutex::default(),
        });
        let ownership = Ownership::from_root(&root).unwrap();
        let disk = Arc::new(Disk::new(&root, ownership));
        for (path, text) in files.iter().chain(&[(paths::CONFIG, text)]) {
            let path = paths::under(&root, path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let judge = Arc::new(Judge::default());
        let applier = Applier {
            disk: Arc::clone(&disk),
            systemd: systemd.clone(),
            validate: judge.clone(),
            health: judge.clone(),
            machine: MACHINE,
        };
        let stage = Self {
            backups: Backups::new(&applier),
            applier,
            systemd,
            judge,
            disk,
            root,
            _dir: dir,
        };
        stage.prepare();
        chown(&stage.path("/run/postgresql"), 901);
        stage.initdb().await;
        stage.systemd.start_server().await;
        stage.sql("postgres", "CREATE DATABASE wizamart").await;
        let schema = "CREATE TABLE schema_migrations (version bigint); \
                      INSERT INTO schema_migrations VALUES (15); \
                      CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY, \
                      made timestamptz DEFAULT clock_timestamp(), note text)";
        stage.sql("wizamart", schema).await;
        stage
    }

    /// One whose backups go to this store, with more of an operator's file.
    pub async fn beside(s3: &S3, more: &str) -> Self {
        let text = format!("{more}{}", s3.settings("localhost", CA_FILE));
        Self::with(&text, &[(CA_FILE, &s3.certificate)]).await
    }

    /// Runs a shell command in the box as its database's account; how long it took.
    pub async fn shell(&self, script: &str) -> Duration {
        let begun = std::time::Instant::now();
        let command = ["/bin/sh", "-c", script].map(str::to_owned);
        let mut run = self.systemd.command("postgres", false, &command);
        let output = run.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}: {said}");
        begun.elapsed()
    }

    /// What happens before any service starts.
    pub fn prepare(&self) {
        let world = World {
            now: OffsetDateTime::now_utc(),
            hostname: "vm7".to_owned(),
            machine: MACHINE,
            credentials: None,
        };
        prepare(&self.disk, &world).outcome().unwrap();
    }

    async fn initdb(&self) {
        let command = [
            "/usr/lib/postgresql/17/bin/initdb",
            "--pgdata=/var/lib/postgresql/17/main",
            "--username=postgres",
            "--auth=trust",
            "--no-sync",
            "--data-checksums",
            "--locale=C.UTF-8",
            "--encoding=UTF8",
        ]
        .map(str::to_owned);
        let mut run = self.systemd.command("postgres", false, &command);
        let output = run.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "initdb: {said}");
    }

    pub fn path(&self, path: &str) -> PathBuf {
        paths::under(&self.root, path)
    }

    /// How the server of the box is reached.
    pub fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.path(paths::POSTGRES_SOCKET_DIR))
            .username("postgres")
            .database(database)
            .disable_statement_logging()
    }

    /// The server of the box.
    pub async fn connect(&self, database: &str) -> PgConnection {
        PgConnection::connect_with(&self.options(database))
            .await
            .unwrap()
    }

    pub async fn sql(&self, database: &str, statements: &str) {
        let mut connection = self.connect(database).await;
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap();
    }

    /// Places an order that says this.
    pub async fn order(&self, note: &str) -> OffsetDateTime {
        let mut connection = self.connect("wizamart").await;
        sqlx::query_scalar("INSERT INTO orders (note) VALUES ($1) RETURNING made")
            .bind(note)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    /// What the orders say, in their order.
    pub async fn orders(&self) -> Vec<String> {
        let mut connection = self.connect("wizamart").await;
        sqlx::query_scalar("SELECT note FROM orders ORDER BY id")
            .fetch_all(&mut connection)
            .await
            .unwrap()
    }

    /// A file of the application.
    pub fn upload(&self, name: &str, text: &str) {
        let path = self.path(paths::APP_STATE_DIR).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        chown(&path, 903);
        chown(path.parent().unwrap(), 903);
    }

    /// The power goes: nothing is told to end.
    pub async fn power_cut(&self) {
        let running: Vec<u32> = {
            let mut running = self.systemd.running.lock().unwrap();
            std::mem::take(&mut *running).into_values().collect()
        };
        for pid in running {
            let group = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        self.systemd
            .stop_server(rustix::process::Signal::KILL)
            .await;
        // Its children notice by themselves.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let _ = fs::remove_file(self.path(paths::POSTGRES_DATA).join("postmaster.pid"));
    }

    pub async fn start_server(&self) {
        self.systemd.start_server().await;
    }

    /// Gives the box another clock, as pgBackRest sees it: it asks PostgreSQL for
    /// the time. What PostgreSQL itself does keeps to this machine's.
    pub async fn clock(&self, ahead: Option<&str>) {
        let back = "DROP FUNCTION pg_catalog.clock_timestamp(); \
                    ALTER FUNCTION pg_catalog.real_clock() RENAME TO clock_timestamp";
        let change = match ahead {
            None => back.to_owned(),
            Some(ahead) => format!(
                "ALTER FUNCTION pg_catalog.clock_timestamp() RENAME TO real_clock; \
                 CREATE FUNCTION pg_catalog.clock_timestamp() RETURNS timestamptz LANGUAGE sql \
                 AS $$SELECT pg_catalog.real_clock() + interval '{ahead}'$$"
            ),
        };
        let change = format!("SET allow_system_table_mods = on; {change}");
        self.sql("postgres", &change).await;
    }

    /// The machine starts after its power went: what the boot does, then the
    /// keeper with nothing in its memory.
    pub async fn boot(&mut self) {
        undo_at_boot(&self.disk).unwrap();
        self.prepare();
        if !self.systemd.is_running() {
            self.systemd.start_server().await;
        }
        self.backups = Backups::new(&self.applier);
        self.backups.recover_restore(&steps()).await.unwrap();
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for log in [
                "/run/postgresql.log",
                "/run/onebox/backups/onebox-recovery.log",
            ] {
                let text = fs::read_to_string(self.path(log)).unwrap_or_default();
                let lines: Vec<&str> = text.lines().collect();
                let last = lines.len().saturating_sub(60);
                println!("{log}:\n{}", lines[last..].join("\n"));
            }
        }
        let mut server = self.systemd.server.lock().unwrap();
        if let Some(child) = server.as_mut() {
            signal_to(child.id(), rustix::process::Signal::INT);
            // Its files must not be there any more when it is gone.
            for _ in 0..100 {
                if matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

pub fn chown(path: &Path, id: u32) {
    std::os::unix::fs::chown(path, Some(id), Some(id)).unwrap();
}

/// Steps that are not read.
pub fn steps() -> Steps {
    Steps::logged()
}
