//! The operator's file as JSON Schema (draft 2020-12), for editors and other
//! programs: from the same words as the reference.

use super::keys::{KEYS, Key};
use serde_json::{Map, Value, json};

/// The schema of the operator's file.
#[must_use]
pub fn schema() -> Value {
    let mut root = Map::new();
    for key in KEYS {
        let mut parts = key.path.split('.').peekable();
        let mut here = &mut root;
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                here.insert(part.to_owned(), of_key(key));
                break;
            }
            let section = here.entry(part).or_insert_with(|| section(Map::new()));
            let inner = section.get_mut("properties").and_then(Value::as_object_mut);
            let Some(inner) = inner else { break };
            here = inner;
        }
    }
    let mut schema = section(root);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("onebox.toml");
    schema
}

/// A section knows its keys and no others.
fn section(properties: Map<String, Value>) -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

fn of_key(key: &Key) -> Value {
    let example = parse(key.example);
    let mut schema = match &example {
        Some(Value::Bool(_)) => json!({"type": "boolean"}),
        Some(Value::Number(_)) => number(key.form),
        Some(Value::Array(_)) => json!({"type": "array", "items": {"type": "string"}}),
        _ if key.form.contains("{ secret = ") => json!({"oneOf": [{"type": "string"}, named()]}),
        _ if key.allowed.is_empty() => json!({"type": "string"}),
        _ => json!({"enum": key.allowed}),
    };
    schema["description"] = json!(key.doc);
    if let Some(default) = key.default.and_then(parse) {
        schema["default"] = default;
    }
    if let Some(example) = example {
        schema["examples"] = json!([example]);
    }
    schema
}

/// The name of a secret in place of the secret.
fn named() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["secret"],
        "properties": {"secret": {"type": "string"}},
    })
}

/// Numbers are whole; the bounds stand in the words for them.
fn number(form: &str) -> Value {
    let mut schema = json!({"type": "integer", "minimum": 0});
    let words: Vec<&str> = form.split([' ', ',']).collect();
    for pair in words.windows(2) {
        if let [word, number] = pair
            && let Ok(number) = number.parse::<u64>()
        {
            match *word {
                "from" => schema["minimum"] = json!(number),
                "to" => schema["maximum"] = json!(number),
                _ => {}
            }
        }
    }
    schema
}

/// The JSON of a value in TOML.
fn parse(text: &str) -> Option<Value> {
    let table: toml::Table = toml::from_str(&format!("value = {text}")).ok()?;
    serde_json::to_value(table.get("value")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use std::path::Path;

    fn at(path: &str) -> Value {
        let pointer = format!("/properties/{}", path.replace('.', "/properties/"));
        let schema = schema();
        schema.pointer(&pointer).cloned().unwrap_or_default()
    }

    fn takes(key: &Key, value: &str) -> bool {
        let (section, name) = key.path.rsplit_once('.').unwrap();
        let text = format!("[{section}]\n{name} = {value}\n");
        Config::parse(&text, Path::new("onebox.toml")).is_ok()
    }

    #[test]
    fn every_key_is_there_with_a_type_and_its_words() {
        for key in KEYS {
            let schema = at(key.path);
            assert_eq!(schema["description"], key.doc, "{}", key.path);
            let typed = ["type", "oneOf", "enum"];
            assert!(
                typed.iter().any(|word| !schema[word].is_null()),
                "{}: {schema}",
                key.path
            );
        }
    }

    #[test]
    fn no_section_takes_a_key_that_it_does_not_know() {
        assert_eq!(schema()["additionalProperties"], false);
        let smtp = at("mail.smtp");
        assert_eq!(smtp["additionalProperties"], false);
        assert_eq!(smtp["properties"]["password"]["oneOf"][1], named());
    }

    #[test]
    fn the_bounds_are_those_that_the_file_is_held_to() {
        let mut bounded = 0;
        for key in KEYS {
            let schema = at(key.path);
            for (bound, beyond) in [("minimum", -1), ("maximum", 1)] {
                let Some(number) = schema[bound].as_i64() else {
                    continue;
                };
                let (inside, outside) = (number.to_string(), (number + beyond).to_string());
                assert!(takes(key, &inside), "{} = {inside}", key.path);
                assert!(!takes(key, &outside), "{} = {outside}", key.path);
                bounded += 1;
            }
        }
        assert!(bounded > 20, "{bounded}");
    }

    #[test]
    fn what_can_be_counted_is_what_the_file_takes() {
        for key in KEYS.iter().filter(|key| !key.allowed.is_empty()) {
            let error = {
                let (section, name) = key.path.rsplit_once('.').unwrap();
                let text = format!("[{section}]\n{name} = \"?\"\n");
                Config::parse(&text, Path::new("onebox.toml"))
                    .unwrap_err()
                    .to_string()
            };
            let listed = format!("write one of: {}", key.allowed.join(", "));
            assert!(error.contains(&listed), "{error}");
        }
    }
}
