//! The configuration as an operator meets it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test helpers"
)]

use super::*;
use std::path::Path;

const NAME: &str = "/var/lib/onebox/onebox.toml";

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new(NAME))
}

fn message(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

fn with_env(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("onebox.toml");
    std::fs::write(&path, text).unwrap();
    Config::load_with_env(
        &path,
        env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
    )
}

#[test]
fn an_empty_or_missing_file_means_defaults() {
    assert_eq!(parse("").unwrap(), Config::default());
    let missing = Path::new("/nonexistent/onebox.toml");
    assert_eq!(
        Config::load_with_env(missing, []).unwrap(),
        Config::default()
    );
}

#[test]
fn every_section_is_read() {
    let config = parse(
        r#"
        [web]
        domains = ["shop.example.com"]
        [admin]
        email = "me@example.com"
        [database]
        url = "postgres://db.internal/shop"
        [redis]
        url = "redis://cache.internal/0"
        [workers.emails]
        concurrency = 9
        [time]
        zone = "Europe/Luxembourg"
        [log]
        level = "debug"
        "#,
    )
    .unwrap();
    assert_eq!(config.web.domains, ["shop.example.com"]);
    assert_eq!(config.admin.email, "me@example.com");
    assert!(!config.database.is_local() && !config.redis.is_local());
    assert_eq!(config.workers.emails.concurrency, Some(9));
    assert_eq!(config.workers.imports.concurrency, None);
    assert_eq!(config.time.zone, "Europe/Luxembourg");
    assert_eq!(config.log.level, Level::Debug);
}

#[test]
fn a_misspelt_key_is_named_with_line_and_nearest_name() {
    let message = message("[admin]\nemail = \"a@b\"\n[web]\ndomians = []\n");
    assert!(
        message.starts_with(&format!(
            "{NAME}:4: web.domians: there is no such key; did you mean \"domains\"? ([web] knows domains,"
        )),
        "{message}"
    );
}

#[test]
fn a_misspelt_section_is_named_with_line_and_nearest_name() {
    let message = message("[wbe]\ndomains = []\n");
    assert!(
        message.starts_with(&format!(
            "{NAME}:1: wbe: there is no such key; did you mean \"web\"?"
        )),
        "{message}"
    );
}

#[test]
fn a_key_named_as_its_section_is_found_in_it() {
    let message = message("[web]\nweb = 1\n");
    assert!(
        message.starts_with(&format!("{NAME}:2: web.web: there is no such key;")),
        "{message}"
    );
}

#[test]
fn what_a_file_says_cannot_change_how_its_errors_look() {
    let escape = message("[web]\n\"a\\u001b[2J\\nb.c\" = 1\n");
    assert!(
        escape.starts_with(&format!(
            "{NAME}:2: web.\"a\\u{{1b}}[2J\\nb.c\": there is no such key; remove it ([web] knows domains,"
        )),
        "{escape}"
    );
    let long = "a".repeat(100_000);
    for text in [
        format!("{long} = 1\n"),
        format!("[time]\nzone = \"{long}\"\n"),
        format!("time = \"{long}\"\n"),
        format!("[log]\nlevel = \"{long}\"\n"),
    ] {
        let message = message(&text);
        assert!(
            message.contains("aaa…\"") && message.len() < 1000,
            "{message}"
        );
    }
}

#[test]
fn a_key_without_its_section_is_told_the_whole_name() {
    let message = message("domains = [\"a.example\"]\n");
    assert!(
        message.contains("did you mean \"web.domains\"?"),
        "{message}"
    );
}

#[test]
fn an_unknown_queue_is_told_the_queues() {
    let message = message("[workers.mails]\nconcurrency = 1\n");
    assert!(
        message.contains("workers.mails") && message.contains("did you mean \"emails\"?"),
        "{message}"
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_told_the_right_one() {
    assert_eq!(
        message("[admin]\nemail = 7\n"),
        format!(
            "{NAME}:2: admin.email = 7: this is a number; write an address such as \"you@example.com\""
        )
    );
    let domains = message("[web]\ndomains = \"a.example\"\n");
    assert!(
        domains.contains("this is text; write a list of host names"),
        "{domains}"
    );
    let item = message("[web]\ndomains = [\"a.example\", 3]\n");
    assert!(item.contains("write a list of host names"), "{item}");
    let negative = message("[workers.imports]\nconcurrency = -1\n");
    assert!(
        negative.contains("= -1") && negative.contains("from 1 to 64"),
        "{negative}"
    );
    let level = message("[log]\nlevel = \"loud\"\n");
    assert!(
        level.contains("\"loud\"")
            && level.contains("write one of: error, warn, info, debug, trace"),
        "{level}"
    );
    let section = message("web = 3\n");
    assert!(
        section.contains("write a section [web] with domains"),
        "{section}"
    );
}

#[test]
fn a_section_is_no_list() {
    let text = "admin = [\"me@example.com\"]\n[[redis]]\n[acme]\nfallback.eab = []\n";
    let message = message(text);
    let lines: Vec<&str> = message.lines().collect();
    let wanted = [
        format!("{NAME}:4: acme.fallback.eab: this is a list; write a section [acme.fallback.eab]"),
        format!("{NAME}:1: admin: this is a list; write a section [admin] with email"),
        format!("{NAME}:2: redis: this is a list; write a section [redis] with url"),
    ];
    assert_eq!(lines.len(), wanted.len(), "{message}");
    for (line, start) in lines.iter().zip(wanted) {
        assert!(line.starts_with(&start), "{line}");
    }
    let error = with_env("", &[("ONEBOX_ACME__EAB", "[\"kid\"]")]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("ONEBOX_ACME__EAB: acme.eab: this is a list"),
        "{error}"
    );
}

#[test]
fn all_bad_values_are_listed_at_once() {
    let message = message(
        "[web]\ndomains = [\"https://a.example\"]\n[time]\nzone = \"CEST\"\n[workers.default]\nconcurrency = 0\n",
    );
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines.len(), 3, "{message}");
    assert!(message.contains(":2: web.domains = \"https://a.example\""));
    assert!(message.contains(":4: time.zone = \"CEST\""));
    assert!(message.contains(":6: workers.default.concurrency = 0"));
}

#[test]
fn a_long_file_of_mistakes_is_told_in_time() {
    let many = 20_000;
    let begun = std::time::Instant::now();
    let message = message(&format!(
        "firewall.ssh_from = [\n{}]\n",
        "\"a\",\n".repeat(many)
    ));
    assert_eq!(message.lines().count(), many);
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn a_file_is_named_by_its_whole_path() {
    let files = KEYS.iter().filter(|key| key.form.starts_with("a path "));
    let mut count = 0;
    for key in files {
        let message = message(&format!("{} = \"ca.pem\"\n", key.path));
        assert!(
            message.contains(&format!("{} = \"ca.pem\": this is not a path", key.path)),
            "{message}"
        );
        count += 1;
    }
    assert_eq!(count, 10);
}

#[test]
fn broken_toml_is_named_with_its_line() {
    let message = message("[web]\ndomains = [\n");
    assert!(message.starts_with(&format!("{NAME}:")), "{message}");
    assert!(message.contains("not valid TOML"), "{message}");
    let line: usize = message.split(':').nth(1).unwrap().parse().unwrap();
    assert!((2..=3).contains(&line), "{message}");
}

#[test]
fn an_unreadable_file_is_an_error_and_not_defaults() {
    let dir = tempfile::tempdir().unwrap();
    let error = Config::load_with_env(dir.path(), []).unwrap_err();
    assert!(matches!(error, ConfigError::Read { .. }));
}

#[test]
fn the_environment_wins_over_the_file() {
    let config = with_env(
        "[admin]\nemail = \"file@example.com\"\n[log]\nlevel = \"warn\"\n",
        &[
            ("ONEBOX_ADMIN__EMAIL", "env@example.com"),
            ("ONEBOX_WORKERS__EMAILS__CONCURRENCY", "3"),
            ("ONEBOX_WEB__DOMAINS", "[\"a.example\"]"),
        ],
    )
    .unwrap();
    assert_eq!(config.admin.email, "env@example.com");
    assert_eq!(config.log.level, Level::Warn);
    assert_eq!(config.workers.emails.concurrency, Some(3));
    assert_eq!(config.web.domains, ["a.example"]);
}

#[test]
fn a_bad_variable_is_named_and_other_variables_are_left_alone() {
    let error = with_env("", &[("ONEBOX_TIME__ZONE", "Mars")]).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("environment variable ONEBOX_TIME__ZONE: time.zone = \"Mars\""),
        "{error}"
    );
    let error = with_env("", &[("ONEBOX_WEB__DOMAIN", "x")]).unwrap_err();
    assert!(error.to_string().contains("ONEBOX_WEB__DOMAIN"), "{error}");
    assert!(with_env("", &[("ONEBOX_STATE", "x"), ("OTHER__KEY", "y")]).is_ok());
}

#[test]
fn passwords_show_up_in_no_error_and_no_debug_output() {
    for text in [
        "[database]\nurl = \"mysql://u:hunter2@h/d\"\n",
        "[redis]\nurl = \"http://u:hunter2@h/d\"\n",
        "[database]\nurl = [\"postgres://u:hunter2@h/d\"]\n",
        "database = \"postgres://u:hunter2@h/d\"\n",
        "[database]\nurk = \"postgres://u:hunter2@h/d\"\n",
    ] {
        let error = parse(text).unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{error:?}"
        );
    }
    let good = parse("[database]\nurl = \"postgres://u:hunter2@h/d\"\n").unwrap();
    let shown = format!("{good:?} {}", serde_json::to_string(&good).unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn without_urls_the_sockets_are_used() {
    let config = Config::default();
    assert_eq!(
        config.database.connect_url().expose(),
        "postgres://wizamart@localhost/wizamart?host=/run/postgresql"
    );
    assert_eq!(
        config.redis.connect_url().expose(),
        "redis+unix:///run/redis/redis.sock"
    );
}

#[test]
fn the_template_is_valid_and_changes_nothing() {
    assert_eq!(parse(&template()).unwrap(), Config::default());
}

#[test]
fn the_defaults_in_the_template_are_the_defaults() {
    let mut text = String::new();
    for key in KEYS {
        if let Some(default) = key.default {
            text.push_str(&format!("{} = {default}\n", key.path));
        }
    }
    assert_eq!(parse(&text).unwrap(), Config::default());
}

const STORE: &str = "backups.s3.endpoint = \"https://s3.example\"\n\
    backups.s3.access_key = \"k\"\nbackups.s3.secret_key = \"s\"\n";

#[test]
fn every_example_in_the_template_is_allowed_and_changes_something() {
    for key in KEYS {
        // A token makes sense only beside whom it is for.
        let beside = match key.path {
            "acme.eab.kid" => "acme.eab.hmac_key = \"key\"\n",
            "acme.eab.hmac_key" => "acme.eab.kid = \"kid\"\n",
            "acme.fallback.eab.kid" => "acme.fallback.eab.hmac_key = \"key\"\n",
            "acme.fallback.eab.hmac_key" => "acme.fallback.eab.kid = \"kid\"\n",
            "imports.orders_token" => "imports.orders_origin = \"https://a.example\"\n",
            // A bucket is reached with a key, and is where backups go that do
            // not stay here.
            "backups.s3.bucket" => STORE,
            "backups.local" => "backups.s3.bucket = \"b\"\nSTORE",
            "updates.automatic" => "updates.channel = \"https://a.example\"\n",
            _ => "",
        };
        let beside = beside.replace("STORE", STORE);
        let config = parse(&format!("{beside}{} = {}\n", key.path, key.example)).unwrap();
        assert_ne!(config, Config::default(), "{}", key.path);
    }
}

#[test]
fn the_template_uncommented_is_valid() {
    let text: String = template()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let config = parse(&text).unwrap();
    assert_eq!(config.web.limits, WebLimits::default());
    assert_eq!(config.admin, Admin::default());
    assert_eq!(config.workers.imports.concurrency, Some(1));
}

#[test]
fn every_field_has_its_key_and_every_key_its_field() {
    fn leaves(prefix: &str, value: &serde_json::Value, into: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    leaves(&format!("{prefix}.{name}"), value, into);
                }
            }
            _ => into.push(prefix.trim_start_matches('.').to_owned()),
        }
    }
    let mut fields = Vec::new();
    leaves(
        "",
        &serde_json::to_value(Config::default()).unwrap(),
        &mut fields,
    );
    fields.sort();
    let mut keys: Vec<&str> = KEYS.iter().map(|key| key.path).collect();
    keys.sort_unstable();
    assert_eq!(fields, keys);
    assert!(
        KEYS.iter()
            .all(|key| !key.doc.is_empty() && !key.form.is_empty())
    );
}

#[test]
fn every_setting_is_shown_with_where_it_comes_from_and_no_secret_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("onebox.toml");
    std::fs::write(
        &path,
        "[admin]\nemail = \"me@example.com\"\n[sentry]\ndsn = \"https://hunter2@s.example/1\"\n",
    )
    .unwrap();
    let env = [
        ("ONEBOX_LOG__LEVEL", "debug"),
        (
            "ONEBOX_DATABASE__URL",
            "postgres://u:hunter2@db.example/shop",
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (config, settings) = Config::explain_with_env(&path, env).unwrap();
    assert_eq!(config.log.level, Level::Debug);
    assert_eq!(settings.len(), KEYS.len());
    let find = |key: &str| settings.iter().find(|setting| setting.key == key).unwrap();
    assert_eq!(find("web.domains").origin, None);
    assert_eq!(
        find("admin.email").origin.as_ref().unwrap().to_string(),
        format!("{}:2", path.display())
    );
    assert_eq!(
        find("log.level").origin,
        Some(Origin::Variable("ONEBOX_LOG__LEVEL".to_owned()))
    );
    let shown = format!("{settings:?} {}", serde_json::to_string(&settings).unwrap());
    assert!(
        shown.contains("db.example") && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[test]
fn the_reference_has_every_key_and_its_default() {
    let page = reference();
    for key in KEYS {
        assert!(page.contains(&format!("`{}`", key.path)), "{}", key.path);
        assert!(page.contains(key.doc), "{}", key.path);
    }
}
