//! A box in a temporary directory, with a systemd that runs our generator.

use boxd::accounts::Ownership;
use boxd::disk::Disk;
use boxd::generations::{Applier, ApplyError, Health, Intent, Invalid, Request, Store, Validate};
use boxd::generator::generate;
use boxd::prepare::{World, prepare};
use boxd::rendered::Tree;
use boxd::steps::Steps;
use boxd::systemd::fake::Fake;
use boxd::systemd::{Ended, SystemdError, Transient, Units};
use futures_util::future::{BoxFuture, FutureExt};
use onebox_api::generations::Applied;
use onebox_api::units::{UnitState, Verb};
use onebox_model::{Config, Machine, paths};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use time::OffsetDateTime;

pub const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUZjYvdyPVu1JmIHUkPEE4aYpTNL1vYqFdzmqnWhlK5 me@laptop";
pub const OTHER_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGUZjYvdyPVu1JmIHUkPEE4aYpTNL1vYqFdzmqnWhlK5 me@office";

const MACHINE: Machine = Machine::of(1024, 2);

pub fn request() -> Request {
    Request {
        by: "a test".to_owned(),
        message: String::new(),
        wait: true,
        patience: std::time::Duration::from_secs(1),
    }
}

/// The played systemd; a reload runs the generator, as the real one does.
#[derive(Debug)]
pub struct Systemd {
    pub fake: Fake,
    root: PathBuf,
}

impl Units for Systemd {
    fn act<'a>(&'a self, verb: Verb, unit: &'a str) -> BoxFuture<'a, Result<(), SystemdError>> {
        self.fake.act(verb, unit)
    }
    fn state<'a>(&'a self, unit: &'a str) -> BoxFuture<'a, Result<UnitState, SystemdError>> {
        self.fake.state(unit)
    }
    fn loaded(&self) -> BoxFuture<'_, Result<Vec<String>, SystemdError>> {
        self.fake.loaded()
    }
    fn failed(&self) -> BoxFuture<'_, Result<Vec<String>, SystemdError>> {
        self.fake.failed()
    }
    fn reload_manager(&self) -> BoxFuture<'_, Result<(), SystemdError>> {
        limits(&self.root);
        self.fake.reload_manager()
    }
    fn run<'a>(&'a self, unit: &'a Transient) -> BoxFuture<'a, Result<Ended, SystemdError>> {
        self.fake.run(unit)
    }
}

fn limits(root: &Path) {
    let directory = paths::under(root, paths::GENERATOR_DIR);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    generate(&directory, root, &MACHINE).unwrap();
}

/// Judges that say what they were told to, once.
#[derive(Debug, Default)]
pub struct Judges {
    refusal: Mutex<Option<String>>,
    illness: Mutex<Option<String>>,
}

impl Judges {
    pub fn refuse(&self, said: &str) {
        *self.refusal.lock().unwrap() = Some(said.to_owned());
    }
    pub fn unhealthy(&self, why: &str) {
        *self.illness.lock().unwrap() = Some(why.to_owned());
    }
}

impl Validate for Judges {
    fn check<'a>(&'a self, _tree: &'a Tree) -> BoxFuture<'a, Result<(), Invalid>> {
        let refusal = self.refusal.lock().unwrap().take();
        async move {
            refusal.map_or(Ok(()), |said| {
                Err(Invalid::Refused {
                    program: "nft".to_owned(),
                    file: paths::NFTABLES_CONF.to_owned(),
                    said,
                })
            })
        }
        .boxed()
    }
}

impl Health for Judges {
    fn check(&self, _: std::time::Duration) -> BoxFuture<'_, Result<(), String>> {
        let illness = self.illness.lock().unwrap().take();
        async move { illness.map_or(Ok(()), Err) }.boxed()
    }
}

pub struct Stage {
    root: PathBuf,
    pub systemd: Arc<Systemd>,
    pub judges: Arc<Judges>,
    _dir: Option<TempDir>,
}

impl Stage {
    /// A box that was started with this operator's file.
    pub fn new(text: &str) -> Self {
        // In memory where there is such a place: hundreds of boxes are made,
        // and each write waits for the disk.
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            tempfile::tempdir_in(memory).unwrap()
        } else {
            tempfile::tempdir().unwrap()
        };
        let stage = Self {
            _dir: None,
            ..Self::at(dir.path())
        };
        stage.edit(text);
        stage.boot();
        Self {
            _dir: Some(dir),
            ..stage
        }
    }

    /// One that is there already.
    pub fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            systemd: Arc::new(Systemd {
                fake: Fake::default(),
                root: root.to_owned(),
            }),
            judges: Arc::default(),
            _dir: None,
        }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn disk(&self) -> Disk {
        Disk::new(&self.root, Ownership::Skip)
    }

    /// What happens before any service starts; returns what was warned of.
    pub fn boot(&self) -> Vec<String> {
        let _ = fs::remove_dir_all(paths::under(&self.root, paths::RUN_DIR));
        let world = World {
            now: OffsetDateTime::now_utc(),
            hostname: "vm7".to_owned(),
            machine: MACHINE,
            credentials: None,
        };
        let report = prepare(&self.disk(), &world);
        let warnings = report.warnings.clone();
        report.outcome().unwrap();
        limits(&self.root);
        warnings
    }

    pub fn applier(&self) -> Applier {
        self.applier_on(self.disk())
    }

    /// One that finds the power gone after so many effects, and how many there
    /// were.
    pub fn failing_applier(&self, after: usize) -> (Applier, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&count);
        let checkpoint = Box::new(move || {
            if seen.fetch_add(1, Ordering::Relaxed) >= after {
                Err(io::Error::other("power cut"))
            } else {
                Ok(())
            }
        });
        let disk = Disk::with_checkpoint(&self.root, Ownership::Skip, checkpoint);
        (self.applier_on(disk), count)
    }

    fn applier_on(&self, disk: Disk) -> Applier {
        Applier {
            disk: Arc::new(disk),
            systemd: self.systemd.clone(),
            validate: self.judges.clone(),
            health: self.judges.clone(),
            machine: MACHINE,
        }
    }

    pub async fn apply(&self) -> Result<Applied, ApplyError> {
        self.applier().apply(&request(), &Steps::logged()).await
    }

    pub async fn undo(&self, to: Option<u64>) -> Result<Applied, ApplyError> {
        self.applier().undo(to, &request(), &Steps::logged()).await
    }

    pub fn calls(&self) -> Vec<String> {
        self.systemd.fake.calls()
    }

    pub fn current(&self) -> Option<u64> {
        Store(&self.disk()).current().unwrap()
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(paths::under(&self.root, path)).unwrap()
    }

    pub fn write(&self, path: &str, text: &str) {
        fs::write(paths::under(&self.root, path), text).unwrap();
    }

    pub fn edit(&self, text: &str) {
        let path = paths::under(&self.root, paths::CONFIG);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn in_force(&self) -> String {
        self.read(paths::EFFECTIVE_CONFIG)
    }

    /// The files by their fixed names are all of one configuration.
    pub fn whole(&self) {
        let text = self.in_force();
        let config = Config::parse(&text, Path::new("in force")).unwrap();
        let secrets = boxd::secrets::stored(&self.disk()).unwrap();
        for file in Tree::of(&config, &text, &MACHINE, &[], &secrets).files {
            assert_eq!(
                self.read(&file.path),
                file.content,
                "{} is of another",
                file.path
            );
        }
    }

    /// Nothing is under way, and what is in force is the current generation.
    pub fn at_rest(&self) {
        assert_eq!(Intent::read(&self.disk()).unwrap(), None);
        self.whole();
        let number = self.current().unwrap();
        assert_eq!(Store(&self.disk()).text(number).unwrap(), self.in_force());
    }
}
