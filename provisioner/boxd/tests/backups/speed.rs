//! Throughput beside what the seed guide did (`pg_dump | gzip`), as ratios of one
//! run. Not a test: `ONEBOX_BENCH_MB=1000 cargo test --release -p boxd --test backups -- --ignored speed --nocapture`.

use crate::stage::{Stage, steps};
use onebox_api::backups::{Kind, Now, Restore};
use std::time::{Duration, Instant};

const BIN: &str = "/usr/lib/postgresql/17/bin";

fn now(kind: Kind) -> Now {
    Now {
        kind: Some(kind),
        repository: None,
    }
}

#[tokio::test]
#[ignore = "a benchmark"]
async fn speed() {
    let megabytes: u64 = std::env::var("ONEBOX_BENCH_MB")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1000);
    let stage = Stage::new("").await;
    // The repository is made ready, with a first backup of nothing.
    stage.backups.now(&now(Kind::Full), &steps()).await.unwrap();
    // Half of it texts that compress as a shop's do, half random.
    let rows = megabytes * 1_000_000 / 360;
    let load = format!(
        "CREATE TABLE filled AS SELECT n AS id, \
         repeat('a product of this shop ', 6) || n AS text, \
         md5(n::text) || md5((n + 1)::text) || md5((n + 2)::text) || md5((n + 3)::text) AS noise \
         FROM generate_series(1, {rows}) AS n; \
         ALTER TABLE filled ADD PRIMARY KEY (id); CHECKPOINT"
    );
    stage.sql("wizamart", &load).await;
    let size: i64 = sqlx::query_scalar("SELECT pg_database_size('wizamart')")
        .fetch_one(&mut stage.connect("wizamart").await)
        .await
        .unwrap();
    #[allow(clippy::cast_precision_loss, reason = "a ratio")]
    let size = size as f64 / 1e6;
    let rate = |time: Duration| size / time.as_secs_f64();

    let dd = stage
        .shell(&format!(
            "dd if=/dev/zero of=/var/lib/postgresql/dd bs=1M count={} conv=fdatasync && rm /var/lib/postgresql/dd",
            size as u64
        ))
        .await;
    let begun = Instant::now();
    let made = stage.backups.now(&now(Kind::Full), &steps()).await.unwrap();
    let backup = begun.elapsed();
    let dump = stage
        .shell(&format!(
            "{BIN}/pg_dump -h /run/postgresql -U postgres wizamart | gzip >/var/lib/postgresql/dump.gz"
        ))
        .await;
    let begun = Instant::now();
    let restored = stage
        .backups
        .restore(&Restore::default(), &steps())
        .await
        .unwrap();
    let restore = begun.elapsed();
    stage.sql("postgres", "CREATE DATABASE again").await;
    let again = stage
        .shell(&format!(
            "gunzip -c /var/lib/postgresql/dump.gz | {BIN}/psql -q -h /run/postgresql -U postgres again >/dev/null"
        ))
        .await;
    stage.sql("postgres", "DROP DATABASE again").await;
    stage.backups.now(&now(Kind::Full), &steps()).await.unwrap();
    // One row in a hundred, in one place as the newest orders are.
    let change =
        format!("UPDATE filled SET text = text || '!' WHERE id <= {rows} / 100; CHECKPOINT");
    stage.sql("wizamart", &change).await;
    let begun = Instant::now();
    let diff = stage.backups.now(&now(Kind::Diff), &steps()).await.unwrap();
    let diff_time = begun.elapsed();
    let stored =
        |backups: &[onebox_api::backups::Backup]| backups.last().unwrap().stored as f64 / 1e6;
    println!(
        "database {size:.0} MB; MB/s: dd {:.0}, backup {:.0}, pg_dump | gzip {:.0}, restore {:.0} (away {:.1} s), gunzip | psql {:.0}",
        rate(dd),
        rate(backup),
        rate(dump),
        rate(restore),
        restored.away_seconds,
        rate(again)
    );
    println!(
        "backup {:.1} times as fast as pg_dump | gzip, restore {:.1} times as fast as gunzip | psql",
        dump.as_secs_f64() / backup.as_secs_f64(),
        again.as_secs_f64() / restore.as_secs_f64()
    );
    println!(
        "after a change of 1 %: {:.1} % of the bytes of a full one ({:.1} of {:.1} MB), {:.1} % of its time",
        100.0 * stored(&diff.backups) / stored(&made.backups),
        stored(&diff.backups),
        stored(&made.backups),
        100.0 * diff_time.as_secs_f64() / backup.as_secs_f64()
    );
}
