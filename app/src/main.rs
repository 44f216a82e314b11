//! The Wizamart application: web, worker, scheduler and migrations in one binary.

use clap::Parser;
use std::process::ExitCode;

/// Answers are many short-lived allocations on several threads: this allocator
/// takes a third of glibc's time for them (`make bench`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match wizamart::cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wizamart: {error}");
            ExitCode::FAILURE
        }
    }
}
