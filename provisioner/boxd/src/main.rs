//! `boxd`, and `onebox-generator` when called by that name.

use std::process::ExitCode;

fn main() -> ExitCode {
    boxd::cli::run(std::env::args_os().collect())
}
