//! The Wizamart application: web, worker, scheduler and migrations in one binary.

use clap::Parser;
use std::process::ExitCode;

/// Answers are many short-lived allocations on several threads: in product
/// lists glibc's took 13 % of the machine, this one 2 % (`docs`, Where request
/// time goes).
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
