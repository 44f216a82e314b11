//! The command line, as units and operators use it.

use crate::support::postgres::Database;
use crate::support::process::Env;
use crate::support::redis;
use std::process::Output;

fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(both).unwrap()
}

async fn env(database: &Database) -> Env {
    Env::new(&database.url, &redis::private_url())
}

fn credential(env: &Env, content: &str) -> String {
    let path = env.dir.path().join("credential.json");
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn migrate_applies_shows_and_reverts() {
    let database = Database::empty().await;
    let env = env(&database).await;
    let before = env.command(&["migrate", "--status"]).output().unwrap();
    assert!(said(&before).contains("not applied"), "{}", said(&before));
    assert!(said(&env.command(&["migrate"]).output().unwrap()).contains("applied 1, 2, 3"));
    assert!(said(&env.command(&["migrate"]).output().unwrap()).contains("applied nothing"));
    let back = env
        .command(&["migrate", "--revert-to", "1"])
        .output()
        .unwrap();
    assert!(said(&back).contains("3, 2"), "{}", said(&back));
    let nowhere = env
        .command(&["migrate", "--revert-to", "999"])
        .output()
        .unwrap();
    assert!(!nowhere.status.success());
    assert!(said(&nowhere).contains("from 0 to that"));
}

#[tokio::test]
async fn the_first_administrator_is_made_once_and_its_password_never_shown() {
    let database = Database::migrated().await;
    let env = env(&database).await;
    let path = credential(
        &env,
        r#"{"email":"a@example.org","password":"correct horse battery"}"#,
    );
    let first = env
        .command(&["admin", "ensure", "--credential", &path])
        .output()
        .unwrap();
    assert!(first.status.success(), "{}", said(&first));
    assert!(said(&first).contains("a@example.org") && !said(&first).contains("horse"));
    // Another credential changes nothing, and is not even read.
    let again = env
        .command(&["admin", "ensure", "--credential", "/nonexistent"])
        .output()
        .unwrap();
    assert!(again.status.success(), "{}", said(&again));
    let emails: Vec<String> = sqlx::query_scalar("SELECT email FROM users")
        .fetch_all(&database.pool)
        .await
        .unwrap();
    assert_eq!(emails, ["a@example.org"]);
}

#[tokio::test]
async fn a_credential_that_is_damaged_is_refused_without_quoting_it() {
    let database = Database::migrated().await;
    let env = env(&database).await;
    for bad in [
        r#"{"email":"a@example.org","password":"hunter2hunter2"#,
        r#"{"email":"a@example.org","password":"hunter2"}"#,
        r#"{"email":"nobody","password":"hunter2hunter2"}"#,
        r#"{"email":"a@example.org","password":"hunter2hunter2","hunter2":1}"#,
    ] {
        let path = credential(&env, bad);
        let output = env
            .command(&["admin", "ensure", "--credential", &path])
            .output()
            .unwrap();
        assert!(!output.status.success(), "{bad}");
        assert!(
            said(&output).contains("credential.json"),
            "{}",
            said(&output)
        );
        assert!(!said(&output).contains("hunter2"), "{}", said(&output));
    }
}

#[tokio::test]
async fn queues_are_a_table_or_json() {
    let database = Database::migrated().await;
    let env = env(&database).await;
    let script = crate::support::jobs::Script::Succeed;
    crate::support::jobs::put_script(&database.pool, &wizamart::clock::SystemClock, script).await;
    assert!(said(&env.command(&["jobs", "queues"]).output().unwrap()).contains("default"));
    let json = env.command(&["jobs", "queues", "--json"]).output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(
        (&json[0]["queue"], &json[0]["due"]),
        (&"default".into(), &1.into())
    );
}

#[test]
fn configuration_is_shown_without_secrets() {
    let env = Env::new(
        "postgres://me:hunter2@db.example/shop",
        "redis://:hunter2@r.example:6379",
    );
    for args in [&["config", "show"][..], &["config", "show", "--json"]] {
        let shown = env.command(args).output().unwrap();
        assert!(shown.status.success(), "{}", said(&shown));
        assert!(said(&shown).contains("db.example") && !said(&shown).contains("hunter2"));
        assert!(
            said(&shown).contains("ONEBOX_DATABASE__URL"),
            "{}",
            said(&shown)
        );
    }
}

#[test]
fn a_sound_configuration_is_told_from_one_that_is_not() {
    let env = Env::new("postgres://u@db.example/shop", "redis://r.example:6379");
    let good = env.command(&["config", "check"]).output().unwrap();
    assert!(good.status.success(), "{}", said(&good));
    let path = env.dir.path().join("onebox.toml");
    std::fs::write(&path, "[log]\nlevle = \"info\"\n").unwrap();
    let path = path.to_str().unwrap();
    for args in [["config", "check"], ["config", "show"]] {
        let bad = env
            .command(&["--config", path])
            .args(args)
            .output()
            .unwrap();
        assert!(!bad.status.success());
        assert!(
            said(&bad).contains("did you mean \"level\"?"),
            "{}",
            said(&bad)
        );
    }
}

/// `wizamart config docs > docs/src/reference/configuration.md` writes it.
#[test]
fn the_books_reference_is_what_the_program_prints() {
    let env = Env::new("postgres://x/x", "redis://x");
    let printed = env.command(&["config", "docs"]).output().unwrap();
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/src/reference/configuration.md"
    );
    let committed = std::fs::read_to_string(page).unwrap();
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), committed);
}

#[test]
fn bad_input_ends_with_one_line_that_says_what_to_do() {
    let env = Env::new(
        "postgres://nobody@localhost/x?host=/nonexistent",
        "redis+unix:///nonexistent",
    );
    let path = env.dir.path().join("onebox.toml");
    std::fs::write(&path, "[web]\ndomain = \"x\"\n").unwrap();
    let path = path.to_str().unwrap();
    for (args, expected) in [
        (vec!["--config", path, "scheduler"], "domain"),
        (vec!["web"], "--listen-http"),
        (vec!["web", "--listen-http", "192.0.2.1:80"], "192.0.2.1:80"),
        (vec!["migrate", "--wait", "0"], "connect to PostgreSQL"),
        (vec!["worker", "--queue", "mails"], "emails"),
    ] {
        let output = env.command(&args).output().unwrap();
        assert!(!output.status.success(), "{args:?}");
        assert!(
            said(&output).contains(expected),
            "{args:?}: {}",
            said(&output)
        );
    }
}

#[test]
fn every_command_has_help() {
    let env = Env::new("postgres://x/x", "redis://x");
    for command in [
        "web",
        "worker",
        "scheduler",
        "migrate",
        "admin",
        "jobs",
        "config",
        "dev",
        "seed",
        "secrets",
    ] {
        let output = env.command(&[command, "--help"]).output().unwrap();
        assert!(
            output.status.success() && said(&output).contains("Usage"),
            "{command}"
        );
    }
}
