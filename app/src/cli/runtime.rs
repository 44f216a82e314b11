//! Runtimes. Idle threads cost memory on a small box, so processes that wait
//! more than they compute have one, and none has many for blocking work.

use super::{CliError, system};
use std::future::Future;
use tokio::runtime::{Builder, Runtime};

/// Threads for blocking work: password hashes and name resolution.
const BLOCKING: usize = 4;

/// Runs on this thread alone.
pub(super) fn single<T>(future: impl Future<Output = T>) -> Result<T, CliError> {
    Ok(build(&mut Builder::new_current_thread())?.block_on(future))
}

/// Runs on as many threads as there are processors.
pub(super) fn multi<T>(cores: u32, future: impl Future<Output = T>) -> Result<T, CliError> {
    let threads = usize::try_from(cores).unwrap_or(1).max(1);
    Ok(build(Builder::new_multi_thread().worker_threads(threads))?.block_on(future))
}

fn build(builder: &mut Builder) -> Result<Runtime, CliError> {
    builder
        .enable_all()
        .max_blocking_threads(BLOCKING)
        .build()
        .map_err(system("start the runtime"))
}
