//! The same program on servers that others run: TLS, a read replica, a
//! pooler, sentinels. All of them real.

use crate::support::eventually;
use crate::support::managed::{
    Lends, free_port, pgbouncer, pgbouncer_lends, redis, sentinel, settings, write_certificates,
};
use crate::support::postgres::Cluster;
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use wizamart::cache::Cache;
use wizamart::storage::connect::lazy_pool;
use wizamart::storage::reads::Reads;

async fn encrypted(options: &sqlx::postgres::PgConnectOptions) -> Result<bool, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    sqlx::query_scalar("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        .fetch_one(&mut connection)
        .await
}

#[tokio::test]
async fn postgresql_is_reached_by_tls_and_only_with_the_right_certificate() {
    let (files, port) = (tempfile::tempdir().unwrap(), free_port());
    write_certificates(files.path());
    let cluster = Cluster::with(|dir| {
        for name in ["server.pem", "server.key"] {
            std::fs::copy(files.path().join(name), dir.join(name)).unwrap();
        }
        let path = |name: &str| dir.join(name).display().to_string();
        vec![
            "listen_addresses=127.0.0.1".into(),
            format!("port={port}"),
            "ssl=on".into(),
            format!("ssl_cert_file={}", path("server.pem")),
            format!("ssl_key_file={}", path("server.key")),
        ]
    });
    cluster.connect("postgres").await.close().await.unwrap();
    let configured = |host: &str, authority: &str, query: &str| {
        let root = files.path().join(authority);
        let text = format!(
            "[database]\nurl = \"postgres://postgres@{host}:{port}/postgres{query}\"\n{}",
            match authority {
                "" => String::new(),
                _ => format!("root_certificate = \"{}\"\n", root.display()),
            }
        );
        settings(&text).database
    };
    assert!(
        encrypted(&configured("localhost", "ca.pem", ""))
            .await
            .unwrap()
    );
    let by_url = format!(
        "?sslmode=verify-full&sslrootcert={}/ca.pem",
        files.path().display()
    );
    assert!(
        encrypted(&configured("localhost", "", &by_url))
            .await
            .unwrap()
    );
    // The certificate is for another name; and it is of another authority.
    assert!(
        encrypted(&configured("127.0.0.1", "ca.pem", ""))
            .await
            .is_err()
    );
    let other = tempfile::tempdir().unwrap();
    write_certificates(other.path());
    std::fs::copy(other.path().join("ca.pem"), files.path().join("other.pem")).unwrap();
    assert!(
        encrypted(&configured("localhost", "other.pem", ""))
            .await
            .is_err()
    );
    drop(cluster);
}

#[tokio::test]
async fn a_replica_is_read_from_while_it_is_there() {
    let primary = Cluster::restartable();
    let mut admin = primary.connect("postgres").await;
    sqlx::raw_sql("CREATE TABLE things (n int); INSERT INTO things VALUES (1)")
        .execute(&mut admin)
        .await
        .unwrap();
    let mut replica = Cluster::replica_of(&primary);
    let reads = Reads::beside(
        lazy_pool(&primary.options("postgres"), 2, "test"),
        lazy_pool(&replica.options("postgres"), 2, "test"),
    );
    let from_replica = async || -> bool {
        sqlx::query_scalar("SELECT pg_is_in_recovery() FROM things LIMIT 1")
            .fetch_one(reads.pool())
            .await
            .unwrap_or(false)
    };
    eventually("the replica answers", &from_replica).await;
    replica.stop();
    eventually("the primary answers instead", async || {
        let asked = sqlx::query_scalar("SELECT NOT pg_is_in_recovery()");
        asked.fetch_one(reads.pool()).await.unwrap_or(false)
    })
    .await;
    replica.start();
    eventually("the replica answers again", &from_replica).await;
}

#[tokio::test]
async fn requests_and_jobs_go_through_a_pooler() {
    let cluster = Cluster::restartable();
    let mut connection = cluster.connect("postgres").await;
    wizamart::migrations::runner::migrate(&mut connection, wizamart::migrations::ALL)
        .await
        .unwrap();
    let lends = pgbouncer_lends();
    let pooler = pgbouncer(&cluster.sockets(), &lends);
    let text = format!(
        "[database]\nurl = \"postgres://anyone@127.0.0.1:{}/postgres\"\ndirect_url = \"{}\"\n",
        pooler.port,
        cluster.url("postgres"),
    );
    let settings = settings(&text);
    // A pooler that lends for sessions has no more to lend than it holds.
    let side_by_side = match lends {
        Lends::Transactions => 16,
        Lends::Sessions => 6,
    };
    let pool = lazy_pool(&settings.database, side_by_side, "test");
    // Statements that differ, side by side on fewer connections: a pooler that
    // mixes them up gives one client another's.
    let clients = (0..i64::from(side_by_side)).map(|client| {
        let pool = pool.clone();
        tokio::spawn(async move {
            for round in 0..25i64 {
                let answer: (i64, String) = if (client + round) % 2 == 0 {
                    sqlx::query_as("SELECT $1::int8 * 2, 'even'").bind(client * 1000 + round)
                } else {
                    sqlx::query_as("SELECT $1::int8 * 3, 'odd'").bind(client * 1000 + round)
                }
                .fetch_one(&pool)
                .await
                .unwrap();
                let (factor, word) = match (client + round) % 2 {
                    0 => (2, "even"),
                    _ => (3, "odd"),
                };
                assert_eq!(answer, ((client * 1000 + round) * factor, word.to_owned()));
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    pool.close().await;

    let env = crate::support::process::Env::new(
        settings_url(&text),
        &crate::support::redis::private_url(),
    )
    .with_one("ONEBOX_DATABASE__DIRECT_URL", &cluster.url("postgres"));
    let worker = env.start(&["worker", "--queue", "default", "--concurrency", "2"]);
    let jobs = lazy_pool(&cluster.options("postgres"), 2, "test");
    eventually("the worker is registered through the pooler", async || {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM workers")
            .fetch_one(&jobs)
            .await
            .unwrap();
        count == 1
    })
    .await;
    eventually("it listens past the pooler", async || {
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity \
             WHERE application_name = 'wizamart sessions' AND query LIKE 'LISTEN%'",
        )
        .fetch_one(&jobs)
        .await
        .unwrap();
        count == 1
    })
    .await;
    drop(worker);
}

fn settings_url(text: &str) -> &str {
    text.split('"').nth(1).unwrap()
}

#[tokio::test]
async fn redis_is_reached_by_tls_and_only_with_the_right_certificate() {
    let files = tempfile::tempdir().unwrap();
    write_certificates(files.path());
    let server = redis(|_, port| {
        let path = |name: &str| files.path().join(name).display().to_string();
        format!(
            "port 0\ntls-port {port}\ntls-auth-clients no\ntls-cert-file {}\ntls-key-file {}\n\
             tls-ca-cert-file {}",
            path("server.pem"),
            path("server.key"),
            path("ca.pem"),
        )
    });
    let cache = |authority: &str| {
        let text = format!(
            "[redis]\nurl = \"rediss://localhost:{}/1\"\nroot_certificate = \"{}\"\n",
            server.port,
            files.path().join(authority).display(),
        );
        Cache::from(&settings(&text).redis).unwrap()
    };
    let good = cache("ca.pem");
    good.set("key", "value", Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(good.get("key").await.unwrap().as_deref(), Some("value"));
    let other = tempfile::tempdir().unwrap();
    write_certificates(other.path());
    std::fs::copy(other.path().join("ca.pem"), files.path().join("other.pem")).unwrap();
    assert!(cache("other.pem").ping().await.is_err());
}

#[tokio::test]
async fn when_the_primary_is_lost_the_cache_follows_the_sentinels() {
    let first = redis(|_, port| format!("port {port}"));
    let second = redis(|_, port| {
        format!(
            "port {port}\nreplicaof 127.0.0.1 {}\nrepl-diskless-sync-delay 0",
            first.port
        )
    });
    let watcher = sentinel("main", first.port);
    let text = format!(
        "[redis]\nurl = \"redis+sentinel://127.0.0.1:{},127.0.0.1:{}/main/0\"\n",
        // One of them does not answer.
        free_port(),
        watcher.port,
    );
    let cache = Cache::from(&settings(&text).redis).unwrap();
    eventually("the primary is found", async || {
        cache
            .set("key", "value", Duration::from_secs(600))
            .await
            .is_ok()
    })
    .await;
    eventually("sentinel and replica know each other", async || {
        let client = ::redis::Client::open(format!("redis://127.0.0.1:{}", watcher.port)).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let replicas: Vec<::redis::Value> = ::redis::cmd("SENTINEL")
            .arg("REPLICAS")
            .arg("main")
            .query_async(&mut connection)
            .await
            .unwrap_or_default();
        replicas.len() == 1
    })
    .await;
    eventually("the replica has the key", async || {
        let client = ::redis::Client::open(format!("redis://127.0.0.1:{}", second.port)).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let key: Option<String> = ::redis::cmd("GET")
            .arg("key")
            .query_async(&mut connection)
            .await
            .unwrap();
        key.is_some()
    })
    .await;
    drop(first);
    eventually("the new primary takes writes", async || {
        cache
            .set("other", "value", Duration::from_secs(600))
            .await
            .is_ok()
    })
    .await;
    assert_eq!(cache.get("key").await.unwrap().as_deref(), Some("value"));
    assert!(cache.counters.snapshot().errors > 0, "nobody noticed");
}
