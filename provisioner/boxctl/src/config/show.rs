//! `boxctl config show`.

use std::path::Path;
use std::process::ExitCode;

use onebox_model::Config;
use onebox_model::config::Setting;

use crate::error::Error;
use crate::output;

pub(super) fn run(path: &Path, json: bool) -> Result<ExitCode, Error> {
    super::read(path)?;
    let (_, settings) = Config::explain_with_env(path, []).map_err(Error::Config)?;
    if json {
        output::json(&settings)?;
    } else {
        let lines: Vec<String> = settings.iter().map(line).collect();
        output::text_line(&lines.join("\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn line(setting: &Setting) -> String {
    let value = match &setting.value {
        value if value.is_null() => "(left out)".to_owned(),
        value => value.to_string(),
    };
    match &setting.origin {
        Some(origin) => format!("{} = {value}  # {origin}", setting.key),
        None => format!("{} = {value}  # default", setting.key),
    }
}
