//! What must hold whatever a parser is given.
//!
//! The targets of the fuzzer are in `fuzz_targets/` and only call in here: each
//! function takes one input and panics where a promise is broken. Nothing here
//! is about one input, so there are no expected results: what is held against
//! what the parser did is what the rest of the box relies on.
//!
//! `cargo xtask test fuzz` builds and runs it.

mod errors;
mod files;
mod hidden;
mod promises;
mod schema;
mod written;

use onebox_model::{Config, ConfigError};
use std::path::Path;

/// Stands for the operator's file in errors.
const NAME: &str = "onebox.toml";

/// The operator's file: what is refused says where and why, what is taken is
/// what the rest of the box takes for granted, and no secret is shown.
pub fn config(text: &str) {
    let parsed = parse(text);
    match &parsed {
        Ok(config) => {
            promises::check(config);
            schema::check(text);
            written::check(config);
            files::check(config, text);
        }
        Err(error) => errors::check(error, text),
    }
    hidden::check(text, &parsed);
}

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new(NAME))
}
