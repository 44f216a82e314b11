//! Made-up shops, and development without the image, as real processes.

use crate::support::eventually;
use crate::support::postgres::Database;
use crate::support::process::Env;
use crate::support::redis;
use serde_json::Value;
use sqlx::PgPool;
use std::net::TcpListener;
use tokio::io::AsyncWriteExt;

async fn number(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

const SHAPE: &str = "SELECT hashtextextended(string_agg(p.name || p.price_cents, ',' ORDER BY p.id), 0) FROM products p";

#[tokio::test]
async fn made_up_shops_look_real_and_the_same_seed_makes_the_same() {
    let mut shapes = Vec::new();
    for seed in ["7", "7", "8"] {
        let database = Database::migrated().await;
        let env = Env::new(&database.url, &redis::private_url());
        let args = [
            "seed",
            "--vendors",
            "3",
            "--products",
            "40",
            "--orders",
            "500",
            "--seed",
            seed,
            "--json",
        ];
        let output = env.command(&args).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(said["made"]["products"], 120);
        let pool = &database.pool;
        shapes.push(number(pool, SHAPE).await);
        assert_eq!(number(pool, "SELECT count(*) FROM orders").await, 500);
        assert_eq!(
            number(pool, "SELECT count(*) FROM orders o WHERE total_cents <> (SELECT sum(quantity * price_cents) FROM order_items i WHERE i.order_id = o.id)").await,
            0
        );
        assert_eq!(number(pool, "SELECT count(*) FROM order_items i JOIN products p ON p.id = i.product_id WHERE p.vendor_id <> i.vendor_id").await, 0);
        assert_eq!(number(pool, "SELECT count(*) FROM orders WHERE placed_at > now() OR placed_at < now() - interval '92 days'").await, 0);
        assert!(number(pool, "SELECT count(DISTINCT placed_at::date) FROM orders").await > 60);
        assert!(number(pool, "SELECT count(DISTINCT name) FROM products").await > 100);
        // Invoice numbers have no gaps, and the next one follows.
        assert_eq!(
            number(pool, "SELECT count(*) FROM (SELECT vendor_id, max(number) AS most, count(*) AS number FROM invoices GROUP BY 1) i JOIN invoice_counters c USING (vendor_id) WHERE most <> number OR last_number <> most").await,
            0
        );
        let again = env.command(&args).output().unwrap();
        assert!(!again.status.success());
        assert!(String::from_utf8_lossy(&again.stderr).contains("--yes"));
        assert!(
            env.command(&["seed", "--orders", "10", "--yes"])
                .status()
                .unwrap()
                .success()
        );
    }
    assert!(
        shapes[0] == shapes[1] && shapes[1] != shapes[2],
        "{shapes:?}"
    );
}

#[tokio::test]
async fn the_rows_of_the_peer_are_one_shops_products() {
    let database = Database::migrated().await;
    let env = Env::new(&database.url, &redis::private_url());
    assert!(env.command(&["seed", "--peer"]).status().unwrap().success());
    let pool = &database.pool;
    assert_eq!(
        number(
            pool,
            "SELECT count(*) FROM products WHERE vendor_id = 1 AND stock = 100000000"
        )
        .await,
        10_000
    );
    assert_eq!(
        number(pool, "SELECT count(*) FROM users WHERE vendor_id = 1").await,
        100
    );
    assert_eq!(number(pool, "SELECT count(*) FROM vendors").await, 50);
    let first: (String, String, i64) =
        sqlx::query_as("SELECT sku, name, price_cents FROM products WHERE id = 1")
            .fetch_one(pool)
            .await
            .unwrap();
    assert_eq!(first, ("SKU-000001".into(), "Basket Amber 1".into(), 137));
    let role: String =
        sqlx::query_scalar("SELECT role FROM users WHERE email = 'user1@example.test'")
            .fetch_one(pool)
            .await
            .unwrap();
    assert_eq!(role, "admin");
    // Numbers given by hand do not stand in the way of new rows.
    assert_eq!(
        number(
            pool,
            "INSERT INTO vendors (slug, name) VALUES ('new', 'New') RETURNING id"
        )
        .await,
        51
    );
}

async fn ask(port: u16, path: &str) -> Option<String> {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    crate::support::client::read_to_end(&mut stream).await.ok()
}

#[tokio::test]
async fn development_runs_everything_starts_a_new_build_and_leaves_nothing_running() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let env = Env::new("postgres://unused@localhost/x", "redis://unused");
    // PostgreSQL runs as another account when this runs as root.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(env.dir.path(), open).unwrap();
    let dir = env.dir.path().join("dev").to_str().unwrap().to_owned();
    let binary = env.dir.path().join("wizamart");
    std::fs::copy(env!("CARGO_BIN_EXE_wizamart"), &binary).unwrap();
    let log = env.dir.path().join("log");
    let output = std::fs::File::create(&log).unwrap();
    let mut child = std::process::Command::new(&binary)
        .args(["dev", "--port", &port.to_string(), "--dir", &dir])
        .current_dir(env.dir.path())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap();
    let said = || std::fs::read_to_string(&log).unwrap_or_default();
    let ready = || async {
        ask(port, "/ready")
            .await
            .is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
    };
    let begun = std::time::Instant::now();
    while !ready().await {
        assert!(begun.elapsed().as_secs() < 120, "{}", said());
        assert!(child.try_wait().unwrap().is_none(), "{}", said());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(
        said().contains("/admin") && said().contains("demo shops"),
        "{}",
        said()
    );
    assert!(
        ask(port, "/admin/login")
            .await
            .unwrap()
            .contains("password")
    );

    // A new build: another file at the same place.
    let next = env.dir.path().join("next");
    std::fs::copy(&binary, &next).unwrap();
    std::fs::rename(&next, &binary).unwrap();
    std::fs::File::options()
        .append(true)
        .open(&binary)
        .unwrap()
        .set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(5))
        .unwrap();
    eventually("it starts the new program", || async {
        said().contains("built anew")
            && said().matches("Ctrl-C stops").count() == 2
            && ready().await
    })
    .await;
    assert_eq!(said().matches("demo shops;").count(), 1, "seeded once");

    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap())
        .await
        .unwrap();
    assert!(status.success(), "{}", said());
    assert!(
        !std::path::Path::new(&dir)
            .join("postgres/data/postmaster.pid")
            .exists()
    );
    let socket = std::path::Path::new(&dir).join("redis/redis.sock");
    assert!(std::os::unix::net::UnixStream::connect(socket).is_err());
}
