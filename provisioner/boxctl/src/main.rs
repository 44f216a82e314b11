//! `boxctl`, the operator's command: runs a box in a virtual machine on this
//! computer, and on the box asks `boxd`, which keeps it.
//!
//! Results go to stdout, progress and errors to stderr; an error is one line
//! and the exit status is not 0. Start reading at [`cli`].

mod admin;
mod alert;
mod backup;
mod cert;
mod change;
mod cli;
mod config;
mod direct;
mod doctor;
mod error;
mod keeper;
mod output;
mod paint;
mod reconciler;
mod release;
mod reset;
mod secret;
mod service;
mod status;
mod upgrade;
mod version;
mod vm;
mod words;

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
