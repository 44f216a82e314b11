//! Mail jobs against servers that speak the real protocols.

use crate::support::app::{EMAIL, TestApp};
use crate::support::client::write_certificate;
use crate::support::jobs;
use crate::support::mail_api::{AWS_KEY_ID, KEY, MailApi, Proof};
use crate::support::mail_shop::{Item, pdf_text, shop};
use crate::support::secrets::text;
use crate::support::smtp::{Script, Security, SmtpServer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use onebox_model::alert_mail::AlertMail;
use onebox_model::config::{MailTransport, SmtpSecurity};
use onebox_model::{Config, Credentials, QueueName, Secret};
use serde_json::Value;
use sqlx::Row;
use std::sync::Arc;
use time::Duration;
use uuid::Uuid;
use wizamart::clock::Clock;
use wizamart::queue::enqueue::{NewJob, enqueue};
use wizamart::queue::job::Job;
use wizamart::queue::jobs::invoice_mail::InvoiceMail;
use wizamart::queue::jobs::mail_retention::MailRetention;
use wizamart::queue::jobs::order_confirmation::OrderConfirmation;
use wizamart::queue::jobs::password_reset::{PasswordReset, Purpose};
use wizamart::queue::jobs::test_mail::TestMail;
use wizamart::queue::outcome::Outcome;
use wizamart::queue::worker::{Worker, WorkerOptions};
use wizamart::random::sha256_hex;
use wizamart::services::Services;
use wizamart::storage::jobs::JobState;

const ITEMS: [Item<'static>; 2] = [
    ("TEA-12", "Teapot “Blümchen” 1,2 l", 1, 3_490),
    ("CUP-3", "Cup <blue>\r\nBcc: eve@example.org", 4, 750),
];

/// What jobs work with in a box with this configuration.
fn services(app: &TestApp, config: &Config) -> Services {
    let services = &app.state.services;
    Services::new(
        services.pool.clone(),
        services.cache.clone(),
        services.clock.clone(),
        Arc::new(config.clone()),
        services.state_dir.to_path_buf(),
        services.sealer.clone(),
    )
}

/// Puts a job into the queue, or back into it.
async fn put<J: Job>(app: &TestApp, id: Uuid, job: &J) {
    sqlx::query(
        "INSERT INTO jobs (id, queue, kind, args, run_at, created_at) VALUES ($1, $2, $3, $4, $5, $5)
         ON CONFLICT (id) DO UPDATE SET state = 'queued', run_at = $5, finished_at = NULL",
    )
    .bind(id)
    .bind(J::QUEUE.as_str())
    .bind(J::KIND)
    .bind(serde_json::to_value(job).unwrap())
    .bind(app.clock.now())
    .execute(&app.database.pool)
    .await
    .unwrap();
}

/// Runs what is due, one after the other.
async fn work(app: &TestApp, config: &Config) {
    let options = WorkerOptions::new(vec![QueueName::Emails, QueueName::Default], 1);
    let mut worker = Worker::new(services(app, config), jobs::registry(), options);
    worker.run_due().await.unwrap();
}

/// Runs a job and tells what came of it, from its row.
async fn run<J: Job>(app: &TestApp, config: &Config, id: Uuid, job: J) -> Outcome {
    put(app, id, &job).await;
    work(app, config).await;
    let row = jobs::row(&app.database.pool, id).await;
    let error = row.last_error.unwrap_or_default();
    match row.state {
        JobState::Done => Outcome::Done,
        JobState::Dead => Outcome::Fail { error },
        JobState::Queued => Outcome::Retry {
            error,
            after: Some(row.run_at - app.clock.now()),
        },
        JobState::Running => panic!("still running"),
    }
}

async fn admin_id(app: &TestApp) -> Uuid {
    sqlx::query_scalar("SELECT id FROM users WHERE email = $1")
        .bind(EMAIL)
        .fetch_one(&app.database.pool)
        .await
        .unwrap()
}

/// State, error and text of a job's mail.
async fn mail_row(app: &TestApp, job: Uuid) -> (String, String, String) {
    let row = sqlx::query("SELECT state, error, text_sealed FROM mails WHERE job_id = $1")
        .bind(job)
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    (row.get(0), row.get(1), text(job, row.get(2)))
}

fn config(transport: MailTransport) -> Config {
    let mut config = Config::default();
    config.mail.transport = transport;
    config.mail.from = "shop@example.org".to_owned();
    config.mail.from_name = "Café\r\nBcc: eve@example.org".to_owned();
    config.mail.timeout = 20;
    config.web.domains = vec!["shop.example.org".to_owned()];
    config
}

fn smtp(server: &SmtpServer, security: SmtpSecurity) -> Config {
    let mut config = config(MailTransport::Smtp);
    config.mail.from_name = "Café".to_owned();
    config.mail.smtp.host = "localhost".to_owned();
    config.mail.smtp.port = Some(server.port);
    config.mail.smtp.security = security;
    config
}

#[tokio::test]
async fn a_mail_goes_out_encrypted_to_whom_we_logged_in_and_once() {
    let app = TestApp::new().await.with_admin().await;
    let files = tempfile::tempdir().unwrap();
    write_certificate(files.path());
    std::fs::write(files.path().join("smtp"), "hunter2\n").unwrap();
    for (offered, wanted) in [
        (Security::Starttls, SmtpSecurity::Starttls),
        (Security::Tls, SmtpSecurity::Tls),
    ] {
        let script = Script {
            security: offered,
            login: Some(("shop", "hunter2")),
            ..Script::default()
        };
        let server = SmtpServer::start(script, files.path()).await;
        let mut config = smtp(&server, wanted);
        config.mail.smtp.username = Some("shop".to_owned());
        config.mail.smtp.password = serde_json::from_str("{\"secret\":\"smtp\"}").ok();
        config.mail.smtp.ca_file = Some(files.path().join("fullchain.pem").display().to_string());
        config.credentials = Credentials::at(files.path());
        let user_id = admin_id(&app).await;
        let id = Uuid::now_v7();
        let outcome = run(&app, &config, id, TestMail { user_id }).await;
        assert_eq!(outcome, Outcome::Done);
        // The same job again changes nothing.
        let outcome = run(&app, &config, id, TestMail { user_id }).await;
        assert_eq!(outcome, Outcome::Done);
        let received = server.received();
        assert_eq!(received.len(), 1, "{received:?}");
        let mail = &received[0];
        assert!(mail.encrypted);
        assert_eq!(mail.login.as_deref(), Some("shop"));
        assert!(mail.from.contains("<shop@example.org>"), "{mail:?}");
        assert!(mail.to.len() == 1 && mail.to[0].contains(EMAIL), "{mail:?}");
        assert!(
            mail.data
                .contains(&format!("Message-ID: <{id}@example.org>"))
        );
        let (state, error, text) = mail_row(&app, id).await;
        assert_eq!(
            (state.as_str(), error.as_str(), text.as_str()),
            ("sent", "", "")
        );
    }
}

#[tokio::test]
async fn what_the_keeper_has_to_tell_arrives_as_it_wrote_it() {
    let app = TestApp::new().await;
    let files = tempfile::tempdir().unwrap();
    write_certificate(files.path());
    let script = Script {
        security: Security::Tls,
        ..Script::default()
    };
    let server = SmtpServer::start(script, files.path()).await;
    let mut config = smtp(&server, SmtpSecurity::Tls);
    config.mail.smtp.ca_file = Some(files.path().join("fullchain.pem").display().to_string());
    let alert = AlertMail {
        to: "ops@example.com".to_owned(),
        subject: "[shop.example.org] wrong: disks".to_owned(),
        lines: vec!["/var has 3 % of its room left <b>now</b>".to_owned()],
    };
    let outcome = run(&app, &config, Uuid::now_v7(), alert).await;
    assert_eq!(outcome, Outcome::Done);
    let received = server.received();
    assert_eq!(received.len(), 1, "{received:?}");
    let mail = &received[0];
    assert!(mail.to[0].contains("ops@example.com"), "{mail:?}");
    assert!(mail.data.contains("wrong: disks"), "{mail:?}");
    assert!(!mail.data.contains("<b>now</b></p>"), "{mail:?}");
}

#[tokio::test]
async fn a_server_that_cannot_encrypt_or_is_someone_else_gets_nothing() {
    let app = TestApp::new().await.with_admin().await;
    let files = tempfile::tempdir().unwrap();
    write_certificate(files.path());
    let user_id = admin_id(&app).await;
    let plain = SmtpServer::start(Script::default(), files.path()).await;
    let stranger = Script {
        security: Security::Starttls,
        ..Script::default()
    };
    let stranger = SmtpServer::start(stranger, files.path()).await;
    for server in [&plain, &stranger] {
        let config = smtp(server, SmtpSecurity::Starttls);
        let outcome = run(&app, &config, Uuid::now_v7(), TestMail { user_id }).await;
        assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
        assert!(server.received().is_empty());
    }
}

#[tokio::test]
async fn connections_are_kept_for_the_next_mail() {
    let app = TestApp::new().await.with_admin().await;
    let files = tempfile::tempdir().unwrap();
    write_certificate(files.path());
    let server = SmtpServer::start(Script::default(), files.path()).await;
    let user_id = admin_id(&app).await;
    for _ in 0..3 {
        put(&app, Uuid::now_v7(), &TestMail { user_id }).await;
    }
    work(&app, &smtp(&server, SmtpSecurity::None)).await;
    let by: Vec<usize> = server
        .received()
        .iter()
        .map(|mail| mail.connection)
        .collect();
    assert_eq!(by, [1, 1, 1]);
}

#[tokio::test]
async fn what_a_mail_server_says_decides_between_giving_up_and_trying_again() {
    let app = TestApp::new().await.with_admin().await;
    let files = tempfile::tempdir().unwrap();
    write_certificate(files.path());
    let user_id = admin_id(&app).await;
    let ways = [
        (("550 5.1.1 no such user", "250 ok"), "refused"),
        (("250 ok", "554 5.7.1 we think it is spam"), "refused"),
        (("450 4.2.1 mailbox busy", "250 ok"), "waiting"),
        (("250 ok", "451 4.3.0 come back later"), "waiting"),
    ];
    for ((rcpt, data), expected) in ways {
        let script = Script {
            rcpt,
            data,
            ..Script::default()
        };
        let server = SmtpServer::start(script, files.path()).await;
        let config = smtp(&server, SmtpSecurity::None);
        let id = Uuid::now_v7();
        let outcome = run(&app, &config, id, TestMail { user_id }).await;
        let words = if rcpt.starts_with('2') { data } else { rcpt };
        let words = words.split_once(' ').unwrap().1.rsplit_once(' ').unwrap().1;
        let (state, error, _) = mail_row(&app, id).await;
        assert_eq!(state, expected);
        assert!(error.contains(words), "{error}");
        match outcome {
            Outcome::Fail { error } if expected == "refused" => assert!(error.contains(words)),
            Outcome::Retry { error, .. } if expected == "waiting" => {
                assert!(error.contains(words));
            }
            other => panic!("{other:?} for {rcpt} {data}"),
        }
    }
}

#[tokio::test]
async fn a_wrong_password_ends_the_job_and_shows_up_nowhere() {
    let app = TestApp::new().await.with_admin().await;
    let files = tempfile::tempdir().unwrap();
    write_certificate(files.path());
    let script = Script {
        login: Some(("shop", "right")),
        ..Script::default()
    };
    let server = SmtpServer::start(script, files.path()).await;
    let mut config = smtp(&server, SmtpSecurity::None);
    config.mail.smtp.username = Some("shop".to_owned());
    config.mail.smtp.password = Some(Secret::given("hunter2"));
    let user_id = admin_id(&app).await;
    let id = Uuid::now_v7();
    let outcome = run(&app, &config, id, TestMail { user_id }).await;
    let Outcome::Fail { error } = &outcome else {
        panic!("{outcome:?}");
    };
    assert!(
        error.contains("535") || error.contains("who are you"),
        "{error}"
    );
    let shown = format!("{outcome:?} {:?} {config:?}", services(&app, &config));
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(mail_row(&app, id).await.0, "refused");
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_mail_leaves_it_unknown_and_it_is_sent_again_with_its_id()
 {
    let app = TestApp::new().await.with_admin().await;
    let files = tempfile::tempdir().unwrap();
    write_certificate(files.path());
    let script = Script {
        hangs_up: true,
        ..Script::default()
    };
    let broken = SmtpServer::start(script, files.path()).await;
    let user_id = admin_id(&app).await;
    let id = Uuid::now_v7();
    let config = smtp(&broken, SmtpSecurity::None);
    let outcome = run(&app, &config, id, TestMail { user_id }).await;
    let Outcome::Retry { error, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(error.contains("not known whether"), "{error}");
    assert_eq!(mail_row(&app, id).await.0, "sending");
    let server = SmtpServer::start(Script::default(), files.path()).await;
    let config = smtp(&server, SmtpSecurity::None);
    assert_eq!(
        run(&app, &config, id, TestMail { user_id }).await,
        Outcome::Done
    );
    let message_id = format!("Message-ID: <{id}@example.org>");
    for received in [broken.received(), server.received()] {
        assert_eq!(received.len(), 1);
        assert!(received[0].data.contains(&message_id));
    }
    assert_eq!(mail_row(&app, id).await.0, "sent");
}

#[tokio::test]
async fn a_server_that_is_away_was_certainly_not_reached() {
    let app = TestApp::new().await.with_admin().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config(MailTransport::Smtp);
    config.mail.from_name = String::new();
    config.mail.smtp.security = SmtpSecurity::None;
    config.mail.smtp.host = "127.0.0.1".to_owned();
    config.mail.smtp.port = Some(listener.local_addr().unwrap().port());
    drop(listener);
    let user_id = admin_id(&app).await;
    let id = Uuid::now_v7();
    let outcome = run(&app, &config, id, TestMail { user_id }).await;
    assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
    assert_eq!(mail_row(&app, id).await.0, "waiting");
}

fn api(transport: MailTransport, url: &str) -> Config {
    let mut config = config(transport);
    let key = || Some(Secret::given(KEY));
    config.mail.reply_to = Some("help@example.org".to_owned());
    config.mail.sendgrid.api_key = key();
    config.mail.sendgrid.url = url.to_owned();
    config.mail.mailgun.api_key = key();
    config.mail.mailgun.domain = Some("mg.example.org".to_owned());
    config.mail.mailgun.url = url.to_owned();
    config.mail.ses.region = Some("eu-central-1".to_owned());
    config.mail.ses.access_key_id = Some(AWS_KEY_ID.to_owned());
    config.mail.ses.secret_access_key = key();
    config.mail.ses.url = Some(url.to_owned());
    config
}

const APIS: [(MailTransport, Proof); 3] = [
    (MailTransport::Sendgrid, Proof::Bearer),
    (MailTransport::Mailgun, Proof::Basic),
    (MailTransport::Ses, Proof::Aws),
];

#[tokio::test]
async fn every_service_gets_the_invoice_with_proof_and_attachment() {
    let app = TestApp::new().await;
    let shop = shop(&app.database.pool, "one", Some("zoe@example.org"), &ITEMS).await;
    for (transport, proof) in APIS {
        let service = MailApi::start(proof, Vec::new()).await;
        let config = api(transport, &service.url);
        let id = Uuid::now_v7();
        let job = InvoiceMail {
            vendor_id: shop.vendor,
            invoice_id: shop.invoice,
        };
        assert_eq!(
            run(&app, &config, id, job).await,
            Outcome::Done,
            "{transport:?}"
        );
        let seen = service.seen();
        assert_eq!(seen.len(), 1);
        let pdf = match transport {
            MailTransport::Sendgrid => {
                assert_eq!(seen[0].path, "/v3/mail/send");
                let body: Value = serde_json::from_slice(&seen[0].body).unwrap();
                let to = &body["personalizations"][0]["to"][0];
                assert_eq!(to["email"], "zoe@example.org");
                assert_eq!(body["reply_to"]["email"], "help@example.org");
                assert_eq!(body["subject"], "Invoice INV-7 of Müller & Söhne");
                assert_eq!(body["headers"]["Message-ID"], format!("<{id}@example.org>"));
                assert_eq!(body["attachments"][0]["filename"], "INV-7.pdf");
                body["attachments"][0]["content"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            }
            MailTransport::Mailgun => {
                assert_eq!(seen[0].path, "/v3/mg.example.org/messages.mime");
                assert!(seen[0].content_type.starts_with("multipart/form-data"));
                let form = seen[0].text();
                assert!(
                    form.contains("name=\"to\"\r\n\r\nzoe@example.org\r\n"),
                    "{form}"
                );
                attachment(&form)
            }
            _ => {
                assert_eq!(seen[0].path, "/v2/email/outbound-emails");
                let body: Value = serde_json::from_slice(&seen[0].body).unwrap();
                let raw = body["Content"]["Raw"]["Data"].as_str().unwrap();
                let mime = String::from_utf8(STANDARD.decode(raw).unwrap()).unwrap();
                assert!(mime.contains(&format!("Message-ID: <{id}@example.org>")));
                assert!(mime.contains("Reply-To: help@example.org"));
                assert_eq!(body["Destination"]["ToAddresses"][0], "zoe@example.org");
                attachment(&mime)
            }
        };
        let text = pdf_text(&STANDARD.decode(pdf).unwrap());
        assert!(
            text.contains("Invoice INV-7") && text.contains("€64.90"),
            "{text}"
        );
    }
}

/// The base64 of a message's PDF file.
fn attachment(mime: &str) -> String {
    let start = mime.find("Content-Type: application/pdf").unwrap();
    let body = mime[start..].split_once("\r\n\r\n").unwrap().1;
    body.split("\r\n--").next().unwrap().replace("\r\n", "")
}

#[tokio::test]
async fn what_a_service_answers_decides_between_giving_up_and_trying_again() {
    let app = TestApp::new().await.with_admin().await;
    let user_id = admin_id(&app).await;
    for (transport, proof) in APIS {
        let service = MailApi::start(
            proof,
            vec![
                (400, Vec::new(), "the address is on our list"),
                (429, vec![("retry-after", "120")], "slowly"),
                (503, Vec::new(), "we are tired"),
                (408, Vec::new(), "too slow"),
            ],
        )
        .await;
        let config = api(transport, &service.url);
        let first = run(&app, &config, Uuid::now_v7(), TestMail { user_id }).await;
        let Outcome::Fail { error } = first else {
            panic!("{first:?}");
        };
        assert!(error.contains("the address is on our list"), "{error}");
        let id = Uuid::now_v7();
        for named in [Some(Duration::seconds(120)), None, None] {
            match run(&app, &config, id, TestMail { user_id }).await {
                Outcome::Retry { after, .. } if named.is_some() => assert_eq!(after, named),
                Outcome::Retry { after, .. } => assert!(after.unwrap() < Duration::minutes(2)),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(
            run(&app, &config, id, TestMail { user_id }).await,
            Outcome::Done
        );
        assert_eq!(
            run(&app, &config, id, TestMail { user_id }).await,
            Outcome::Done
        );
        assert_eq!(service.seen().len(), 5);
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_with_the_services_words() {
    let app = TestApp::new().await.with_admin().await;
    let user_id = admin_id(&app).await;
    for (transport, proof) in APIS {
        let service = MailApi::start(proof, Vec::new()).await;
        let mut config = api(transport, &service.url);
        let wrong = || Some(Secret::given("hunter2"));
        config.mail.sendgrid.api_key = wrong();
        config.mail.mailgun.api_key = wrong();
        config.mail.ses.secret_access_key = wrong();
        let id = Uuid::now_v7();
        let outcome = run(&app, &config, id, TestMail { user_id }).await;
        let Outcome::Fail { error } = &outcome else {
            panic!("{outcome:?}");
        };
        assert!(
            error.contains("403") && error.contains("the proof is wrong"),
            "{error}"
        );
        let shown = format!("{error} {:?}", services(&app, &config));
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(service.seen().is_empty());
    }
}

#[tokio::test]
async fn a_secret_that_is_missing_keeps_mail_waiting_and_says_which() {
    let app = TestApp::new().await.with_admin().await;
    let mut config = api(MailTransport::Sendgrid, "http://127.0.0.1:9");
    config.mail.sendgrid.api_key = serde_json::from_str("{\"secret\":\"sendgrid\"}").ok();
    let user_id = admin_id(&app).await;
    let outcome = run(&app, &config, Uuid::now_v7(), TestMail { user_id }).await;
    let Outcome::Retry { error, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(error.contains("LoadCredential=sendgrid:"), "{error}");
}

#[tokio::test]
async fn an_order_is_confirmed_once_whatever_asks_for_it() {
    let app = TestApp::new().await;
    let pool = &app.database.pool;
    let shop = shop(pool, "one", Some("zoe@example.org"), &ITEMS).await;
    let files = tempfile::tempdir().unwrap();
    let mut config = config(MailTransport::Outbox);
    config.mail.outbox_directory = Some(files.path().display().to_string());
    let job = OrderConfirmation {
        order_id: shop.order,
    };
    let id = Uuid::now_v7();
    for id in [id, id, Uuid::now_v7()] {
        assert_eq!(run(&app, &config, id, job).await, Outcome::Done);
    }
    let mails: i64 = sqlx::query_scalar("SELECT count(*) FROM mails WHERE vendor_id = $1")
        .bind(shop.vendor)
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(mails, 1);
    let (state, _, text) = mail_row(&app, id).await;
    assert_eq!(state, "sent");
    for part in [
        "Hello Zoë <Ö> Weiß,",
        "20 November 2026",
        "1 × Teapot “Blümchen” 1,2 l (TEA-12), €34.90 each: €34.90",
        "4 × Cup <blue>  Bcc: eve@example.org (CUP-3), €7.50 each: €30.00",
        "Total, tax included: €64.90",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let file = std::fs::read_to_string(files.path().join(format!("{id}.eml"))).unwrap();
    let head = file.split("\r\n\r\n").next().unwrap();
    assert!(
        !head.contains("\nBcc:") && head.contains("\r\nTo: "),
        "{head}"
    );
}

#[tokio::test]
async fn an_order_without_an_address_is_settled_without_mail() {
    let app = TestApp::new().await;
    let shop = shop(&app.database.pool, "one", None, &ITEMS).await;
    let config = config(MailTransport::Outbox);
    let job = OrderConfirmation {
        order_id: shop.order,
    };
    assert_eq!(run(&app, &config, Uuid::now_v7(), job).await, Outcome::Done);
    let counts: (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM mails), (SELECT count(*) FROM order_confirmations)",
    )
    .fetch_one(&app.database.pool)
    .await
    .unwrap();
    assert_eq!(counts, (0, 1));
}

#[tokio::test]
async fn a_job_cannot_send_another_shops_documents() {
    let app = TestApp::new().await;
    let pool = &app.database.pool;
    let one = shop(pool, "one", Some("zoe@example.org"), &ITEMS).await;
    let two = shop(pool, "two", Some("ann@example.org"), &ITEMS).await;
    let config = config(MailTransport::Outbox);
    let invoice = InvoiceMail {
        vendor_id: one.vendor,
        invoice_id: two.invoice,
    };
    let first = run(&app, &config, Uuid::now_v7(), invoice).await;
    assert!(matches!(first, Outcome::Fail { .. }), "{first:?}");

    for (vendor, sent) in [(one.vendor, 0), (two.vendor, 1)] {
        let order = OrderConfirmation {
            order_id: two.order,
        };
        let job = NewJob::of(&order).unwrap().vendor(vendor);
        let mut transaction = pool.begin().await.unwrap();
        enqueue(&mut transaction, &job, app.clock.now())
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        work(&app, &config).await;
        let counts: (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM mails), (SELECT count(*) FROM order_confirmations)",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        assert_eq!(counts, (sent, sent));
    }
}

#[tokio::test]
async fn links_for_passwords_carry_a_token_of_which_only_the_hash_is_kept() {
    let app = TestApp::new().await.with_admin().await;
    let config = config(MailTransport::Outbox);
    let user_id = admin_id(&app).await;
    let (reset, invitation) = (Uuid::now_v7(), Uuid::now_v7());
    for (id, purpose) in [
        (reset, Purpose::Reset),
        (reset, Purpose::Reset),
        (invitation, Purpose::Invitation),
    ] {
        let job = PasswordReset { user_id, purpose };
        assert_eq!(run(&app, &config, id, job).await, Outcome::Done);
    }
    for (job, hours) in [(reset, 1), (invitation, 7 * 24)] {
        let text = mail_row(&app, job).await.2;
        let mark = "https://shop.example.org/admin/password/";
        let start = text.find(mark).expect(&text) + mark.len();
        let token = text[start..].split_whitespace().next().unwrap();
        assert_eq!(token.len(), 64);
        let lasts: i32 = sqlx::query_scalar(
            "SELECT (extract(epoch FROM expires_at - created_at) / 3600)::int
             FROM password_resets WHERE token_hash = $1 AND user_id = $2",
        )
        .bind(sha256_hex(token.as_bytes()))
        .bind(user_id)
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
        assert_eq!(lasts, hours);
    }
    let tokens: i64 = sqlx::query_scalar("SELECT count(*) FROM password_resets")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(tokens, 2, "a second run makes no second token");
}

#[tokio::test]
async fn mails_are_forgotten_after_ninety_days() {
    let app = TestApp::new().await.with_admin().await;
    let config = config(MailTransport::Outbox);
    let user_id = admin_id(&app).await;
    for _ in 0..2 {
        run(&app, &config, Uuid::now_v7(), TestMail { user_id }).await;
        app.clock.advance(Duration::days(60));
    }
    app.clock.advance(Duration::days(-1));
    run(&app, &config, Uuid::now_v7(), MailRetention {}).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM mails")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(left, 1);
}
