//! The description of the API, and its page.

use crate::support::app::TestApp;
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;

/// Every operation with its method and path.
pub fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
        })
        .collect()
}

/// The interface is a promise: a change to it is to be seen in a review. Write
/// the file anew with `UPDATE_OPENAPI=1 cargo test -p wizamart --test it openapi`.
#[tokio::test]
async fn the_description_is_the_committed_one() {
    let app = TestApp::new().await;
    let served = app.get("/api/v1/openapi.json").await.json();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/openapi.json");
    let text = format!("{}\n", serde_json::to_string_pretty(&served).unwrap());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let committed: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for (method, path, operation) in operations(&served) {
        let before = &committed["paths"][&path][method.to_lowercase()];
        assert_eq!(
            before, operation,
            "{method} {path} has changed; see above this test"
        );
    }
    assert_eq!(
        committed, served,
        "the description has changed; see above this test"
    );
}

#[tokio::test]
async fn every_operation_says_what_a_client_must_know() {
    let app = TestApp::new().await;
    let document = app.get("/api/v1/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = HashSet::new();
    for (method, path, operation) in operations(&document) {
        let name = format!("{method} {path}");
        let id = operation["operationId"].as_str().expect(&name);
        assert!(ids.insert(id.to_owned()), "{name}: {id} is taken");
        assert!(operation["tags"][0].is_string(), "{name}: no group");
        assert!(operation["summary"].is_string(), "{name}: no words");
        if path.starts_with("/api/") {
            let problem = &operation["responses"]["default"]["content"];
            assert!(problem["application/problem+json"].is_object(), "{name}");
        }
        let in_path = path.matches('{').count();
        let named = operation["parameters"].as_array().map_or(0, |all| {
            all.iter().filter(|one| one["in"] == "path").count()
        });
        assert_eq!(in_path, named, "{name}: parameters of the path");
    }
    assert!(ids.len() > 25);
    // Whatever is referred to is there.
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn the_page_shows_every_operation_and_runs_nothing() {
    let app = TestApp::new().await;
    let document = app.get("/api/v1/openapi.json").await.json();
    let page = app.get("/api/docs").await;
    assert_eq!(page.status, 200);
    for (method, path, operation) in operations(&document) {
        assert!(page.body.contains(&format!("{method} {path}")));
        let id = operation["operationId"].as_str().unwrap();
        assert!(page.body.contains(&format!("id=\"{id}\"")));
    }
    assert!(!page.body.contains("<style") && !page.body.contains(" style="));
    let scripts = page.body.matches("<script").count();
    assert_eq!(
        scripts,
        page.body.matches("<script type=\"module\" src=\"/").count()
    );
    // Links within the page lead somewhere.
    for link in page.body.split("href=\"#").skip(1) {
        let id = link.split('"').next().unwrap();
        assert!(page.body.contains(&format!("id=\"{id}\"")), "{id}");
    }
}
