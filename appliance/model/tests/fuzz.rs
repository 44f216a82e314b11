//! What the fuzzer begins with (`fuzz/`) knows the model as it is.
//!
//! The fuzzer's crate is a workspace of its own, so that nothing there would
//! notice a new key or a newer parser.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests end the test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use onebox_model::Config;
use onebox_model::config::{KEYS, Key};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Each file of the corpus.
fn corpus() -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(root().join("fuzz/corpus/config")).unwrap();
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = text(&path);
            (path, text)
        })
        .collect()
}

fn name(key: &Key) -> (&'static str, &'static str) {
    key.path.rsplit_once('.').unwrap()
}

#[test]
fn every_file_of_the_corpus_is_a_valid_one_and_together_they_have_every_key() {
    let mut missing: BTreeSet<&str> = KEYS.iter().map(|key| key.path).collect();
    for (path, text) in corpus() {
        if let Err(error) = Config::parse(&text, &path) {
            panic!("{error}");
        }
        let table: toml::Table = text.parse().unwrap();
        missing.retain(|key| {
            let whole = toml::Value::Table(table.clone());
            let value = key
                .split('.')
                .try_fold(&whole, |value, part| value.get(part));
            value.is_none()
        });
    }
    assert!(missing.is_empty(), "in no file of the corpus: {missing:?}");
}

#[test]
fn the_dictionary_has_every_section_key_and_word() {
    let dictionary = text(&root().join("fuzz/config.dict"));
    let words: BTreeSet<&str> = dictionary.lines().collect();
    let mut wanted = BTreeSet::new();
    for key in KEYS {
        let (section, name) = name(key);
        wanted.insert(format!("\"\\x0a[{section}]\\x0a\""));
        wanted.insert(format!("\"{name} = \""));
        wanted.extend(key.allowed.iter().map(|word| format!("\"\\\"{word}\\\"\"")));
    }
    let missing: Vec<&String> = wanted
        .iter()
        .filter(|word| !words.contains(word.as_str()))
        .collect();
    assert!(missing.is_empty(), "add to fuzz/config.dict: {missing:#?}");
}

/// The versions of each package of a lock.
fn packages(lock: &str) -> BTreeMap<String, BTreeSet<String>> {
    let lock: toml::Table = text(&root().join(lock)).parse().unwrap();
    let mut packages: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        let of = |key: &str| package[key].as_str().unwrap().to_owned();
        packages
            .entry(of("name"))
            .or_default()
            .insert(of("version"));
    }
    packages
}

#[test]
fn the_fuzzer_tries_the_versions_that_the_image_has() {
    let ours = packages("Cargo.lock");
    for (name, versions) in packages("fuzz/Cargo.lock") {
        let same = ours.get(&name).is_none_or(|ours| versions.is_subset(ours));
        assert!(
            same,
            "{name} {versions:?}: copy Cargo.lock to fuzz/ and let `cargo metadata \
             --manifest-path fuzz/Cargo.toml` take out what is not needed"
        );
    }
}
