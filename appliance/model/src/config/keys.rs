//! Every key of the operator's file with the words shown for it: in the
//! commented template, in errors, and in the reference.

/// One key of the operator's file.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The dotted key.
    pub path: &'static str,
    /// What it does, in sentences.
    pub doc: &'static str,
    /// The default in TOML; `None` where leaving it out is the default.
    pub default: Option<&'static str>,
    /// A value in TOML that shows the form.
    pub example: &'static str,
    /// What an allowed value looks like, after "write".
    pub form: &'static str,
    /// Whether the value may hold a secret and is never shown.
    pub secret: bool,
}

const fn key(path: &'static str, doc: &'static str) -> Key {
    Key {
        path,
        doc,
        default: None,
        example: "",
        form: "",
        secret: false,
    }
}

const CONCURRENCY_FORM: &str = "a whole number from 1 to 64";

/// Every key, by section, in the order of the template.
pub const KEYS: &[Key] = &[
    Key {
        default: Some("[]"),
        example: r#"["shop.example.com", "www.shop.example.com"]"#,
        form: r#"a list of host names such as ["shop.example.com"]"#,
        ..key(
            "web.domains",
            "Names under which the world reaches this box; the certificate is for these.",
        )
    },
    Key {
        default: Some(r#""admin@localhost""#),
        example: r#""you@example.com""#,
        form: r#"an address such as "you@example.com""#,
        ..key(
            "admin.email",
            "Login of the first administrator. Used once, when the account is created on first boot.",
        )
    },
    Key {
        default: Some("[]"),
        example: r#"["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA you@laptop"]"#,
        form: "a list of public keys as they stand in a .pub file",
        ..key(
            "ssh.authorized_keys",
            "Public keys that may log in as root by SSH. Passwords never work.",
        )
    },
    Key {
        example: r#""postgres://shop@db.internal/shop""#,
        form: r#"a URL such as "postgres://user@host/database""#,
        secret: true,
        ..key(
            "database.url",
            "A PostgreSQL elsewhere. Left out, the box's own is used through its socket.",
        )
    },
    Key {
        example: r#""redis://cache.internal:6379/0""#,
        form: r#"a URL such as "redis://host:6379/0""#,
        secret: true,
        ..key(
            "redis.url",
            "A Redis elsewhere. Left out, the box's own is used through its socket.",
        )
    },
    Key {
        example: "4",
        form: CONCURRENCY_FORM,
        ..key(
            "workers.default.concurrency",
            "Jobs of the queue `default` done at once. Left out, it follows from memory and cores.",
        )
    },
    Key {
        example: "1",
        form: CONCURRENCY_FORM,
        ..key(
            "workers.imports.concurrency",
            "The same for product and order imports.",
        )
    },
    Key {
        example: "8",
        form: CONCURRENCY_FORM,
        ..key("workers.emails.concurrency", "The same for outgoing mail.")
    },
    Key {
        example: "1",
        form: CONCURRENCY_FORM,
        ..key(
            "workers.reports.concurrency",
            "The same for reports and exports.",
        )
    },
    Key {
        default: Some("false"),
        example: "true",
        form: "true or false",
        ..key(
            "imports.allow_private_networks",
            "Whether feeds may be fetched from this machine and from private networks. Whoever may start an import could then read what only the box can reach.",
        )
    },
    Key {
        example: r#""https://api.marketplace.example""#,
        form: r#"scheme and host such as "https://api.marketplace.example""#,
        ..key(
            "imports.orders_origin",
            "The marketplace that orders are imported from; only it is sent the token below.",
        )
    },
    Key {
        example: r#"{ secret = "orders_token" }"#,
        form: r#"the token in quotes, or { secret = "name" }"#,
        secret: true,
        ..key(
            "imports.orders_token",
            "The bearer token of that marketplace's order interface.",
        )
    },
    Key {
        default: Some(r#""UTC""#),
        example: r#""Europe/Luxembourg""#,
        form: r#"a zone name such as "UTC" or "Europe/Luxembourg""#,
        ..key(
            "time.zone",
            "Time zone of schedules and of times shown to people. Data is kept in UTC.",
        )
    },
    Key {
        default: Some(r#""info""#),
        example: r#""debug""#,
        form: "error, warn, info, debug or trace, in quotes",
        ..key(
            "log.level",
            "How much the application logs: error, warn, info, debug or trace.",
        )
    },
];

fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// What to write at a key, as an instruction.
pub(super) fn expected(path: &str) -> Option<String> {
    // An item of a list has its index at the end.
    let list = path
        .rsplit_once('.')
        .filter(|(_, index)| index.parse::<usize>().is_ok());
    let found = find(path).or_else(|| find(list?.0));
    match found {
        Some(key) => Some(format!("write {}", key.form)),
        None => is_section(path).then(|| {
            format!(
                "write a section [{path}] with {}",
                children(path).join(", ")
            )
        }),
    }
}

/// Whether the value of a key must not be shown. Everything inside a section
/// that has a secret key counts, a misplaced value may be one.
pub(super) fn may_hold_secret(path: &str) -> bool {
    KEYS.iter().filter(|key| key.secret).any(|key| {
        let section = key.path.split('.').next().unwrap_or_default();
        path.split('.').next().unwrap_or_default() == section
    })
}

/// What an unknown key may have been meant to be, as an instruction.
pub(super) fn suggest(path: &str) -> String {
    let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
    let here = children(parent);
    let last = path.rsplit('.').next().unwrap_or(path);
    let nearest = here
        .iter()
        .map(|name| (strsim::damerau_levenshtein(name, last), name))
        .min()
        // Within a third of its length a name is a misspelling of the other.
        .filter(|(distance, name)| *distance <= 1 + name.len() / 3);
    let scope = if parent.is_empty() {
        "sections are".to_owned()
    } else {
        format!("[{parent}] knows")
    };
    let known = format!("{scope} {}", here.join(", "));
    match nearest {
        Some((_, name)) => format!("did you mean {name:?}? ({known})"),
        None => match KEYS
            .iter()
            .find(|key| key.path.rsplit('.').next() == Some(last))
        {
            Some(key) => format!("did you mean {:?}? ({known})", key.path),
            None => format!("remove it ({known})"),
        },
    }
}

fn is_section(path: &str) -> bool {
    !path.is_empty() && !children(path).is_empty()
}

/// Names one level below a section; the sections themselves for "".
fn children(section: &str) -> Vec<&'static str> {
    let mut names = Vec::new();
    for key in KEYS {
        let rest = if section.is_empty() {
            Some(key.path)
        } else {
            key.path
                .strip_prefix(section)
                .and_then(|rest| rest.strip_prefix('.'))
        };
        if let Some(name) = rest.and_then(|rest| rest.split('.').next())
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}
