//! What the parser takes, the JSON Schema takes: an editor that knows it marks
//! nothing that is right.
//!
//! The validator knows the words that our schema has and refuses others.

use onebox_model::config;
use serde_json::{Map, Value};
use std::sync::LazyLock;

static SCHEMA: LazyLock<Value> = LazyLock::new(config::schema);

/// Checks a text that was taken.
pub(crate) fn check(text: &str) {
    let table = toml::from_str::<toml::Table>(text).unwrap_or_default();
    let value = serde_json::to_value(table).unwrap_or_default();
    let at = wrong("", &SCHEMA, &value);
    assert_eq!(at, None, "taken, but not by the schema");
}

/// Where the value is not what the schema says.
fn wrong(at: &str, schema: &Value, value: &Value) -> Option<String> {
    let here = || Some(format!("{at}: {value} and {schema}"));
    let Value::Object(words) = schema else {
        return here();
    };
    for (word, says) in words {
        let holds = match word.as_str() {
            "$schema" | "title" | "description" | "default" | "examples" => true,
            "type" => says.as_str().is_some_and(|name| is(name, value)),
            "enum" => says.as_array().is_some_and(|all| all.contains(value)),
            "minimum" => number(value) >= number(says),
            "maximum" => number(value) <= number(says),
            "oneOf" => says.as_array().is_some_and(|all| {
                let taken = all.iter().filter(|one| wrong(at, one, value).is_none());
                taken.count() == 1
            }),
            "required" => says.as_array().is_some_and(|names| {
                let mut names = names.iter().filter_map(Value::as_str);
                names.all(|name| value.get(name).is_some())
            }),
            "items" | "properties" | "additionalProperties" => continue,
            other => unreachable!("the schema says {other:?}, which is not known here"),
        };
        if !holds {
            return here();
        }
    }
    match value {
        Value::Object(fields) => fields_wrong(at, words, fields),
        Value::Array(items) => {
            let schema = words.get("items")?;
            items.iter().find_map(|item| wrong(at, schema, item))
        }
        _ => None,
    }
}

fn fields_wrong(
    at: &str,
    words: &Map<String, Value>,
    fields: &Map<String, Value>,
) -> Option<String> {
    let known = words.get("properties")?;
    fields.iter().find_map(|(name, value)| {
        let at = format!("{at}.{name}");
        match known.get(name) {
            Some(schema) => wrong(&at, schema, value),
            None => Some(format!("{at} is not known")),
        }
    })
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => false,
    }
}

/// Every number of a TOML file fits.
fn number(value: &Value) -> Option<i128> {
    value
        .as_i64()
        .map(i128::from)
        .or_else(|| value.as_u64().map(i128::from))
}
