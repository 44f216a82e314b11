//! Brings the locked packages into the store, several at a time.

use std::{
    collections::VecDeque,
    fs,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use super::{
    FetchError,
    download::{Downloader, Item},
    error::DownloadError,
    progress::Progress,
};
use crate::{
    files, http,
    lock::format::{Lock, Package},
    mirror::Mirrors,
    store::{self, path},
};

/// Downloads at a time.
const THREADS: usize = 8;

/// Files added to the store in one call.
const BATCH: usize = 16;

/// How long a mirror may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// The locked packages that the store lacks.
pub(crate) fn missing(lock: &Lock) -> Result<Vec<&Package>, FetchError> {
    let paths: Vec<String> = lock.packages.values().map(store_path).collect();
    let missing = store::missing(&paths)?;
    Ok(lock
        .packages
        .values()
        .zip(&paths)
        .filter(|(_, path)| missing.contains(*path))
        .map(|(package, _)| package)
        .collect())
}

/// Where a package is in the store.
pub(crate) fn store_path(package: &Package) -> String {
    path::flat(&package.sha256, &path::store_name(&package.path))
}

/// A package as something to download.
pub(crate) fn item(package: &Package, mirrors: &Mirrors) -> Item {
    Item {
        label: format!("{} {}", package.name, package.version),
        url: format!("{}/{}", mirrors.base(package.archive), package.path),
        file_name: path::store_name(&package.path),
        size: package.size,
        sha256: package.sha256.clone(),
    }
}

/// A downloader into `dir` with the usual patience.
pub(crate) fn downloader(dir: PathBuf) -> Result<Downloader, FetchError> {
    files::create_dir(&dir)?;
    Ok(Downloader {
        agent: http::agent(THREADS, SILENCE),
        dir,
        pause: Duration::from_millis(500),
        stop: AtomicBool::new(false),
    })
}

/// Downloads `packages` and adds each to the store as soon as it is complete.
pub(crate) fn fetch(
    packages: &[&Package],
    mirrors: &Mirrors,
    downloader: &Downloader,
) -> Result<(), FetchError> {
    let total = packages.iter().map(|package| package.size).sum();
    let progress = Progress::new(packages.len() as u64, total);
    let result = run(
        packages
            .iter()
            .map(|package| item(package, mirrors))
            .collect(),
        downloader,
        &progress,
        add,
    );
    progress.finish();
    result
}

/// Runs the download threads, with this thread handing what they finish to `add`.
pub(crate) fn run(
    items: VecDeque<Item>,
    downloader: &Downloader,
    progress: &Progress,
    mut add: impl FnMut(&[PathBuf]) -> Result<(), FetchError>,
) -> Result<(), FetchError> {
    let queue = Mutex::new(items);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            let (sender, queue) = (sender.clone(), &queue);
            scope.spawn(move || {
                while !downloader.stop.load(Ordering::Relaxed) {
                    let item = match queue.lock() {
                        Ok(mut queue) => queue.pop_front(),
                        Err(_) => None,
                    };
                    let Some(item) = item else { break };
                    let result = downloader.download(&item, &|count| progress.bytes(count));
                    if sender.send(result).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let result = consume(&receiver, progress, &mut add);
        if result.is_err() {
            downloader.stop.store(true, Ordering::Relaxed);
        }
        result
    })
}

fn consume(
    receiver: &mpsc::Receiver<Result<PathBuf, DownloadError>>,
    progress: &Progress,
    add: &mut impl FnMut(&[PathBuf]) -> Result<(), FetchError>,
) -> Result<(), FetchError> {
    let mut waiting = Vec::new();
    for (done, result) in receiver.iter().enumerate() {
        match result {
            Ok(file) => waiting.push(file),
            Err(error) => {
                // What is complete is kept: the next run need not repeat it.
                add(&waiting)?;
                return Err(error.into());
            }
        }
        progress.files(done as u64 + 1);
        if waiting.len() == BATCH {
            add(&waiting)?;
            waiting.clear();
        }
    }
    add(&waiting)
}

/// Adds complete downloads to the store and deletes them here.
fn add(files: &[PathBuf]) -> Result<(), FetchError> {
    if files.is_empty() {
        return Ok(());
    }
    let paths: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    store::add_flat(&paths)?;
    for file in files {
        fs::remove_file(file).map_err(files::FileError::at("delete", file))?;
    }
    Ok(())
}
