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
    /// The values that are allowed, where they can be counted.
    pub allowed: &'static [&'static str],
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
        allowed: &[],
        secret: false,
    }
}

const LIMIT_FORM: &str = "a whole number, or 0 for no limit";

const SECRET_FORM: &str = r#"the value in quotes, or { secret = "name" }"#;
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
        example: r#""/var/lib/wizamart/static""#,
        form: r#"a path such as "/var/lib/wizamart/static""#,
        ..key(
            "web.static_dir",
            "Directory whose files are served under /static/. Small ones are kept in memory and compressed once.",
        )
    },
    Key {
        default: Some("true"),
        example: "false",
        form: "true or false",
        ..key(
            "web.compression",
            "Whether answers of text and JSON are compressed (zstd, br, gzip) for clients that can read it.",
        )
    },
    Key {
        default: Some("4096"),
        example: "8192",
        form: "a whole number from 16 to 60000",
        ..key(
            "web.limits.connections",
            "Connections of all clients together; more wait until one is free.",
        )
    },
    Key {
        default: Some("512"),
        example: "64",
        form: "a whole number from 4 to 60000",
        ..key(
            "web.limits.connections_per_address",
            "Connections of one IPv4 address or one IPv6 /64 network; more are closed at once.",
        )
    },
    Key {
        default: Some("16384"),
        example: "8192",
        form: "a whole number from 4096 to 61440",
        ..key(
            "web.limits.header_bytes",
            "Largest head of a request, in bytes: its target and all header fields. Above it the answer is 431.",
        )
    },
    Key {
        default: Some("10"),
        example: "30",
        form: "a whole number from 1 to 300",
        ..key(
            "web.limits.header_seconds",
            "Seconds a client has for the head of a request, and an idle connection stays open.",
        )
    },
    Key {
        default: Some("1048576"),
        example: "2097152",
        form: "a whole number from 1024 to 1073741824",
        ..key(
            "web.limits.body_bytes",
            "Largest body of a request, in bytes, where an endpoint has no limit of its own. Above it the answer is 413.",
        )
    },
    Key {
        default: Some("512"),
        example: "4096",
        form: "a whole number from 1 to 1048576",
        ..key(
            "web.limits.body_rate",
            "Slowest rate at which a body may arrive, in bytes a second, after ten seconds. Below it the answer is 408.",
        )
    },
    Key {
        default: Some("30"),
        example: "60",
        form: "a whole number from 1 to 600",
        ..key(
            "web.limits.request_seconds",
            "Seconds from the end of a request to the beginning of its answer. Above it the answer is 503.",
        )
    },
    Key {
        default: Some("30"),
        example: "60",
        form: "a whole number from 1 to 600",
        ..key(
            "web.limits.write_seconds",
            "Seconds after which a client that takes nothing of its answer is cut off.",
        )
    },
    Key {
        default: Some("true"),
        example: "false",
        form: "true or false",
        ..key(
            "acme.enabled",
            "Whether the box gets and renews the certificate for web.domains by itself; that begins when acme.terms_agreed is set. With false, certificates are yours to bring.",
        )
    },
    Key {
        default: Some("false"),
        example: "true",
        form: "true or false",
        ..key(
            "acme.terms_agreed",
            "Whether you agree to the terms of the authority below; for Let's Encrypt they stand at https://letsencrypt.org/repository/. No certificate is asked for without it.",
        )
    },
    Key {
        example: r#""you@example.com""#,
        form: r#"an address such as "you@example.com""#,
        ..key(
            "acme.email",
            "Where the authority may write to; many need none.",
        )
    },
    Key {
        default: Some(r#""production""#),
        example: r#""staging""#,
        form: r#""production", "staging" or the https:// URL of a directory"#,
        ..key(
            "acme.directory",
            "Who gives certificates: production and staging are Let's Encrypt's (browsers refuse staging's), a URL is any other authority's ACME directory.",
        )
    },
    Key {
        example: r#""/var/lib/onebox/acme-ca.pem""#,
        form: r#"a path from the root such as "/var/lib/onebox/acme-ca.pem""#,
        ..key(
            "acme.ca_file",
            "Roots (PEM) that the authority's own server is checked with, for a private one. Left out, the system's authorities count.",
        )
    },
    Key {
        default: Some(r#""http-01""#),
        example: r#""tls-alpn-01""#,
        form: r#""http-01", "tls-alpn-01" or "dns-01""#,
        allowed: &["http-01", "tls-alpn-01", "dns-01"],
        ..key(
            "acme.challenge",
            "How names are proven: a file on port 80 (http-01), a handshake on port 443 (tls-alpn-01), or a record in DNS at Cloudflare (dns-01), which wildcards such as \"*.example.com\" in web.domains need.",
        )
    },
    Key {
        example: r#""shortlived""#,
        form: r#"a name such as "classic", "tlsserver" or "shortlived""#,
        ..key(
            "acme.profile",
            "The authority's profile. Let's Encrypt has classic (90 days), tlsserver (45 days) and shortlived (6 days; needed for addresses). Left out, the authority's default.",
        )
    },
    Key {
        example: r#""ISRG Root X1""#,
        form: r#"a name such as "ISRG Root X1""#,
        ..key(
            "acme.preferred_chain",
            "Where an authority offers several chains: common name of the issuer that the chain should lead to. Left out, or when none does, the one offered first.",
        )
    },
    Key {
        default: Some(r#""ecdsa-p256""#),
        example: r#""rsa-2048""#,
        form: r#""ecdsa-p256", "ecdsa-p384" or "rsa-2048""#,
        allowed: &["ecdsa-p256", "ecdsa-p384", "rsa-2048"],
        ..key("acme.key_type", "Kind of the certificate's private key.")
    },
    Key {
        default: Some("false"),
        example: "true",
        form: "true or false",
        ..key(
            "acme.reuse_key",
            "Whether a renewed certificate keeps the private key of the one before; for clients that pin it.",
        )
    },
    Key {
        default: Some("[]"),
        example: r#"["203.0.113.7"]"#,
        form: r#"a list of IP addresses such as ["203.0.113.7"]"#,
        ..key(
            "acme.addresses",
            "IP addresses of this box that the certificate is also for. Let's Encrypt wants acme.profile = \"shortlived\" for them.",
        )
    },
    Key {
        default: Some("[]"),
        example: r#"["9.9.9.9"]"#,
        form: r#"a list of addresses such as ["9.9.9.9", "127.0.0.1:8053"]"#,
        ..key(
            "acme.resolvers",
            "Name servers to ask before a certificate is ordered and while a record of dns-01 spreads. Left out, the system's, and for such records the zone's own.",
        )
    },
    Key {
        example: r#""kid-1""#,
        form: r#"text such as "kid-1""#,
        ..key(
            "acme.eab.kid",
            "Name of the external account key, for an authority that wants one.",
        )
    },
    Key {
        example: r#"{ secret = "eab-key" }"#,
        form: SECRET_FORM,
        secret: true,
        ..key(
            "acme.eab.hmac_key",
            "That key, in base64url as the authority shows it.",
        )
    },
    Key {
        example: r#"{ secret = "cloudflare-dns" }"#,
        form: SECRET_FORM,
        secret: true,
        ..key(
            "acme.cloudflare.token",
            "API token of Cloudflare with the permission Zone / DNS / Edit for the zones of web.domains, for dns-01.",
        )
    },
    Key {
        default: Some(r#""https://api.cloudflare.com""#),
        example: r#""http://127.0.0.1:8787""#,
        form: r#"a URL such as "https://api.cloudflare.com""#,
        ..key(
            "acme.cloudflare.url",
            "Address of Cloudflare's API; another one is for tests.",
        )
    },
    Key {
        example: r#""https://acme.zerossl.com/v2/DV90""#,
        form: r#""production", "staging" or the https:// URL of a directory"#,
        ..key(
            "acme.fallback.directory",
            "A second authority, asked while the first one's servers fail over and over; never because a name could not be proven. acme.terms_agreed means its terms too.",
        )
    },
    Key {
        example: r#""/var/lib/onebox/acme-ca2.pem""#,
        form: r#"a path from the root such as "/var/lib/onebox/acme-ca2.pem""#,
        ..key("acme.fallback.ca_file", "As acme.ca_file.")
    },
    Key {
        example: r#""kid-2""#,
        form: r#"text such as "kid-2""#,
        ..key("acme.fallback.eab.kid", "As acme.eab.kid.")
    },
    Key {
        example: r#"{ secret = "eab-key-2" }"#,
        form: SECRET_FORM,
        secret: true,
        ..key("acme.fallback.eab.hmac_key", "As acme.eab.hmac_key.")
    },
    Key {
        default: Some("false"),
        example: "true",
        form: "true or false",
        ..key(
            "cloudflare.enabled",
            "Whether the box is behind Cloudflare. Then CF-Connecting-IP and CF-IPCountry are believed of Cloudflare's networks, and of nobody else.",
        )
    },
    Key {
        default: Some(r#""https://api.cloudflare.com""#),
        example: r#""http://127.0.0.1:8787""#,
        form: r#"a URL such as "https://api.cloudflare.com""#,
        ..key(
            "cloudflare.url",
            "Address of Cloudflare's API, which has the list of its networks; another one is for tests.",
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
        default: Some("120"),
        example: "600",
        form: "a whole number of seconds from 0 to 86400",
        ..key(
            "alerts.after",
            "Seconds that something must be wrong before anybody is told. What is well again before is told nobody.",
        )
    },
    Key {
        default: Some("24"),
        example: "4",
        form: "a whole number of hours from 0 to 720",
        ..key(
            "alerts.repeat",
            "Hours after which it is told again while it lasts; 0 for never.",
        )
    },
    Key {
        default: Some("[]"),
        example: r#"["ops@example.com"]"#,
        form: r#"a list of addresses such as ["ops@example.com"]"#,
        ..key(
            "alerts.mail",
            "Addresses that get a mail. It leaves by way of [mail] and the queue of jobs; while these are what is wrong it waits, so set another channel too.",
        )
    },
    Key {
        example: r#"{ secret = "alert-webhook" }"#,
        form: SECRET_FORM,
        secret: true,
        ..key(
            "alerts.webhook",
            "Address that gets each alert as a POST of JSON.",
        )
    },
    Key {
        example: r#"{ secret = "pagerduty" }"#,
        form: SECRET_FORM,
        secret: true,
        ..key(
            "alerts.pagerduty.key",
            "Integration key of a PagerDuty service (Events API v2).",
        )
    },
    Key {
        example: r#""https://events.eu.pagerduty.com/v2/enqueue""#,
        form: r#"a URL such as "https://events.pagerduty.com/v2/enqueue""#,
        ..key(
            "alerts.pagerduty.url",
            "Address of PagerDuty's events, where it is not the usual one.",
        )
    },
    Key {
        example: r#"{ secret = "opsgenie" }"#,
        form: SECRET_FORM,
        secret: true,
        ..key("alerts.opsgenie.key", "API key of an Opsgenie integration.")
    },
    Key {
        example: r#""https://api.eu.opsgenie.com""#,
        form: r#"a URL such as "https://api.opsgenie.com""#,
        ..key(
            "alerts.opsgenie.url",
            "Address of Opsgenie, where it is not the usual one.",
        )
    },
    Key {
        default: Some("true"),
        example: "false",
        form: "true or false",
        ..key(
            "backups.on",
            "Whether the database, the files and the state of the box are backed up. It is for tests; a shop wants it.",
        )
    },
    Key {
        default: Some("true"),
        example: "false",
        form: "true or false",
        ..key(
            "backups.local",
            "Whether backups are kept on the disk of the box. They undo mistakes, and are lost with the disk: set a bucket too.",
        )
    },
    Key {
        default: Some(r#""02:30""#),
        example: r#""04:00""#,
        form: r#"a time of day such as "02:30""#,
        ..key(
            "backups.at",
            "When the daily backup begins, in the time zone of the box.",
        )
    },
    Key {
        default: Some(r#""sunday""#),
        example: r#""saturday""#,
        form: r#"a day such as "sunday""#,
        allowed: &[
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ],
        ..key(
            "backups.full_on",
            "Day of the week whose backup is a full one. The others hold what changed since.",
        )
    },
    Key {
        default: Some("1"),
        example: "6",
        form: "a whole number of hours from 0 to 23",
        ..key(
            "backups.between_hours",
            "Hours between two small backups during the day, which bring the files that were uploaded since; 0 for none.",
        )
    },
    Key {
        default: Some("7"),
        example: "14",
        form: "a whole number of days from 1 to 365",
        ..key(
            "backups.keep_daily",
            "Days for which every daily backup is kept, and any second can be gone back to.",
        )
    },
    Key {
        default: Some("4"),
        example: "8",
        form: "a whole number from 1 to 520",
        ..key(
            "backups.keep_weekly",
            "How many full backups are kept, one a week.",
        )
    },
    Key {
        default: Some("6"),
        example: "12",
        form: "a whole number from 0 to 120",
        ..key(
            "backups.keep_monthly",
            "How many full backups are kept, one a month.",
        )
    },
    Key {
        default: Some("60"),
        example: "300",
        form: "a whole number of seconds from 10 to 3600",
        ..key(
            "backups.archive_seconds",
            "Seconds after which what was written leaves the server for the archive at the latest: what the loss of the box can cost.",
        )
    },
    Key {
        default: Some("0"),
        example: "5000000",
        form: "a whole number of bytes a second, or 0 for no limit",
        ..key(
            "backups.bytes_per_second",
            "The most bytes a second that a backup reads, and so sends; 0 for no limit.",
        )
    },
    Key {
        default: Some("7"),
        example: "1",
        form: "a whole number of days from 0 to 90",
        ..key(
            "backups.drill_days",
            "Days between two drills, in which the newest backup is restored aside and looked at; 0 for none.",
        )
    },
    Key {
        example: r#""https://ACCOUNT.r2.cloudflarestorage.com""#,
        form: r#"a URL such as "https://s3.eu-central-1.amazonaws.com""#,
        ..key(
            "backups.s3.endpoint",
            "Address of an object store that speaks S3, such as R2 or MinIO.",
        )
    },
    Key {
        example: r#""shop-backups""#,
        form: "the name of a bucket",
        ..key(
            "backups.s3.bucket",
            "Bucket for backups, which must exist. While it is left out nothing leaves the box.",
        )
    },
    Key {
        default: Some(r#""auto""#),
        example: r#""eu-central-1""#,
        form: r#"a region such as "eu-central-1""#,
        ..key("backups.s3.region", "Region of the bucket.")
    },
    Key {
        default: Some(r#""/onebox""#),
        example: r#""/shop.example.com""#,
        form: r#"a place in the bucket such as "/shop.example.com""#,
        ..key(
            "backups.s3.path",
            "Where in the bucket the backups of this box are. Each box needs a place of its own.",
        )
    },
    Key {
        example: r#""AKIAEXAMPLE""#,
        form: "the access key id in quotes",
        ..key("backups.s3.access_key", "Name of the key pair.")
    },
    Key {
        example: r#"{ secret = "backup-s3" }"#,
        form: SECRET_FORM,
        secret: true,
        ..key("backups.s3.secret_key", "Secret half of the key pair.")
    },
    Key {
        example: r#""/var/lib/onebox/s3-ca.pem""#,
        form: r#"a path such as "/var/lib/onebox/s3-ca.pem""#,
        ..key(
            "backups.s3.ca_file",
            "File of authorities that sign the certificate of the service, where they are not the public ones.",
        )
    },
    Key {
        example: r#""https://releases.example.com/stable""#,
        form: r#"a URL such as "https://releases.example.com/stable""#,
        ..key(
            "updates.channel",
            "Where new releases are: the address of a directory that `boxctl release publish` made, on any web server. `boxctl upgrade` takes the newest from there.",
        )
    },
    Key {
        example: r#""/var/lib/onebox/release-roots.pem""#,
        form: r#"a path such as "/var/lib/onebox/release-roots.pem""#,
        ..key(
            "updates.roots_file",
            "File of root certificates, in PEM, whose releases are taken besides those that the image trusts. Who holds one of their keys can replace all that runs on the box.",
        )
    },
    Key {
        example: r#""/var/lib/onebox/channel-ca.pem""#,
        form: r#"a path such as "/var/lib/onebox/channel-ca.pem""#,
        ..key(
            "updates.ca_file",
            "File of authorities that sign the certificate of the channel's server, where they are not the public ones.",
        )
    },
    Key {
        default: Some("false"),
        example: "true",
        form: "true or false",
        ..key(
            "updates.automatic",
            "Whether a new release of the channel is installed without being asked for, in the hours below.",
        )
    },
    Key {
        example: r#""sunday""#,
        form: r#"a day such as "sunday""#,
        allowed: &[
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ],
        ..key(
            "updates.on",
            "Day of the week on which that may begin; without one, every day.",
        )
    },
    Key {
        default: Some(r#""03:30""#),
        example: r#""05:00""#,
        form: r#"a time of day such as "03:30""#,
        ..key(
            "updates.from",
            "When that may begin, in the time zone of the box.",
        )
    },
    Key {
        default: Some("120"),
        example: "60",
        form: "a whole number of minutes from 10 to 1440",
        ..key(
            "updates.minutes",
            "Minutes from then on in which that may begin.",
        )
    },
    Key {
        default: Some("30"),
        example: "60",
        form: "a whole number of minutes from 5 to 720",
        ..key(
            "updates.trial_minutes",
            "Minutes that a new release has, migrations included, to be found good. After that the box goes back to the release of before.",
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
        default: Some("[]"),
        example: r#"["203.0.113.0/24", "2001:db8::7"]"#,
        form: r#"a list of addresses and networks such as ["203.0.113.0/24"]"#,
        ..key(
            "firewall.ssh_from",
            "Addresses and networks that may reach SSH; without any, everybody may. `boxctl apply` takes a change back unless it is confirmed within 60 seconds.",
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
        example: r#""postgres://shop@db.internal:5432/shop""#,
        form: r#"a URL such as "postgres://user@host/database""#,
        secret: true,
        ..key(
            "database.direct_url",
            "The same server without its transaction pooler (PgBouncer), for notifications, the scheduler's lead and migrations. Left out, database.url is used.",
        )
    },
    Key {
        example: r#""postgres://shop@replica.internal/shop""#,
        form: r#"a URL such as "postgres://user@host/database""#,
        secret: true,
        ..key(
            "database.replica_url",
            "A streaming replica. While it answers and is at most ten seconds behind, lists and details are read from it.",
        )
    },
    Key {
        example: r#""/var/lib/onebox/database-ca.pem""#,
        form: r#"a path from the root such as "/etc/ssl/certs/ca.pem""#,
        ..key(
            "database.root_certificate",
            "Authority (PEM) that signed the servers' certificates. With it, connections are encrypted and the server's name is checked; without it, sslmode in the URL decides.",
        )
    },
    Key {
        example: r#""redis://cache.internal:6379/0""#,
        form: r#"a URL such as "redis://host:6379/0""#,
        secret: true,
        ..key(
            "redis.url",
            "A Redis elsewhere: redis://, rediss:// (TLS), or redis+sentinel://host:26379,host:26379/NAME/0. Left out, the box's own is used through its socket.",
        )
    },
    Key {
        example: r#""/var/lib/onebox/redis-ca.pem""#,
        form: r#"a path from the root such as "/etc/ssl/certs/ca.pem""#,
        ..key(
            "redis.root_certificate",
            "Authority (PEM) that signed the certificate of a rediss:// server. Left out, the system's authorities count.",
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
        default: Some("36000"),
        example: "72000",
        form: LIMIT_FORM,
        ..key(
            "limits.api_per_user",
            "Requests of one account to the API in an hour; 0 means no limit, here and below.",
        )
    },
    Key {
        default: Some("36000"),
        example: "72000",
        form: LIMIT_FORM,
        ..key(
            "limits.public_per_address",
            "Requests of one address without an account in an hour.",
        )
    },
    Key {
        default: Some("600"),
        example: "1200",
        form: LIMIT_FORM,
        ..key(
            "limits.logins_per_address",
            "Attempts to log in from one address in an hour, right or wrong.",
        )
    },
    Key {
        default: Some("20"),
        example: "40",
        form: LIMIT_FORM,
        ..key(
            "limits.password_resets_per_address",
            "Requests for a link that sets a password, and uses of one, from one address in an hour.",
        )
    },
    Key {
        default: Some("100"),
        example: "200",
        form: LIMIT_FORM,
        ..key(
            "limits.login_failures_per_account",
            "Failed logins of one account in an hour, from anywhere. One address has ten in a quarter of an hour.",
        )
    },
    Key {
        default: Some("100"),
        example: "200",
        form: LIMIT_FORM,
        ..key(
            "limits.login_failures_per_address",
            "Failed logins from one address in an hour, for any account.",
        )
    },
    Key {
        example: r#""/etc/wizamart/seal-keys""#,
        form: r#"a path such as "/etc/wizamart/seal-keys""#,
        ..key(
            "secrets.key_file",
            "File with the keys that seal secrets in the database, such as those of second factors; `wizamart secrets new-key FILE` makes one. Left out, it is the service's credential seal-keys, or else /var/lib/onebox/secrets/seal-keys, which a box makes by itself.",
        )
    },
    Key {
        default: Some(r#""local""#),
        example: r#""s3""#,
        form: "local or s3, in quotes",
        allowed: &["local", "s3"],
        ..key(
            "storage.store",
            "Where new files go: to a directory of the box (local) or to an S3 service such as R2 (s3). Files that are there already stay; `wizamart storage migrate` moves them.",
        )
    },
    Key {
        default: Some("26214400"),
        example: "104857600",
        form: "a number of bytes from 1 to 5368709120",
        ..key(
            "storage.max_upload_bytes",
            "Largest file that may be uploaded.",
        )
    },
    Key {
        default: Some("90"),
        example: "365",
        form: "a number of days up to 65535, or 0 for ever",
        ..key(
            "storage.keep_unused_pictures_days",
            "How many days after it was sent a picture that no product shows is kept. Other files stay until they are deleted.",
        )
    },
    Key {
        example: r#""https://ACCOUNT.r2.cloudflarestorage.com""#,
        form: r#"a URL such as "https://ACCOUNT.r2.cloudflarestorage.com""#,
        ..key("storage.s3_endpoint", "Address of the S3 service.")
    },
    Key {
        example: r#""shop-files""#,
        form: r#"a name such as "shop-files""#,
        ..key("storage.s3_bucket", "Its bucket, which must exist.")
    },
    Key {
        default: Some(r#""auto""#),
        example: r#""eu-central-1""#,
        form: r#"a name such as "auto" or "eu-central-1""#,
        ..key("storage.s3_region", "Its region; R2 has one, called auto.")
    },
    Key {
        example: r#""0123456789abcdef""#,
        form: "the key's name in quotes",
        ..key(
            "storage.s3_access_key",
            "Name of the key pair for the bucket.",
        )
    },
    Key {
        example: r#"{ secret = "s3-secret-key" }"#,
        form: SECRET_FORM,
        secret: true,
        ..key("storage.s3_secret_key", "Secret half of the key pair.")
    },
    Key {
        example: r#"{ secret = "stripe-secret-key" }"#,
        form: SECRET_FORM,
        secret: true,
        ..key(
            "payments.stripe_secret_key",
            "Key of the Stripe account. Left out, payments are off.",
        )
    },
    Key {
        example: r#"{ secret = "stripe-webhook-secret" }"#,
        form: SECRET_FORM,
        secret: true,
        ..key(
            "payments.webhook_secret",
            "What Stripe signs its webhooks with (whsec_…). Left out, webhooks are refused.",
        )
    },
    Key {
        example: r#"{ secret = "stripe-webhook-secret-old" }"#,
        form: SECRET_FORM,
        secret: true,
        ..key(
            "payments.webhook_secret_old",
            "The one before, still accepted while it is being replaced.",
        )
    },
    Key {
        default: Some(r#""https://api.stripe.com""#),
        example: r#""http://127.0.0.1:12111""#,
        form: r#"a URL that begins with "https://""#,
        ..key(
            "payments.stripe_url",
            "Address of Stripe's API; another one is for tests.",
        )
    },
    Key {
        default: Some(r#""UTC""#),
        example: r#""Europe/Luxembourg""#,
        form: r#"a zone name such as "UTC" or "Europe/Luxembourg""#,
        ..key(
            "time.zone",
            "Time zone of times shown to people and of the days of reports. Data and the schedules of periodic jobs are in UTC.",
        )
    },
    Key {
        default: Some(r#""info""#),
        example: r#""debug""#,
        form: "error, warn, info, debug or trace, in quotes",
        allowed: &["error", "warn", "info", "debug", "trace"],
        ..key(
            "log.level",
            "How much the application logs: error, warn, info, debug or trace.",
        )
    },
    Key {
        default: Some(r#""problems""#),
        example: r#""all""#,
        form: r#""off", "problems" or "all""#,
        allowed: &["off", "problems", "all"],
        ..key(
            "log.access",
            "Which requests have a line in the log: off, problems (our faults, and what took more than a second) or all.",
        )
    },
    Key {
        default: Some(r#""127.0.0.1:9464""#),
        example: r#""10.0.0.5:9464""#,
        form: r#"an address such as "127.0.0.1:9464", or "off""#,
        ..key(
            "metrics.listen",
            "Where the web process serves /metrics for Prometheus, apart from the public ports; \"off\" turns it off.",
        )
    },
    Key {
        example: r#""https://key@sentry.example.com/1""#,
        form: r#"the DSN of a project, or { secret = "name" } for a file of the credentials directory"#,
        secret: true,
        ..key(
            "sentry.dsn",
            "Where errors are reported, by Sentry's protocol. Left out, nothing is.",
        )
    },
    Key {
        default: Some(r#""production""#),
        example: r#""staging""#,
        form: r#"a word such as "production""#,
        ..key(
            "sentry.environment",
            "Which installation this is, as reports name it.",
        )
    },
    Key {
        default: Some("1"),
        example: "10",
        form: "a whole number from 0 to 100",
        ..key(
            "sentry.trace_percent",
            "Of a hundred requests and jobs, how many are reported with their times.",
        )
    },
    Key {
        default: Some(r#""outbox""#),
        example: r#""smtp""#,
        form: r#""outbox", "smtp", "sendgrid", "mailgun" or "ses""#,
        allowed: &["outbox", "smtp", "sendgrid", "mailgun", "ses"],
        ..key(
            "mail.transport",
            "How mail leaves the box: smtp, sendgrid, mailgun or ses. The default, outbox, writes it down and sends nothing.",
        )
    },
    Key {
        default: Some(r#""wizamart@localhost""#),
        example: r#""shop@example.com""#,
        form: r#"an address such as "shop@example.com""#,
        ..key("mail.from", "Sender's address of every mail.")
    },
    Key {
        default: Some(r#""Wizamart""#),
        example: r#""My shop""#,
        form: r#"a name such as "My shop""#,
        ..key("mail.from_name", "Sender's name of every mail.")
    },
    Key {
        example: r#""help@example.com""#,
        form: r#"an address such as "help@example.com""#,
        ..key(
            "mail.reply_to",
            "Where answers go. Left out, they go to the sender.",
        )
    },
    Key {
        default: Some("30"),
        example: "60",
        form: "a whole number from 1 to 300",
        ..key(
            "mail.timeout",
            "Longest time to wait for a mail server, in seconds.",
        )
    },
    Key {
        example: r#""/tmp/mails""#,
        form: r#"a directory such as "/tmp/mails""#,
        ..key(
            "mail.outbox_directory",
            "For development: the outbox also puts each mail here, as an .eml file.",
        )
    },
    Key {
        default: Some(r#""localhost""#),
        example: r#""mail.example.com""#,
        form: r#"a host name such as "mail.example.com""#,
        ..key("mail.smtp.host", "The mail server.")
    },
    Key {
        example: "2525",
        form: "a port from 1 to 65535",
        ..key(
            "mail.smtp.port",
            "Its port. Left out: 587 for starttls, 465 for tls, 25 for none.",
        )
    },
    Key {
        default: Some(r#""starttls""#),
        example: r#""tls""#,
        form: r#""starttls", "tls" or "none""#,
        allowed: &["starttls", "tls", "none"],
        ..key(
            "mail.smtp.security",
            "Encryption: starttls, tls, or none for a server on this machine.",
        )
    },
    Key {
        example: r#""shop""#,
        form: r#"text such as "shop""#,
        ..key(
            "mail.smtp.username",
            "Login at the mail server. Left out, there is none.",
        )
    },
    Key {
        example: r#"{ secret = "smtp-password" }"#,
        form: r#"text in quotes, or { secret = "name" }"#,
        secret: true,
        ..key(
            "mail.smtp.password",
            "Its password, or the name of the credential that holds it.",
        )
    },
    Key {
        example: r#""/var/lib/onebox/mail-ca.pem""#,
        form: r#"a path such as "/var/lib/onebox/mail-ca.pem""#,
        ..key(
            "mail.smtp.ca_file",
            "A file with certificates (PEM) to trust beside the system's, for a mail server with a private one.",
        )
    },
    Key {
        example: r#"{ secret = "sendgrid-key" }"#,
        form: r#"text in quotes, or { secret = "name" }"#,
        secret: true,
        ..key(
            "mail.sendgrid.api_key",
            "A SendGrid key that may send mail.",
        )
    },
    Key {
        default: Some(r#""https://api.sendgrid.com""#),
        example: r#""https://api.eu.sendgrid.com""#,
        form: r#"a URL such as "https://api.sendgrid.com""#,
        ..key("mail.sendgrid.url", "Where SendGrid's API is.")
    },
    Key {
        example: r#"{ secret = "mailgun-key" }"#,
        form: r#"text in quotes, or { secret = "name" }"#,
        secret: true,
        ..key("mail.mailgun.api_key", "A Mailgun key that may send mail.")
    },
    Key {
        example: r#""mg.example.com""#,
        form: r#"a domain such as "mg.example.com""#,
        ..key("mail.mailgun.domain", "The sending domain at Mailgun.")
    },
    Key {
        default: Some(r#""https://api.mailgun.net""#),
        example: r#""https://api.eu.mailgun.net""#,
        form: r#"a URL such as "https://api.mailgun.net""#,
        ..key("mail.mailgun.url", "Where Mailgun's API is.")
    },
    Key {
        example: r#""eu-central-1""#,
        form: r#"a region such as "eu-central-1""#,
        ..key("mail.ses.region", "AWS region of Amazon SES.")
    },
    Key {
        example: r#""AKIAEXAMPLE""#,
        form: r#"text such as "AKIAEXAMPLE""#,
        ..key(
            "mail.ses.access_key_id",
            "Name of an AWS key that may send mail.",
        )
    },
    Key {
        example: r#"{ secret = "ses-key" }"#,
        form: r#"text in quotes, or { secret = "name" }"#,
        secret: true,
        ..key("mail.ses.secret_access_key", "That key's secret.")
    },
    Key {
        example: r#""https://email.eu-central-1.amazonaws.com""#,
        form: r#"a URL such as "https://email.eu-central-1.amazonaws.com""#,
        ..key(
            "mail.ses.url",
            "Where Amazon SES is. Left out, it follows from the region.",
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

/// Most letters of a name that may be a misspelling.
const LONGEST_NAME: usize = 64;

/// What an unknown name in a section may have been meant to be, as an
/// instruction.
pub(super) fn suggest(section: &str, unknown: &str) -> String {
    let here = children(section);
    let nearest = here
        .iter()
        .filter(|_| unknown.len() <= LONGEST_NAME)
        .map(|name| (strsim::damerau_levenshtein(name, unknown), name))
        .min()
        // Within a third of its length a name is a misspelling of the other.
        .filter(|(distance, name)| *distance <= 1 + name.len() / 3);
    let scope = if section.is_empty() {
        "sections are".to_owned()
    } else {
        format!("[{section}] knows")
    };
    let known = format!("{scope} {}", here.join(", "));
    match nearest {
        Some((_, name)) => format!("did you mean {name:?}? ({known})"),
        None => match KEYS
            .iter()
            .find(|key| key.path.rsplit('.').next() == Some(unknown))
        {
            Some(key) => format!("did you mean {:?}? ({known})", key.path),
            None => format!("remove it ({known})"),
        },
    }
}

/// Every section, those above others too.
pub(super) fn sections() -> Vec<&'static str> {
    let mut sections = Vec::new();
    for key in KEYS {
        for (end, _) in key.path.match_indices('.') {
            let section = key.path.get(..end).unwrap_or_default();
            if !sections.contains(&section) {
                sections.push(section);
            }
        }
    }
    sections
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
