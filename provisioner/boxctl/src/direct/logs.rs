//! `boxctl logs`.

use std::ffi::OsString;
use std::process::ExitCode;

use onebox_model::units;

use super::become_program;
use crate::error::Error;

/// Read the journal of units (runs journalctl(1))
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// web, worker/imports, postgresql, … or whole names; without any, all of the box's own
    units: Vec<String>,
    /// Go on with what is new, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
    /// From then on: "1 hour ago", "2026-01-31 14:00", yesterday
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Until then
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// How many lines [default: 100 without --since]
    #[arg(short = 'n', long, value_name = "COUNT")]
    lines: Option<u64>,
    /// This and worse: emerg, alert, crit, err, warning, notice, info, debug
    #[arg(short, long, value_name = "LEVEL")]
    priority: Option<String>,
    /// Only what matches this regular expression
    #[arg(short, long, value_name = "PATTERN")]
    grep: Option<String>,
    /// One JSON object a line, with every field
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        become_program("journalctl", self.arguments()?)
    }

    fn arguments(self) -> Result<Vec<OsString>, Error> {
        let wanted = if self.units.is_empty() {
            units::own()
        } else {
            let resolved: Result<Vec<String>, _> =
                self.units.iter().map(|name| units::resolve(name)).collect();
            resolved.map_err(Error::Unit)?
        };
        let mut arguments: Vec<String> =
            wanted.iter().map(|unit| format!("--unit={unit}")).collect();
        if self.follow {
            arguments.push("--follow".to_owned());
        }
        for (name, value) in [
            ("since", &self.since),
            ("until", &self.until),
            ("priority", &self.priority),
            ("grep", &self.grep),
        ] {
            arguments.extend(value.iter().map(|value| format!("--{name}={value}")));
        }
        let lines = self.lines.or(self.since.is_none().then_some(100));
        arguments.extend(lines.map(|lines| format!("--lines={lines}")));
        if self.json {
            arguments.push("--output=json".to_owned());
        }
        Ok(arguments.into_iter().map(OsString::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(units: &[&str]) -> Args {
        Args {
            units: units.iter().map(|unit| (*unit).to_owned()).collect(),
            follow: false,
            since: None,
            until: None,
            lines: None,
            priority: None,
            grep: None,
            json: false,
        }
    }

    #[test]
    fn short_names_become_units_and_an_unknown_one_is_refused() {
        let follow = Args {
            follow: true,
            ..args(&["web", "worker/imports"])
        };
        assert_eq!(
            follow.arguments().unwrap(),
            [
                "--unit=wizamart-web.service",
                "--unit=wizamart-worker@imports.service",
                "--follow",
                "--lines=100"
            ]
        );
        assert!(args(&["nginx"]).arguments().is_err());
    }

    #[test]
    fn with_a_time_there_is_no_limit_of_lines() {
        let since = Args {
            since: Some("1 hour ago".to_owned()),
            ..args(&["redis"])
        };
        let words = since.arguments().unwrap();
        assert_eq!(words, ["--unit=redis.service", "--since=1 hour ago"]);
    }
}
