//! `boxctl config check`.

use std::path::Path;
use std::process::ExitCode;

use onebox_model::ConfigError;
use onebox_model::config::Problem;
use serde::Serialize;

use crate::error::Error;
use crate::output;

#[derive(Serialize)]
struct Verdict<'a> {
    file: &'a Path,
    sound: bool,
    /// Mistakes in keys and values, each with its place.
    problems: Vec<Problem>,
    /// Why the file could not even be read as TOML.
    syntax: Option<String>,
}

pub(super) fn run(path: &Path, json: bool) -> Result<ExitCode, Error> {
    let parsed = super::parse(&super::read(path)?, path);
    if !json {
        parsed?;
        output::text_line(&format!("{} is sound", path.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (problems, syntax) = match parsed {
        Ok(_) => (Vec::new(), None),
        Err(Error::Config(ConfigError::Invalid { problems })) => (problems, None),
        Err(Error::Config(error)) => (Vec::new(), Some(error.to_string())),
        Err(other) => return Err(other),
    };
    let sound = problems.is_empty() && syntax.is_none();
    output::json(&Verdict {
        file: path,
        sound,
        problems,
        syntax,
    })?;
    Ok(match sound {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
