//! The Wizamart application: web, worker, scheduler and migrations in one binary.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match wizamart::cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wizamart: {error}");
            ExitCode::FAILURE
        }
    }
}
