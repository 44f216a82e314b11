//! Where settings come from: the operator's file and the environment, kept
//! side by side so that an error can say which of them to edit.

use super::error::{ConfigError, Finding, Origin, Problem};
use super::keys;
use super::lines::{Lines, line_of};
use super::shown;
use figment::error::{Actual, Kind};
use figment::value::{Dict, Map, Value};
use figment::{Error, Figment, Metadata, Profile, Provider};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const PREFIX: &str = "ONEBOX_";

/// The file's text and the environment's settings, parsed but not yet typed.
pub(super) struct Layers {
    path: PathBuf,
    text: String,
    file: Dict,
    env: Vec<Setting>,
}

/// One environment variable that is a setting.
struct Setting {
    variable: String,
    key: String,
    value: Value,
}

/// A named set of values, for figment.
struct Layer(&'static str, Dict);

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.1.clone()))
    }
}

impl Layers {
    pub(super) fn read(
        path: &Path,
        env: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => {
                return Err(ConfigError::Read {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        let mut layers = Self::parse(path, &text)?;
        layers.env = env.into_iter().filter_map(Setting::from_variable).collect();
        Ok(layers)
    }

    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let syntax = |line: Option<usize>, detail: String| ConfigError::Syntax {
            origin: Origin::File {
                path: path.to_owned(),
                line,
            },
            detail,
        };
        let table: toml::Table = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| line_of(text, span.start));
            syntax(line, error.message().to_owned())
        })?;
        let file = Value::serialize(table)
            .map(|value| value.into_dict().unwrap_or_default())
            .map_err(|error| syntax(None, error.to_string()))?;
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            file,
            env: Vec::new(),
        })
    }

    pub(super) fn figment(&self) -> Figment {
        self.env.iter().fold(
            Figment::from(Layer("the operator's file", self.file.clone())),
            |figment, setting| {
                let nested = figment::util::nest(&setting.key, setting.value.clone());
                let dict = nested.into_dict().unwrap_or_default();
                figment.merge(Layer("the environment", dict))
            },
        )
    }

    /// Sections that were given as lists. The deserializer would take the items
    /// for the keys' values, in an order that nobody knows, and pass over those
    /// that are too many.
    pub(super) fn lists(&self) -> Vec<Finding> {
        let file = Value::from(self.file.clone());
        let env = self.env.iter();
        let env = env.map(|setting| figment::util::nest(&setting.key, setting.value.clone()));
        let all: Vec<Value> = std::iter::once(file).chain(env).collect();
        let is_list = |path: &str| {
            let mut found = all.iter().filter_map(|value| value.find_ref(path));
            found.any(|value| matches!(value, Value::Array(..)))
        };
        keys::sections()
            .into_iter()
            .filter(|section| is_list(section))
            .map(|section| Finding {
                key: section.to_owned(),
                value: None,
                why: "this is a list".to_owned(),
                fix: keys::expected(section).unwrap_or_default(),
            })
            .collect()
    }

    /// Turns what the deserializer said into what the operator must do.
    pub(super) fn explain(&self, error: Error) -> ConfigError {
        let findings = error.into_iter().map(|error| self.finding(&error));
        ConfigError::Invalid {
            problems: self.place(findings.collect()),
        }
    }

    fn finding(&self, error: &Error) -> Finding {
        let key = dotted(&error.path);
        match &error.kind {
            Kind::UnknownField(name, _) => {
                // The path ends at the section or at the key, by layer.
                let section = match error.path.split_last() {
                    Some((last, section)) if last == name => section,
                    _ => &error.path,
                };
                let section = dotted(section);
                Finding {
                    value: None,
                    why: "there is no such key".to_owned(),
                    fix: keys::suggest(&section, name),
                    key: if section.is_empty() {
                        shown::name(name).into_owned()
                    } else {
                        format!("{section}.{}", shown::name(name))
                    },
                }
            }
            Kind::UnknownVariant(name, allowed) => Finding::new(
                &key,
                name,
                "this is not one of the allowed values",
                &format!("write one of: {}", allowed.join(", ")),
            ),
            Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => Finding {
                value: self.shown(&key),
                why: format!("this is {}", kind_of(actual)),
                fix: keys::expected(&key).unwrap_or_else(|| format!("write {expected}")),
                key,
            },
            other => Finding {
                value: self.shown(&key),
                why: other.to_string(),
                fix: keys::expected(&key).unwrap_or_else(|| "correct or remove it".to_owned()),
                key,
            },
        }
    }

    /// The value as given, unless the key may hold a secret.
    fn shown(&self, key: &str) -> Option<String> {
        if keys::may_hold_secret(key) {
            return None;
        }
        let value = self.figment().find_value(key).ok()?;
        match value {
            Value::String(_, text) => Some(shown::value(&text)),
            Value::Char(_, c) => Some(shown::value(&c.to_string())),
            Value::Bool(_, b) => Some(b.to_string()),
            Value::Num(_, number) => number
                .to_i128()
                .map(|n| n.to_string())
                .or_else(|| number.to_u128().map(|n| n.to_string()))
                .or_else(|| number.to_f64().map(|n| n.to_string())),
            Value::Dict(..) | Value::Array(..) | Value::Empty(..) => None,
        }
    }

    /// Says of each finding where its key stands.
    pub(super) fn place(&self, findings: Vec<Finding>) -> Vec<Problem> {
        let lines = Lines::of(&self.text);
        findings
            .into_iter()
            .map(|finding| Problem {
                origin: self.origin(&lines, &finding.key),
                key: finding.key,
                value: finding.value,
                why: finding.why,
                fix: finding.fix,
            })
            .collect()
    }

    /// Where the values of keys were set; `None` where nobody has.
    pub(super) fn set_at<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k str>,
    ) -> Vec<Option<Origin>> {
        let (lines, figment) = (Lines::of(&self.text), self.figment());
        keys.into_iter()
            .map(|key| {
                let set = figment.find_value(key).is_ok();
                set.then(|| self.origin(&lines, key))
            })
            .collect()
    }

    fn origin(&self, lines: &Lines<'_>, key: &str) -> Origin {
        let of_key = |setting: &&Setting| {
            key == setting.key
                || key
                    .strip_prefix(&setting.key)
                    .is_some_and(|r| r.starts_with('.'))
        };
        match self.env.iter().rev().find(of_key) {
            Some(setting) => Origin::Variable(setting.variable.clone()),
            None => Origin::File {
                path: self.path.clone(),
                line: lines.of_key(key),
            },
        }
    }
}

impl Setting {
    /// Settings have a section, hence a double underscore; other variables
    /// that start with the prefix are not ours to judge.
    fn from_variable((name, value): (OsString, OsString)) -> Option<Self> {
        let variable = name.into_string().ok()?;
        let key = variable
            .strip_prefix(PREFIX)
            .filter(|rest| rest.contains("__"))?
            .to_ascii_lowercase()
            .replace("__", ".");
        let value = value.into_string().ok()?;
        Some(Self {
            variable,
            key,
            value: parse_value(value),
        })
    }
}

/// A TOML value where the text is one (number, boolean, list), else the text
/// itself: nobody wants to quote inside a shell's quotes.
fn parse_value(text: String) -> Value {
    toml::from_str::<toml::Table>(&format!("value = {text}"))
        .ok()
        .filter(|table| table.len() == 1)
        .and_then(|mut table| table.remove("value"))
        .and_then(|value| Value::serialize(value).ok())
        .unwrap_or_else(|| Value::from(text))
}

fn dotted(path: &[String]) -> String {
    let names: Vec<_> = path.iter().map(|name| shown::name(name)).collect();
    names.join(".")
}

fn kind_of(actual: &Actual) -> &'static str {
    match actual {
        Actual::Bool(_) => "a boolean",
        Actual::Unsigned(_) | Actual::Signed(_) => "a number",
        Actual::Float(_) => "a number with a fraction",
        Actual::Char(_) | Actual::Str(_) => "text",
        Actual::Seq => "a list",
        Actual::Map => "a section",
        _ => "another kind of value",
    }
}
