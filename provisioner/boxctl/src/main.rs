//! `boxctl`, the operator's command: runs a box in a virtual machine on this
//! computer, and on the box shows what only its owner may see.
//!
//! Results go to stdout, progress and errors to stderr; an error is one line
//! and the exit status is not 0. Start reading at [`cli`].

mod admin;
mod cli;
mod config;
mod error;
mod output;
mod version;
mod vm;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match cli.run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("boxctl: {error}");
            ExitCode::FAILURE
        }
    }
}
