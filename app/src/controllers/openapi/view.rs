//! The description as the page shows it.

use serde_json::Value;
use std::collections::BTreeMap;

/// Operations on one kind of thing.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) operations: Vec<Operation>,
}

pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) about: String,
    pub(super) needs_login: bool,
    pub(super) parameters: Vec<Field>,
    pub(super) body: Option<Kind>,
    pub(super) answers: Vec<Answer>,
    pub(super) curl: String,
}

pub(super) struct Answer {
    pub(super) status: String,
    pub(super) about: String,
    pub(super) body: Option<Kind>,
}

pub(super) struct Schema {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) kind: Kind,
    pub(super) fields: Vec<Field>,
}

pub(super) struct Field {
    pub(super) name: String,
    pub(super) place: String,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) about: String,
}

/// A type in words, and the schema it names if it names one.
pub(super) struct Kind {
    pub(super) words: String,
    pub(super) schema: Option<String>,
}

pub(super) fn groups(document: &Value) -> Vec<Group> {
    let mut groups: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in members(item) {
            let name = text(&operation["tags"][0]);
            let shown = view(path, method, operation);
            groups.entry(name).or_default().push(shown);
        }
    }
    groups
        .into_iter()
        .map(|(name, operations)| Group { name, operations })
        .collect()
}

pub(super) fn schemas(document: &Value) -> Vec<Schema> {
    members(&document["components"]["schemas"])
        .map(|(name, schema)| Schema {
            name: name.clone(),
            about: text(&schema["description"]),
            kind: kind(schema),
            fields: fields(schema),
        })
        .collect()
}

fn view(path: &str, method: &str, operation: &Value) -> Operation {
    let parameters = list(&operation["parameters"]).map(|parameter| Field {
        name: text(&parameter["name"]),
        place: text(&parameter["in"]),
        kind: kind(&parameter["schema"]),
        required: parameter["required"] == true,
        about: text(&parameter["description"]),
    });
    let answers = members(&operation["responses"]).map(|(status, answer)| Answer {
        status: status.clone(),
        about: text(&answer["description"]),
        body: body(answer),
    });
    let needs_login = list(&operation["security"]).any(|one| members(one).next().is_some());
    Operation {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        about: text(&operation["summary"]),
        needs_login,
        parameters: parameters.collect(),
        body: body(&operation["requestBody"]),
        answers: answers.collect(),
        curl: curl(path, method, operation, needs_login),
    }
}

fn curl(path: &str, method: &str, operation: &Value, needs_login: bool) -> String {
    let mut command = "curl".to_owned();
    if method != "get" {
        command += &format!(" -X {}", method.to_uppercase());
    }
    command += &format!(" 'https://shop.example{path}'");
    if needs_login {
        command += " -H \"Authorization: Bearer $TOKEN\"";
    }
    let content = &operation["requestBody"]["content"];
    if let Some((media, _)) = members(content).next() {
        command += &format!(" -H 'Content-Type: {media}' --data @body");
    }
    command
}

fn body(holder: &Value) -> Option<Kind> {
    let (media, content) = members(&holder["content"]).next()?;
    let mut kind = kind(&content["schema"]);
    if !media.ends_with("json") {
        kind.words = media.clone();
    }
    Some(kind)
}

/// Fields of an object, and of the objects it is put together from.
fn fields(schema: &Value) -> Vec<Field> {
    let required: Vec<_> = list(&schema["required"]).map(text).collect();
    let own = members(&schema["properties"]).map(|(name, property)| Field {
        name: name.clone(),
        place: String::new(),
        kind: kind(property),
        required: required.contains(name),
        about: text(&property["description"]),
    });
    own.chain(list(&schema["allOf"]).flat_map(fields)).collect()
}

fn kind(schema: &Value) -> Kind {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next())
    {
        return Kind {
            words: name.to_owned(),
            schema: Some(name.to_owned()),
        };
    }
    for several in ["oneOf", "anyOf"] {
        let kinds: Vec<_> = list(&schema[several]).map(kind).collect();
        if !kinds.is_empty() {
            let words: Vec<_> = kinds.iter().map(|kind| kind.words.as_str()).collect();
            return Kind {
                words: words.join(" or "),
                schema: kinds.iter().find_map(|kind| kind.schema.clone()),
            };
        }
    }
    let choices: Vec<_> = list(&schema["enum"]).map(text).collect();
    if !choices.is_empty() {
        return plain(choices.join(" | "));
    }
    if schema["type"] == "array" {
        let of = kind(&schema["items"]);
        return Kind {
            words: format!("list of {}", of.words),
            schema: of.schema,
        };
    }
    let words = match &schema["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    };
    match schema["format"].as_str() {
        Some(format) => plain(format!("{words} ({format})")),
        None => plain(words),
    }
}

fn plain(words: String) -> Kind {
    Kind {
        words,
        schema: None,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
