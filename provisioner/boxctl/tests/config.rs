//! The operator's file as a person or a program meets it.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

struct Box {
    dir: tempfile::TempDir,
}

impl Box {
    fn with(text: &str) -> Self {
        let new = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        fs::write(new.file(), text).unwrap();
        new
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("onebox.toml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    fn run(&self, args: &[&str]) -> Output {
        self.edited_by("false", args)
    }

    /// With an editor that is a shell command; `$2` is the draft.
    fn edited_by(&self, editor: &str, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_boxctl"))
            .arg("config")
            .args(args)
            .arg("--file")
            .arg(self.file())
            .env("VISUAL", editor)
            // What the operator's shell has is no setting of the box.
            .env("ONEBOX_LOG__LEVEL", "nonsense")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn drafts(&self) -> Vec<PathBuf> {
        fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| *path != self.file())
            .collect()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_sound_file_is_called_sound() {
    let here = Box::with("[log]\nlevel = \"debug\"\n");
    let output = here.run(&["check"]);
    assert!(output.status.success(), "{}", err(&output));
    assert!(out(&output).ends_with("onebox.toml is sound\n"));
}

#[test]
fn a_mistake_is_named_with_its_line_and_what_to_write() {
    let here = Box::with("[log]\nlevel = \"debug\"\n[web]\ndomain = [\"a.example\"]\n");
    let output = here.run(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    let said = err(&output);
    assert!(said.contains("onebox.toml:4: web.domain"), "{said}");
    assert!(said.contains("did you mean \"domains\"?"), "{said}");

    let output = here.run(&["check", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verdict["sound"], false);
    assert_eq!(verdict["problems"][0]["key"], "web.domain");
    assert!(
        verdict["problems"][0]["fix"]
            .as_str()
            .unwrap()
            .contains("domains")
    );

    let broken = Box::with("[log\n");
    let output = broken.run(&["check", "--json"]);
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        verdict["syntax"]
            .as_str()
            .unwrap()
            .contains("onebox.toml:1")
    );
}

#[test]
fn a_file_that_is_not_there_is_an_error_and_not_the_defaults() {
    let here = Box::with("");
    fs::remove_file(here.file()).unwrap();
    for command in ["check", "show", "edit"] {
        let output = here.run(&[command]);
        assert!(!output.status.success());
        assert!(
            err(&output).contains("--file names another one"),
            "{}",
            err(&output)
        );
    }
}

#[test]
fn values_are_shown_with_their_origin_and_without_secrets() {
    let here = Box::with("[log]\nlevel = \"warn\"\n[mail.smtp]\npassword = \"hunter2\"\n");
    let shown = out(&here.run(&["show"]));
    assert!(shown.contains("log.level = \"warn\"  # "), "{shown}");
    assert!(shown.contains("onebox.toml:2"), "{shown}");
    assert!(shown.contains("time.zone = \"UTC\"  # default"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let json = out(&here.run(&["show", "--json"]));
    assert!(!json.contains("hunter2"), "{json}");
    let all: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert!(all.iter().any(|one| one["key"] == "mail.smtp.password"));
}

#[test]
fn an_edit_is_saved_whole_with_the_mode_the_file_had() {
    let here = Box::with("[log]\nlevel = \"warn\"\n");
    fs::set_permissions(here.file(), fs::Permissions::from_mode(0o640)).unwrap();
    let output = here.edited_by("sed -i s/warn/debug/", &["edit"]);
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(here.text(), "[log]\nlevel = \"debug\"\n");
    let mode = fs::metadata(here.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert!(here.drafts().is_empty());

    let output = here.edited_by("true", &["edit"]);
    assert_eq!(out(&output), "nothing was changed\n");
    assert!(here.drafts().is_empty());
}

#[test]
fn an_edit_with_a_mistake_changes_nothing_and_is_kept() {
    let here = Box::with("[log]\nlevel = \"warn\"\n");
    let output = here.edited_by("sed -i s/warn/loud/", &["edit"]);
    assert!(!output.status.success());
    assert!(
        err(&output).contains("log.level = \"loud\""),
        "{}",
        err(&output)
    );
    assert_eq!(here.text(), "[log]\nlevel = \"warn\"\n");
    let drafts = here.drafts();
    let [draft] = drafts.as_slice() else {
        panic!("{drafts:?}");
    };
    assert!(err(&output).contains(draft.to_str().unwrap()));
    assert_eq!(
        fs::read_to_string(draft).unwrap(),
        "[log]\nlevel = \"loud\"\n"
    );
}

#[test]
fn what_somebody_else_wrote_meanwhile_is_not_overwritten() {
    let here = Box::with("[log]\nlevel = \"warn\"\n");
    let other = format!("echo >> {}; sed -i s/warn/debug/", here.file().display());
    let output = here.edited_by(&other, &["edit"]);
    assert!(!output.status.success());
    assert!(err(&output).contains("meanwhile"), "{}", err(&output));
    assert_eq!(here.text(), "[log]\nlevel = \"warn\"\n\n");
    assert_eq!(here.drafts().len(), 1);
}

#[test]
fn an_editor_that_fails_changes_nothing() {
    let here = Box::with("[log]\nlevel = \"warn\"\n");
    let output = here.edited_by("false", &["edit"]);
    assert!(!output.status.success());
    assert!(
        err(&output).contains("the editor failed"),
        "{}",
        err(&output)
    );
    assert_eq!(here.text(), "[log]\nlevel = \"warn\"\n");
}

#[test]
fn schema_and_reference_are_printed() {
    let run = |word| {
        Command::new(env!("CARGO_BIN_EXE_boxctl"))
            .args(["config", word])
            .output()
            .unwrap()
    };
    let schema: Value = serde_json::from_slice(&run("schema").stdout).unwrap();
    assert!(
        schema
            .pointer("/properties/web/properties/domains")
            .is_some()
    );
    let reference = out(&run("docs"));
    let page =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/reference/configuration.md");
    assert!(
        reference == fs::read_to_string(page).unwrap(),
        "the page is of other keys; run `boxctl config docs` and commit what it writes"
    );
}
