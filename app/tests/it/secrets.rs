//! Secrets in the database: a copy of it shows none and lets nobody in.

use crate::support::app::{Answer, EMAIL, PASSWORD, TestApp};
use crate::support::jobs;
use crate::support::people::tokens;
use crate::support::postgres::Database;
use crate::support::process::Env;
use crate::support::redis;
use crate::support::secrets::{key, mails, sealer_of};
use jsonwebtoken::{Algorithm, EncodingKey, Header, decode_header, encode};
use onebox_model::{QueueName, SealKey, seal_keys};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use std::process::Output;
use time::Duration;
use uuid::Uuid;
use wizamart::clock::Clock;
use wizamart::migrations::runner;
use wizamart::migrations::{ALL, current};
use wizamart::queue::enqueue::NewJob;
use wizamart::queue::jobs::cleanup_expired_sessions::CleanupExpiredSessions;
use wizamart::queue::worker::WorkerOptions;
use wizamart::random::hex;
use wizamart::secrets::{Place, sealing};
use wizamart::storage::sealing as rows;

const ME: &str = "/api/v1/auth/me";
/// The schema before secrets were sealed.
const BEFORE: i32 = 13;

fn other_key() -> SealKey {
    SealKey::new([8; 32])
}

async fn login(app: &TestApp, code: &str) -> Answer {
    let body = json!({"email": EMAIL, "password": PASSWORD, "code": code});
    app.post("/api/v1/auth/login", &body).await
}

/// Logs in with what the phone shows next.
async fn login_later(app: &TestApp, secret: &str) -> Answer {
    app.clock.advance(Duration::seconds(60));
    login(app, &app.code(secret)).await
}

async fn one<T>(pool: &PgPool, sql: &'static str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

async fn run(pool: &PgPool, sql: &'static str) {
    sqlx::raw_sql(sql).execute(pool).await.unwrap();
}

/// Every row of every table as text, like a dump.
async fn dump(pool: &PgPool) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut dump = String::new();
    for table in tables {
        let sql = format!("SELECT COALESCE(string_agg(t::text, E'\n'), '') FROM \"{table}\" t");
        let rows: String = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(pool)
            .await
            .unwrap();
        dump.push_str(&rows);
        dump.push('\n');
    }
    dump
}

fn base32(secret: &str) -> Vec<u8> {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for letter in secret.bytes() {
        let at = letters.iter().position(|known| *known == letter).unwrap();
        (bits, held) = (bits << 5 | u32::try_from(at).unwrap(), held + 5);
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}

/// Lets the workers of mail do what is due.
async fn send_mails(app: &TestApp) {
    let options = WorkerOptions::new(vec![QueueName::Emails], 1);
    let clock = app.state.clock.clone();
    let mut worker = jobs::worker_with(&app.database.pool, &clock, options);
    worker.run_due().await.unwrap();
}

async fn nightly(app: &TestApp) {
    let job = NewJob::of(&CleanupExpiredSessions {}).unwrap();
    jobs::put(&app.database.pool, &*app.clock, job).await;
    let clock = app.state.clock.clone();
    let mut worker = jobs::worker(&app.database.pool, &clock, 1);
    worker.run_due().await.unwrap();
}

/// What the program says and how it ends, with a key file of these keys.
fn wizamart(database: &Database, keys: &[SealKey], args: &[&str]) -> Output {
    let mut env = Env::new(&database.url, &redis::private_url());
    let file = env.dir.path().join("keys");
    let lines: String = keys.iter().map(|key| key.line().to_string()).collect();
    std::fs::write(&file, lines).unwrap();
    env.set("ONEBOX_SECRETS__KEY_FILE", &file.display().to_string());
    env.command(args).output().unwrap()
}

fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(both).unwrap()
}

fn parsed(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

#[tokio::test]
async fn a_dump_of_every_table_shows_no_secret() {
    let app = TestApp::new().await.with_admin().await;
    let pool = &app.database.pool;
    let (access, refresh) = app.pair().await;
    let (totp, codes) = app.with_phone(&access).await;
    app.post("/api/v1/auth/password-reset", &json!({"email": EMAIL}))
        .await;
    send_mails(&app).await;
    let mail = mails(pool).await.pop().unwrap().2;
    let link = mail.split_once("/admin/password/").unwrap().1;
    let reset = link.split_whitespace().next().unwrap();
    let (id, sealed): (Uuid, Vec<u8>) =
        sqlx::query_as("SELECT id, sealed FROM sealed_signing_keys")
            .fetch_one(pool)
            .await
            .unwrap();
    let spot = Place::SigningKeys.of(id);
    let signing = app.state.services.sealer.open(spot, &sealed).unwrap();
    assert_eq!(signing.len(), 32);
    let dump = dump(pool).await;
    // What is there is found.
    for shown in [EMAIL, &hex(&sealed), "password_reset"] {
        assert!(dump.contains(shown), "{shown}");
    }
    let (phone, seal) = (hex(&base32(&totp)), hex(key().expose()));
    let mut secrets = vec![access, refresh, reset.to_owned(), PASSWORD.to_owned()];
    secrets.extend([hex(&signing), totp, phone, seal]);
    secrets.extend(codes);
    for secret in secrets {
        assert!(secret.len() > 10 && !dump.contains(&secret), "{secret}");
    }
}

#[tokio::test]
async fn a_secret_does_not_open_in_another_row_and_recovery_codes_still_work() {
    let app = TestApp::new().await.with_admin().await;
    let pool = &app.database.pool;
    let (secret, codes) = app.with_phone(&app.token().await).await;
    tokens(&login_later(&app, &secret).await);
    // Somebody who writes to the database gives the administrator their own.
    let mine = Uuid::now_v7();
    let sealer = &app.state.services.sealer;
    let own = sealer
        .seal(Place::SecondFactors.of(mine), &[1; 20])
        .unwrap();
    sqlx::query("UPDATE users SET totp_sealed = $1")
        .bind(&own)
        .execute(pool)
        .await
        .unwrap();
    let refused = login_later(&app, &secret).await;
    assert_eq!(refused.status, 500);
    assert!(!refused.body.contains("seal"), "{}", refused.body);
    tokens(&login(&app, &codes[0]).await);
}

#[tokio::test]
async fn a_swapped_signing_key_signs_and_verifies_nothing() {
    let app = TestApp::new().await.with_admin().await;
    let token = app.token().await;
    let sealer = &app.state.services.sealer;
    let own = sealer
        .seal(Place::SigningKeys.of(Uuid::now_v7()), &[1; 32])
        .unwrap();
    sqlx::query("UPDATE sealed_signing_keys SET sealed = $1")
        .bind(own)
        .execute(&app.database.pool)
        .await
        .unwrap();
    let other = app.restarted();
    assert_eq!(other.get_as(&token, ME).await.status, 401);
    let new = other.token().await;
    assert_ne!(
        decode_header(&new).unwrap().kid,
        decode_header(&token).unwrap().kid
    );
    assert_eq!(other.get_as(&new, ME).await.status, 200);
}

#[tokio::test]
async fn everything_is_sealed_anew_and_the_old_key_can_go() {
    let app = TestApp::new().await.with_admin().await;
    let pool = &app.database.pool;
    let (token, cookie) = (app.token().await, app.log_in().await);
    let (secret, _) = app.with_phone(&token).await;
    app.post("/api/v1/auth/password-reset", &json!({"email": EMAIL}))
        .await;
    send_mails(&app).await;
    let (old, new) = (key().id().to_string(), other_key().id().to_string());
    let both = [key(), other_key()];
    let status = wizamart(&app.database, &both, &["secrets", "status", "--json"]);
    let status = parsed(&status);
    assert_eq!(status["newest"], new);
    let kept: Vec<&str> = status["secrets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            assert_eq!((&line["key"], &line["known"]), (&json!(old), &json!(true)));
            line["place"].as_str().unwrap()
        })
        .collect();
    assert_eq!(kept, ["mail_texts", "second_factors", "signing_keys"]);
    let rotated = wizamart(&app.database, &both, &["secrets", "rotate", "--json"]);
    assert!(rotated.status.success(), "{}", said(&rotated));
    let each = json!({"mail_texts": 1, "second_factors": 1, "signing_keys": 1});
    assert_eq!(
        parsed(&rotated),
        json!({"newest": new, "changed": each, "failed": []})
    );
    let again = wizamart(&app.database, &both, &["secrets", "rotate", "--json"]);
    assert_eq!(parsed(&again)["changed"], json!({}));
    // Processes that still have only the old key are told apart from those
    // that have both, and from those that have only the new one.
    let later = app.with_keys(sealer_of(&[other_key()]));
    assert_eq!(later.get_as(&token, ME).await.status, 200);
    let (fresh, _) = tokens(&login_later(&later, &secret).await);
    assert_eq!(later.get_as(&fresh, ME).await.status, 200);
    let page = later.page("/admin/mail", &cookie).await;
    assert!(page.body.contains("/admin/password/"), "{}", page.body);
    let check = |ready: Value| ready["checks"]["secrets"].clone();
    assert_eq!(check(later.get("/ready").await.json())["status"], "ok");
    let behind = check(app.get("/ready").await.json());
    assert_eq!(behind["status"], "failed");
    let detail = behind["detail"].as_str().unwrap();
    assert!(
        detail.contains(&new) && detail.contains("/test/seal-keys"),
        "{detail}"
    );
    assert!(one::<i64>(pool, "SELECT count(*) FROM sealed_signing_keys").await >= 1);
}

#[tokio::test]
async fn a_rotation_leaves_what_it_cannot_read_and_says_so() {
    let app = TestApp::new().await.with_admin().await;
    let pool = &app.database.pool;
    let (secret, _) = app.with_phone(&app.token().await).await;
    run(
        pool,
        "UPDATE users SET totp_sealed = set_byte(totp_sealed, 20, get_byte(totp_sealed, 20) # 1)",
    )
    .await;
    let both = [key(), other_key()];
    let rotated = wizamart(&app.database, &both, &["secrets", "rotate", "--json"]);
    assert!(!rotated.status.success());
    let told = parsed(&rotated);
    assert_eq!(told["changed"], json!({"signing_keys": 1}));
    assert_eq!(told["failed"][0]["place"], "second_factors");
    // Damage that is undone is found by the next run.
    run(
        pool,
        "UPDATE users SET totp_sealed = set_byte(totp_sealed, 20, get_byte(totp_sealed, 20) # 1)",
    )
    .await;
    let rotated = wizamart(&app.database, &both, &["secrets", "rotate"]);
    assert!(
        said(&rotated).contains("second_factors: 1 sealed anew"),
        "{}",
        said(&rotated)
    );
    tokens(&login_later(&app.with_keys(sealer_of(&both)), &secret).await);
}

#[tokio::test]
async fn a_lost_key_is_named_and_can_be_given_up() {
    let app = TestApp::new().await.with_admin().await;
    let (secret, codes) = app.with_phone(&app.token().await).await;
    let id = key().id().to_string();
    let without = app.with_keys(sealer_of(&[other_key()]));
    let ready = without.get("/ready").await.json();
    let detail = ready["checks"]["secrets"]["detail"].as_str().unwrap();
    assert!(
        detail.contains(&id) && detail.contains("/test/seal-keys"),
        "{detail}"
    );
    assert_eq!(login_later(&without, &secret).await.status, 500);
    tokens(&login(&without, &codes[0]).await);
    let only = [other_key()];
    let rotated = wizamart(&app.database, &only, &["secrets", "rotate"]);
    assert!(
        !rotated.status.success() && said(&rotated).contains(&id),
        "{}",
        said(&rotated)
    );
    let kept = wizamart(
        &app.database,
        &[key()],
        &["secrets", "forget", &id, "--yes"],
    );
    assert!(said(&kept).contains("is in the file"), "{}", said(&kept));
    assert!(
        !wizamart(&app.database, &only, &["secrets", "forget", &id])
            .status
            .success()
    );
    let gone = wizamart(&app.database, &only, &["secrets", "forget", &id, "--yes"]);
    assert!(gone.status.success(), "{}", said(&gone));
    tokens(&without.try_login("192.0.2.1", EMAIL, PASSWORD).await);
    let ready = without.get("/ready").await.json();
    assert_eq!(ready["checks"]["secrets"]["status"], "ok");
}

#[tokio::test]
async fn nothing_that_needs_the_keys_starts_without_them() {
    let database = Database::migrated().await;
    let mut env = Env::new(&database.url, &redis::private_url());
    env.set("ONEBOX_SECRETS__KEY_FILE", "/nonexistent/seal-keys");
    for args in [
        &["web", "--listen-http", "127.0.0.1:0"][..],
        &["worker", "--queue", "default"],
        &["config", "check"],
        &["secrets", "status"],
    ] {
        let output = env.command(args).output().unwrap();
        let said = said(&output);
        assert!(!output.status.success(), "{args:?}");
        for word in [
            "/nonexistent/seal-keys",
            "secrets.key_file",
            "secrets new-key",
        ] {
            assert!(said.contains(word), "{args:?}: {said}");
        }
    }
    // And this is how one is made.
    let file = env.dir.path().join("made");
    let path = file.display().to_string();
    let made = env
        .command(&["secrets", "new-key", &path])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", said(&made));
    let text = std::fs::read_to_string(&file).unwrap();
    let keys = seal_keys::parse(&text, &file).unwrap();
    assert!(said(&made).contains(&keys[0].id().to_string()));
    assert!(!said(&made).contains(&hex(keys[0].expose())));
    let again = env
        .command(&["secrets", "new-key", &path])
        .output()
        .unwrap();
    assert!(said(&again).contains("--add"), "{}", said(&again));
    env.set("ONEBOX_SECRETS__KEY_FILE", &path);
    let added = env
        .command(&["secrets", "new-key", "--add"])
        .output()
        .unwrap();
    assert!(added.status.success(), "{}", said(&added));
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(seal_keys::parse(&text, &file).unwrap().len(), 2);
    assert!(
        env.command(&["config", "check"])
            .output()
            .unwrap()
            .status
            .success()
    );
}

/// A platform of the earlier release: an administrator with a second factor,
/// and a token that it signed.
struct Earlier {
    app: TestApp,
    secret: String,
    token: String,
}

async fn earlier() -> Earlier {
    let app = TestApp::new().await.with_admin().await;
    let pool = &app.database.pool;
    let (secret, _) = app.with_phone(&app.token().await).await;
    let user: Uuid = one(pool, "SELECT id FROM users").await;
    let mut connection = pool.acquire().await.unwrap();
    sealing::unseal(pool, &app.state.services.sealer, app.clock.now())
        .await
        .unwrap();
    runner::revert_to(&mut connection, BEFORE).await.unwrap();
    let clear: Vec<u8> = one(pool, "SELECT totp_secret FROM users").await;
    assert_eq!(clear, base32(&secret));
    // As that release makes them.
    let now = app.clock.now();
    sqlx::query("INSERT INTO signing_keys VALUES ('earlier', $1, $2, $3)")
        .bind([3_u8; 32])
        .bind(now - Duration::days(1))
        .bind(now + Duration::days(31))
        .execute(pool)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO mails (job_id, template, recipient, subject, transport, state, text_body, created_at)
         VALUES ($1, 'password_reset', $2, 's', 'outbox', 'sending', '…/admin/password/abc', $3)",
    )
    .bind(Uuid::now_v7())
    .bind(EMAIL)
    .bind(now)
    .execute(pool)
    .await
    .unwrap();
    let family: Uuid = one(pool, "SELECT id FROM refresh_families LIMIT 1").await;
    let iat = now.unix_timestamp();
    let claims =
        json!({"iss": "wizamart", "sub": user, "sid": family, "iat": iat, "exp": iat + 3600});
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("earlier".to_owned());
    let token = encode(&header, &claims, &EncodingKey::from_secret(&[3_u8; 32])).unwrap();
    runner::migrate(&mut connection, ALL).await.unwrap();
    drop(connection);
    let until = Some(now + Duration::hours(24));
    rows::keep_plain_until(pool, until).await.unwrap();
    Earlier {
        app: app.restarted(),
        secret,
        token,
    }
}

#[tokio::test]
async fn what_the_earlier_release_left_in_clear_works_and_is_sealed_a_day_later() {
    let Earlier { app, secret, token } = earlier().await;
    let pool = &app.database.pool;
    assert_eq!(app.get_as(&token, ME).await.status, 200);
    let (new, _) = tokens(&login_later(&app, &secret).await);
    assert_ne!(decode_header(&new).unwrap().kid.unwrap(), "earlier");
    let plain = "SELECT count(*) FROM users WHERE totp_secret IS NOT NULL";
    nightly(&app).await;
    assert_eq!(
        one::<i64>(pool, plain).await,
        1,
        "it may still be gone back to"
    );
    // Its key signs nothing and ends soon, however long it would have lived.
    app.clock.advance(Duration::hours(2));
    let forged = app.restarted();
    assert_eq!(forged.get_as(&token, ME).await.status, 401);
    app.clock.advance(Duration::hours(22));
    nightly(&app).await;
    assert_eq!(one::<i64>(pool, plain).await, 0);
    assert_eq!(
        one::<i64>(pool, "SELECT count(*) FROM signing_keys").await,
        0
    );
    let dump = dump(pool).await;
    assert!(!dump.contains(&hex(&base32(&secret))) && !dump.contains("/admin/password/abc"));
    assert!(dump.contains(EMAIL));
    tokens(&login_later(&app, &secret).await);
}

#[tokio::test]
async fn a_second_factor_made_while_the_earlier_release_may_be_gone_back_to_is_one_it_can_read() {
    let Earlier { app, .. } = earlier().await;
    let pool = &app.database.pool;
    run(
        pool,
        "UPDATE users SET totp_secret = NULL, totp_confirmed_at = NULL",
    )
    .await;
    let (secret, _) = app.with_phone(&app.token().await).await;
    let clear: Vec<u8> = one(pool, "SELECT totp_secret FROM users").await;
    assert_eq!(clear, base32(&secret));
    tokens(&login_later(&app, &secret).await);
}

#[tokio::test]
async fn a_secret_that_the_earlier_release_made_counts_over_an_older_sealed_one() {
    let app = TestApp::new().await.with_admin().await;
    let pool = &app.database.pool;
    app.with_phone(&app.token().await).await;
    // Gone back to, it sees no secret and makes another.
    sqlx::query("UPDATE users SET totp_secret = $1")
        .bind([5_u8; 20])
        .execute(pool)
        .await
        .unwrap();
    let secret = "AUCQKBIFAUCQKBIFAUCQKBIFAUCQKBIF";
    assert_eq!(base32(secret), [5; 20]);
    tokens(&login_later(&app, secret).await);
    nightly(&app).await;
    assert!(!dump(pool).await.contains(&hex(&[5; 20])));
    tokens(&login_later(&app, secret).await);
}

#[tokio::test]
async fn going_back_takes_the_secrets_along_and_coming_again_seals_them() {
    let app = TestApp::new().await.with_admin().await;
    let pool = &app.database.pool;
    let (secret, _) = app.with_phone(&app.token().await).await;
    let target = BEFORE.to_string();
    // The recorded revert alone would lock people out, and refuses.
    let mut connection = pool.acquire().await.unwrap();
    let error = runner::revert_to(&mut connection, BEFORE)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("wizamart secrets unseal"),
        "{error}"
    );
    drop(connection);
    let blind = wizamart(
        &app.database,
        &[other_key()],
        &["migrate", "--revert-to", &target],
    );
    assert!(!blind.status.success(), "{}", said(&blind));
    let back = wizamart(
        &app.database,
        &[key()],
        &["migrate", "--revert-to", &target],
    );
    assert!(back.status.success(), "{}", said(&back));
    assert!(
        said(&back).contains("second_factors: 1 put in clear"),
        "{}",
        said(&back)
    );
    let clear: Vec<u8> = one(pool, "SELECT totp_secret FROM users").await;
    assert_eq!(clear, base32(&secret));
    let up = wizamart(&app.database, &[key()], &["migrate"]);
    assert!(up.status.success() && current() > BEFORE, "{}", said(&up));
    let again = app.restarted();
    tokens(&login_later(&again, &secret).await);
    let sealed = wizamart(&app.database, &[key()], &["secrets", "seal", "--json"]);
    assert_eq!(parsed(&sealed)["changed"], json!({"second_factors": 1}));
    tokens(&login_later(&again, &secret).await);
    let clear: Option<Vec<u8>> = one(pool, "SELECT totp_secret FROM users").await;
    assert_eq!(clear, None);
    // And the way back without giving up the schema.
    let unsealed = wizamart(&app.database, &[key()], &["secrets", "unseal", "--yes"]);
    assert!(unsealed.status.success(), "{}", said(&unsealed));
    let clear: Vec<u8> = one(pool, "SELECT totp_secret FROM users").await;
    assert_eq!(clear, base32(&secret));
    tokens(&login_later(&again, &secret).await);
}
