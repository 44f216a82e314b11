//! What the description says beside the routes: title, logins, groups; and
//! what holds for every operation.

use serde_json::{Map, Value, json};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::server::Server;
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder};

const ABOUT: &str = "The shop platform of the box.

Errors are problem documents (RFC 9457); `errors` names each field at fault. Lists come in pages: send \
`next_cursor` as `cursor` until it is null. Reads have an `ETag` and take `If-None-Match`; changes take \
`If-Match`. Amounts are whole minor units of their currency: 1250 is 12.50 EUR. Times are RFC 3339 in UTC.

Whoever works for a vendor sees that vendor only; administrators name one with `?vendor=`.";

/// The description before any route is in it.
pub(in crate::controllers) fn frame() -> OpenApi {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("An access token from POST /api/v1/auth/login."))
        .build();
    let cookie = ApiKeyValue::with_description(
        crate::auth::cookies::SESSION,
        "The session of a browser. Changes also need its X-CSRF-Token.",
    );
    let mut components = Components::new();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    let info = InfoBuilder::new()
        .title("Wizamart")
        .version("1")
        .description(Some(ABOUT));
    OpenApiBuilder::new()
        .info(info.build())
        .servers(Some([Server::new("/")]))
        .components(Some(components))
        .build()
}

/// What holds for every operation: problems have their own media type, any
/// operation may answer with one that its list does not name, and no two
/// operations have the same id.
pub(super) fn finish(description: OpenApi) -> Value {
    let mut document = json!(description);
    let mut tags = Vec::new();
    for (path, item) in members(document.get_mut("paths")) {
        for (method, operation) in members(Some(item)) {
            let tag = operation["tags"][0].as_str().unwrap_or("other").to_owned();
            let id = operation["operationId"].as_str().unwrap_or(method);
            // Where a handler's name is all there is, its noun tells it apart.
            if !id.contains('_') {
                let noun = path.trim_start_matches("/api/v1/").split('/').next();
                let noun = noun.unwrap_or(&tag);
                operation["operationId"] = json!(format!("{noun}_{id}"));
            }
            if !tags.contains(&tag) {
                tags.push(tag);
            }
            if path.starts_with("/api/") {
                problems(&mut operation["responses"]);
            }
        }
    }
    tags.sort();
    document["tags"] = tags.iter().map(|name| json!({"name": name})).collect();
    document
}

fn problems(responses: &mut Value) {
    let Some(responses) = responses.as_object_mut() else {
        return;
    };
    let problem = json!({"$ref": "#/components/schemas/Problem"});
    responses
        .entry("default")
        .or_insert_with(|| json!({"description": "Any other problem", "content": {"application/json": {"schema": problem}}}));
    for (status, response) in responses {
        let fails = status == "default" || status.starts_with(['4', '5']);
        let content = response.get_mut("content").and_then(Value::as_object_mut);
        if let Some(content) = content.filter(|_| fails)
            && let Some(body) = content.remove("application/json")
        {
            content.insert("application/problem+json".to_owned(), body);
        }
    }
}

fn members(value: Option<&mut Value>) -> impl Iterator<Item = (&String, &mut Value)> {
    value
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(Map::iter_mut)
}
