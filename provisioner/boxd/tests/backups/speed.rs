//! Throughput beside what the seed guide did (`pg_dump | gzip`), what a backup
//! costs those who write meanwhile, and how long a restore takes by size; as
//! ratios of one run. Not a test: `cargo xtask bench --no-image` runs it.

use crate::stage::{Stage, steps};
use onebox_api::backups::{Kind, Now, Restore};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const BIN: &str = "/usr/lib/postgresql/17/bin";

fn now(kind: Kind) -> Now {
    Now {
        kind: Some(kind),
        repository: None,
    }
}

/// Half of it texts that compress as a shop's do, half random.
async fn load(stage: &Stage, from: u64, to: u64) {
    let rows = format!(
        "CREATE TABLE IF NOT EXISTS filled (id bigint PRIMARY KEY, text text, noise text); \
         INSERT INTO filled SELECT n, repeat('a product of this shop ', 6) || n, \
         md5(n::text) || md5((n + 1)::text) || md5((n + 2)::text) || md5((n + 3)::text) \
         FROM generate_series({from} + 1, {to}) AS n"
    );
    stage.sql("wizamart", &rows).await;
    // As a table that has been there for a while: the first vacuum changes every
    // page, whenever it comes.
    stage
        .sql("wizamart", "VACUUM (FREEZE, ANALYZE) filled")
        .await;
    stage.sql("wizamart", "CHECKPOINT").await;
}

async fn megabytes(stage: &Stage) -> f64 {
    let size: i64 = sqlx::query_scalar("SELECT pg_database_size('wizamart')")
        .fetch_one(&mut stage.connect("wizamart").await)
        .await
        .unwrap();
    size as f64 / 1e6
}

/// Reads a row and writes one, a hundred times a second, until it is stopped;
/// how long each took.
fn visitors(stage: &Stage) -> (Arc<AtomicBool>, tokio::task::JoinHandle<Vec<Duration>>) {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let connecting = stage.options("wizamart");
    let work = tokio::spawn(async move {
        use sqlx::ConnectOptions as _;
        let mut connection = connecting.connect().await.unwrap();
        let mut took = Vec::new();
        let begun = Instant::now();
        while !stopped.load(Ordering::Relaxed) {
            let one = Instant::now();
            sqlx::query("SELECT text FROM filled WHERE id = $1")
                .bind(1 + 7919 * took.len() as i64 % 100_000)
                .fetch_optional(&mut connection)
                .await
                .unwrap();
            sqlx::query("INSERT INTO orders (note) VALUES ('a visitor')")
                .execute(&mut connection)
                .await
                .unwrap();
            took.push(one.elapsed());
            let next = begun + Duration::from_millis(10) * took.len() as u32;
            tokio::time::sleep(next.saturating_duration_since(Instant::now())).await;
        }
        took
    });
    (stop, work)
}

/// The time that so many of a hundred stay below.
fn percentile(took: &mut [Duration], percent: usize) -> f64 {
    took.sort_unstable();
    let at = (took.len() * percent / 100).min(took.len().saturating_sub(1));
    took[at].as_secs_f64() * 1000.0
}

/// The line through points by least squares: what none costs, and what each
/// more costs.
fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let above: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    let below: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let slope = above / below;
    (y - slope * x, slope)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a benchmark"]
async fn speed() {
    let wanted: u64 = std::env::var("ONEBOX_BENCH_MB")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1000);
    let stage = Stage::new("").await;
    // The repository is made ready, with a first backup of nothing.
    stage.backups.now(&now(Kind::Full), &steps()).await.unwrap();
    let rows = wanted * 1_000_000 / 380;
    let mut restores = Vec::new();
    let mut loaded = 0;
    for part in [4, 2, 1] {
        load(&stage, loaded, rows / part).await;
        loaded = rows / part;
        if part > 1 {
            stage.backups.now(&now(Kind::Full), &steps()).await.unwrap();
            let restored = stage.backups.restore(&Restore::default(), &steps()).await;
            restores.push((megabytes(&stage).await, restored.unwrap().seconds));
        }
    }
    let size = megabytes(&stage).await;
    let rate = |time: Duration| size / time.as_secs_f64();
    let dd = stage
        .shell(&format!(
            "dd if=/dev/zero of=/var/lib/postgresql/dd bs=1M count={} conv=fdatasync && rm /var/lib/postgresql/dd",
            size as u64
        ))
        .await;

    let (stop, work) = visitors(&stage);
    tokio::time::sleep(Duration::from_secs(30)).await;
    stop.store(true, Ordering::Relaxed);
    let mut calm = work.await.unwrap();
    let begun = Instant::now();
    let made = stage.backups.now(&now(Kind::Full), &steps()).await.unwrap();
    let backup = begun.elapsed();
    let (stop, work) = visitors(&stage);
    stage.backups.now(&now(Kind::Full), &steps()).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    let mut beside = work.await.unwrap();

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
    restores.push((size, restored.seconds));
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
        "backup {:.1} times as fast as pg_dump | gzip and {:.2} of dd, restore {:.1} times as fast as gunzip | psql and {:.2} of dd",
        dump.as_secs_f64() / backup.as_secs_f64(),
        dd.as_secs_f64() / backup.as_secs_f64(),
        again.as_secs_f64() / restore.as_secs_f64(),
        dd.as_secs_f64() / restore.as_secs_f64()
    );
    println!(
        "after a change of 1 %: {:.1} % of the bytes of a full one ({:.1} of {:.1} MB), {:.1} % of its time",
        100.0 * stored(&diff.backups) / stored(&made.backups),
        stored(&diff.backups),
        stored(&made.backups),
        100.0 * diff_time.as_secs_f64() / backup.as_secs_f64()
    );
    for percent in [50, 99] {
        let (before, during) = (
            percentile(&mut calm, percent),
            percentile(&mut beside, percent),
        );
        println!(
            "a read and a write, p{percent}: {before:.2} ms, beside a backup {during:.2} ms, {:.1} times",
            during / before
        );
    }
    let (none, each) = line(&restores);
    println!(
        "a restore takes {none:.1} s and {:.1} s for each GB more (restores of {})",
        each * 1000.0,
        restores
            .iter()
            .map(|(size, seconds)| format!("{size:.0} MB: {seconds:.1} s"))
            .collect::<Vec<_>>()
            .join(", ")
    );
}
