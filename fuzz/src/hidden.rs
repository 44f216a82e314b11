//! No secret is shown, whatever the file looks like: with other secrets in
//! their places everything that is shown stays the same.
//!
//! That is more than looking for the secret in what is shown: a part of it, its
//! length or what it begins with would show too.

use crate::{files, parse};
use onebox_model::config::KEYS;
use onebox_model::{Config, ConfigError, Machine, Sizing, paths};
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// The secret that must be an address.
const WEBHOOK: &str = "alerts.webhook";

/// Checks a text and what came of it.
pub(crate) fn check(text: &str, parsed: &Result<Config, ConfigError>) {
    if matches!(parsed, Err(ConfigError::Syntax { .. })) {
        // What is no TOML has no values to exchange.
        return;
    }
    let Some(other) = with_other_secrets(text) else {
        return;
    };
    let reparsed = parse(&other);
    assert_eq!(shown(parsed), shown(&reparsed), "\n{text}\nand\n{other}");
    if let (Ok(config), Ok(changed)) = (parsed, &reparsed) {
        assert_eq!(for_everybody(config), for_everybody(changed));
    }
}

/// Everything that is shown of a configuration or of why there is none.
fn shown(parsed: &Result<Config, ConfigError>) -> String {
    match parsed {
        Ok(config) => format!(
            "{config:?}\n{}\n{:?}",
            serde_json::to_string(config).unwrap_or_default(),
            config.named_secrets(),
        ),
        Err(error) => format!("{error}\n{error:?}"),
    }
}

/// The files that must not have secrets: all but one.
fn for_everybody(config: &Config) -> Vec<String> {
    let sizing = Sizing::for_machine(&Machine::of(1024, 2), config);
    files::all(config, "", &sizing)
        .into_iter()
        .filter(|file| file.path != paths::EFFECTIVE_CONFIG)
        .map(|file| file.content)
        .collect()
}

/// The text with another secret in place of each; `None` if there is none.
fn with_other_secrets(text: &str) -> Option<String> {
    let table = DeTable::parse(text).ok()?;
    let mut places = Vec::new();
    in_table("", table.get_ref(), text, &mut places);
    if places.is_empty() {
        return None;
    }
    places.sort_by_key(|(span, _)| span.start);
    let mut other = text.to_owned();
    for (span, secret) in places.into_iter().rev() {
        other.replace_range(span, &secret);
    }
    Some(other)
}

type Places = Vec<(Range<usize>, String)>;

fn in_table(path: &str, table: &DeTable<'_>, text: &str, places: &mut Places) {
    for (name, value) in table {
        let name = name.get_ref();
        let path = if path.is_empty() {
            name.to_string()
        } else {
            format!("{path}.{name}")
        };
        in_value(&path, value, text, places);
    }
}

fn in_value(path: &str, value: &toml::Spanned<DeValue<'_>>, text: &str, places: &mut Places) {
    let (holder, url) = match secret_key(path) {
        Secrecy::Open => return,
        Secrecy::Section { secrets } => {
            // A secret that was written in place of its whole section.
            let whole = !matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_));
            if whole && !secrets {
                return;
            }
            (false, false)
        }
        Secrecy::Secret { url } => (true, url),
    };
    let other = match value.get_ref() {
        DeValue::Table(table) if holder && table.get("secret").is_some() => return,
        DeValue::Table(table) => return in_table(path, table, text, places),
        DeValue::Array(items) => {
            for item in items {
                in_value(path, item, text, places);
            }
            return;
        }
        DeValue::String(secret) if secret.is_empty() => return,
        DeValue::String(secret) if url => quoted(&other_url(secret)),
        DeValue::String(secret) if path == WEBHOOK => quoted(&other_path(secret)),
        DeValue::String(_) => "\"another secret\"".to_owned(),
        DeValue::Integer(_) => "7".to_owned(),
        _ => return,
    };
    let span = value.span();
    // What stands below must stay on its line.
    let lines = text.get(span.clone()).is_none_or(|old| old.contains('\n'));
    if !lines {
        places.push((span, other));
    }
}

enum Secrecy {
    /// The value is shown.
    Open,
    /// Keys below are told apart; some of them may be secrets.
    Section {
        secrets: bool,
    },
    Secret {
        url: bool,
    },
}

/// Unknown keys below a section with secrets count as secret: one of them
/// may be misspelt.
fn secret_key(path: &str) -> Secrecy {
    let below = |prefix: &str, path: &str| {
        path.strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    if let Some(key) = KEYS.iter().find(|key| key.path == path) {
        return match key.secret {
            true => Secrecy::Secret {
                url: key.form.contains("URL"),
            },
            false => Secrecy::Open,
        };
    }
    let mut inside = KEYS.iter().filter(|key| below(path, key.path)).peekable();
    if inside.peek().is_some() {
        return Secrecy::Section {
            secrets: inside.any(|key| key.secret),
        };
    }
    Secrecy::Secret { url: false }
}

/// Of a URL the place may be shown, with what says which kind it is.
fn other_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "other".to_owned();
    };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    // Where an @ stands behind a ?, the ? is a password's.
    let unclear = query.is_some_and(|query| query.contains('@'));
    let hidden = if unclear {
        rest.len()
    } else {
        rest.rfind('@').unwrap_or(0)
    };
    let (login, place) = rest.split_at(hidden);
    let mut other = format!(
        "{scheme}://{}{place}",
        login.replace(char::is_alphanumeric, "x")
    );
    if let Some(query) = query {
        other.push('?');
        other.push_str(&query.replace(char::is_alphanumeric, "y"));
    }
    other
}

/// Of an address that is a secret it is told whether it may be one, which is up
/// to its beginning.
fn other_path(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "other".to_owned();
    };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let path = path.replace(char::is_alphanumeric, "z");
    format!("{scheme}://{host}{path}")
}

/// A text as TOML's basic string, on one line whatever is in it.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| {
        if c.is_control() || matches!(c, '"' | '\\') {
            format!("\\u{:04x}", u32::from(c))
        } else {
            c.to_string()
        }
    });
    format!("\"{}\"", escaped.collect::<String>())
}
