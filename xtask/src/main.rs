//! Developer tasks: set up, lock, fetch, build, test.
//!
//! A light crate of its own, since it is the first thing a newcomer compiles.
//! Each task is a module with its arguments, its error and a `run` function;
//! start reading at [`cli`].

mod bench;
mod build;
mod cache;
mod cargo;
mod cli;
mod css;
mod fetch;
mod files;
mod http;
mod links;
mod lock;
mod mirror;
mod nix_env;
mod npm;
mod preflight;
mod process;
mod run;
mod seed;
mod setup;
mod store;
mod suite;
mod venv;
mod workspace;

use std::process::ExitCode;

use clap::Parser as _;
use cli::{Cli, Task};
use workspace::Workspace;

fn main() -> ExitCode {
    let workspace = Workspace::find();
    let result: Result<ExitCode, Box<dyn std::error::Error>> = match Cli::parse().task {
        Task::Run(args) => run::run(&workspace, &args).map_err(Into::into),
        Task::Test(args) => suite::run(&workspace, &args).map_err(Into::into),
        Task::Soak(args) => suite::soak(&workspace, &args).map_err(Into::into),
        Task::Bench(args) => bench::run(&workspace, &args).map_err(Into::into),
        Task::Lock(args) => lock::run(&workspace, &args).map_err(Into::into),
        Task::Fetch(args) => fetch::run(&workspace, &args).map_err(Into::into),
        Task::Setup(args) => setup::run(&args).map_err(Into::into),
        Task::Css(args) => css::run(&workspace, &args)
            .map(|()| ExitCode::SUCCESS)
            .map_err(Into::into),
        Task::Preflight => preflight::run(&workspace).map_err(Into::into),
        Task::Build(args) => build::run(&workspace, &args).map_err(Into::into),
        Task::Nix(args) => build::nix(&workspace, &args).map_err(Into::into),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
