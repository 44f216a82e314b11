//! Migrations apply, revert and apply again, and tell what fits what.

use crate::support::app::TestApp;
use crate::support::postgres::Database;
use sqlx::{PgConnection, Row};
use wizamart::migrations::runner::{self, MigrateError};
use wizamart::migrations::state::{self, Fit};
use wizamart::migrations::{ALL, Migration, current};

/// Every table, column, constraint and index, as text.
async fn shape(connection: &mut PgConnection) -> Vec<String> {
    sqlx::query(
        "SELECT format('%s.%s %s %s', table_name, column_name, data_type, is_nullable) AS line
           FROM information_schema.columns WHERE table_schema = 'public'
         UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
         UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint
                    WHERE connamespace = 'public'::regnamespace
         ORDER BY 1",
    )
    .fetch_all(connection)
    .await
    .unwrap()
    .iter()
    .map(|row| row.get("line"))
    .collect()
}

/// A row in every table that a migration may have to carry along.
async fn fill(connection: &mut PgConnection) {
    sqlx::raw_sql(
        "INSERT INTO users (id, email, password_hash, role)
           VALUES (gen_random_uuid(), 'a@example.org', 'x', 'admin');
         INSERT INTO vendors (id, slug, name) VALUES (1, 'ann', 'Ann');
         UPDATE users SET vendor_id = 1;
         INSERT INTO subscriptions (vendor_id, plan_code) VALUES (1, 'starter');
         INSERT INTO plan_flags VALUES ('starter', 'api_access', false);
         INSERT INTO vendor_flags VALUES (1, 'api_access', true);
         INSERT INTO products (id, vendor_id, sku, name, price_cents) VALUES (1, 1, 's', 'n', 1);
         INSERT INTO customers (id, vendor_id, email) VALUES (1, 1, 'c@example.org');
         INSERT INTO orders (id, vendor_id, customer_id, total_cents, currency) VALUES (1, 1, 1, 1, 'EUR');
         INSERT INTO order_items (order_id, vendor_id, product_id, sku, name, quantity, price_cents)
           VALUES (1, 1, 1, 's', 'n', 1, 1);
         INSERT INTO invoice_counters (vendor_id, last_number) VALUES (1, 1);
         INSERT INTO invoices (vendor_id, order_id, number, label, total_cents, vat_rate_bp, currency, issued_at)
           VALUES (1, 1, 1, 'INV-1', 1, 1700, 'EUR', now());
         INSERT INTO credit_note_counters VALUES (1, 1);
         INSERT INTO credit_notes (vendor_id, invoice_id, number, label, reason, issued_at)
           SELECT 1, id, 1, 'CN-INV-1', 'cancelled', now() FROM invoices;
         INSERT INTO order_confirmations VALUES (1, now());
         INSERT INTO idempotency_keys (user_id, key, fingerprint, status, body, created_at)
           SELECT id, 'k', 'f', 201, '{}', now() FROM users;
         INSERT INTO jobs (id, queue, kind, args, run_at, created_at)
           VALUES (gen_random_uuid(), 'default', 'k', '{}', now(), now());
         INSERT INTO outbox (job_id, recipient, subject, created_at)
           VALUES (gen_random_uuid(), 'a@example.org', 's', now());
         INSERT INTO signing_keys VALUES ('k', decode(repeat('00', 32), 'hex'), now(), now());
         INSERT INTO sealed_signing_keys VALUES (gen_random_uuid(), '\x01', now(), now());
         UPDATE users SET totp_secret = '\x01', totp_confirmed_at = now();
         INSERT INTO refresh_families (id, user_id, token_hash, created_at, used_at, expires_at)
           SELECT gen_random_uuid(), id, 'h', now(), now(), now() FROM users;
         INSERT INTO refresh_spent SELECT 's', id, now() FROM refresh_families;
         INSERT INTO password_resets SELECT 'h', id, now(), now() FROM users;
         INSERT INTO recovery_codes SELECT id, 'h' FROM users;
         INSERT INTO mails (job_id, template, recipient, subject, transport, state, created_at)
           VALUES (gen_random_uuid(), 'test_mail', 'a@example.org', 's', 'outbox', 'sending', now());
         INSERT INTO audit_log (at, user_email, action) VALUES (now(), 'a@example.org', 'user.create');
         INSERT INTO queue_pauses (queue, paused_at) VALUES ('default', now());
         INSERT INTO queue_sleepers VALUES (gen_random_uuid(), '{default}', now());
         INSERT INTO samples (at, name, value) VALUES (now(), 'orders', 1);
         INSERT INTO vendors (id, slug, name) VALUES (2, 'importing', 'x');
         INSERT INTO uploads (id, vendor_id, key, file_name, content_type, size_bytes, sha256, created_at)
           SELECT gen_random_uuid(), id, 'v1/ab/c', 'a.txt', 'text/plain', 1, repeat('0', 64), now()
             FROM vendors WHERE slug = 'importing';
         INSERT INTO webhook_events VALUES ('evt_1', 'customer.created', '{}', now(), now());
         INSERT INTO billing_invoices
           SELECT 'in_1', id, 'paid', 4900, 'EUR', '', now(), now() FROM vendors WHERE slug = 'importing';
         INSERT INTO imports (id, vendor_id, kind, source_url, created_at)
           SELECT gen_random_uuid(), id, 'products', 'https://a.example', now()
             FROM vendors WHERE slug = 'importing';
         INSERT INTO import_skus SELECT id, 'A-1', 2 FROM imports;
         INSERT INTO import_errors SELECT id, 2, 'sku', '', 'is missing' FROM imports;
         INSERT INTO reports (id, vendor_id, kind, format, from_date, to_date, created_at)
           SELECT gen_random_uuid(), id, 'sales', 'csv', now(), now(), now()
             FROM vendors WHERE slug = 'importing'",
    )
    .execute(connection)
    .await
    .unwrap();
}

#[tokio::test]
async fn every_migration_can_be_reverted_and_applied_again_on_filled_tables() {
    let database = Database::empty().await;
    let mut connection = database.pool.acquire().await.unwrap();
    runner::migrate(&mut connection, ALL).await.unwrap();
    let whole = shape(&mut connection).await;
    for target in (0..current()).rev() {
        fill_if_whole(&mut connection).await;
        let reverted = runner::revert_to(&mut connection, target).await.unwrap();
        assert_eq!(reverted, (target + 1..=current()).rev().collect::<Vec<_>>());
        runner::migrate(&mut connection, ALL).await.unwrap();
        assert_eq!(
            shape(&mut connection).await,
            whole,
            "after a revert to {target}"
        );
    }
}

async fn fill_if_whole(connection: &mut PgConnection) {
    let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    let vendors: i64 = sqlx::query_scalar("SELECT count(*) FROM vendors")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    if vendors == 0 {
        // What a revert further up has emptied is filled anew.
        if users > 0 {
            sqlx::raw_sql("TRUNCATE users, jobs, outbox CASCADE")
                .execute(&mut *connection)
                .await
                .unwrap();
        }
        fill(connection).await;
    }
}

#[tokio::test]
async fn reverting_everything_leaves_nothing_behind() {
    let database = Database::empty().await;
    let mut connection = database.pool.acquire().await.unwrap();
    runner::migrate(&mut connection, ALL).await.unwrap();
    runner::revert_to(&mut connection, 0).await.unwrap();
    let left = shape(&mut connection).await;
    assert!(
        left.iter().all(
            |line| line.contains("schema_migrations") || line.contains("PRIMARY KEY (version)")
        ),
        "{left:?}"
    );
}

#[tokio::test]
async fn a_second_run_does_nothing() {
    let database = Database::migrated().await;
    let mut connection = database.pool.acquire().await.unwrap();
    assert!(
        runner::migrate(&mut connection, ALL)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn runners_at_the_same_time_take_turns() {
    let database = Database::empty().await;
    let runs = (0..4).map(|_| {
        let pool = database.pool.clone();
        tokio::spawn(async move {
            let mut connection = pool.acquire().await.unwrap();
            runner::migrate(&mut connection, ALL).await.unwrap().len()
        })
    });
    let mut applied = 0;
    for run in runs.collect::<Vec<_>>() {
        applied += run.await.unwrap();
    }
    assert_eq!(applied, ALL.len());
}

#[tokio::test]
async fn a_failing_migration_leaves_the_schema_as_it_was() {
    let database = Database::migrated().await;
    let mut connection = database.pool.acquire().await.unwrap();
    let before = shape(&mut connection).await;
    let broken = Migration {
        version: current() + 1,
        name: "broken",
        up: "CREATE TABLE half (id int); SELECT 1 / 0;",
        down: "DROP TABLE half",
    };
    let error = runner::migrate(&mut connection, &[ALL, &[broken]].concat())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("broken"), "{error}");
    let half: bool = sqlx::query_scalar("SELECT to_regclass('half') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    assert!(!half);
    // The lock was given back, and the note of the failure goes with the next success.
    runner::migrate(&mut connection, ALL).await.unwrap();
    assert_eq!(shape(&mut connection).await, before);
}

#[tokio::test]
async fn a_migration_that_was_changed_afterwards_is_refused() {
    let database = Database::migrated().await;
    let mut connection = database.pool.acquire().await.unwrap();
    let mut all = ALL.to_vec();
    all[0].up = "SELECT 1";
    let error = runner::migrate(&mut connection, &all).await.unwrap_err();
    assert!(
        matches!(error, MigrateError::Changed { version: 1, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_number_that_never_was_cannot_be_gone_back_to() {
    let database = Database::migrated().await;
    let mut connection = database.pool.acquire().await.unwrap();
    let error = runner::revert_to(&mut connection, current() + 5)
        .await
        .unwrap_err();
    assert!(
        matches!(error, MigrateError::NoSuchVersion { .. }),
        "{error}"
    );
}

/// A migration of a release that does not exist yet.
fn next(up: &'static str) -> Vec<Migration> {
    let version = current() + 1;
    let new = Migration {
        version,
        name: "next",
        up,
        down: "ALTER TABLE users DROP COLUMN phone",
    };
    [ALL, &[new]].concat()
}

#[tokio::test]
async fn a_newer_schema_that_still_serves_us_is_accepted() {
    let app = TestApp::new().await;
    let mut connection = app.database.pool.acquire().await.unwrap();
    let expanding = "-- compatible-from: 15\nALTER TABLE users ADD COLUMN phone text";
    assert_eq!(current(), 15, "write the current number above");
    runner::migrate(&mut connection, &next(expanding))
        .await
        .unwrap();
    let fit = state::fit(&mut connection).await.unwrap();
    assert_eq!(
        fit,
        Fit::NewerCompatible {
            database: current() + 1,
            binary: current()
        }
    );
    assert_eq!(
        app.get("/ready").await.json()["checks"]["migrations"]["status"],
        "ok"
    );
    // Our own migrate leaves the newer schema alone, and can revert it.
    assert!(
        runner::migrate(&mut connection, ALL)
            .await
            .unwrap()
            .is_empty()
    );
    runner::revert_to(&mut connection, current()).await.unwrap();
    assert_eq!(
        state::fit(&mut connection).await.unwrap(),
        Fit::Same { version: current() }
    );
}

#[tokio::test]
async fn a_newer_schema_that_has_left_us_behind_is_refused() {
    let app = TestApp::new().await;
    let mut connection = app.database.pool.acquire().await.unwrap();
    runner::migrate(
        &mut connection,
        &next("ALTER TABLE users ADD COLUMN phone text"),
    )
    .await
    .unwrap();
    let checks = app.get("/ready").await.json();
    assert_eq!(checks["checks"]["migrations"]["status"], "failed");
    let detail = checks["checks"]["migrations"]["detail"].as_str().unwrap();
    assert!(detail.contains("--revert-to"), "{detail}");
}

#[tokio::test]
async fn an_older_schema_is_refused_and_says_what_to_do() {
    let app = TestApp::new().await;
    let mut connection = app.database.pool.acquire().await.unwrap();
    runner::revert_to(&mut connection, current() - 1)
        .await
        .unwrap();
    let checks = app.get("/ready").await.json();
    assert_eq!(checks["checks"]["migrations"]["status"], "failed");
    let detail = checks["checks"]["migrations"]["detail"].as_str().unwrap();
    assert!(detail.contains("wizamart migrate"), "{detail}");
}
