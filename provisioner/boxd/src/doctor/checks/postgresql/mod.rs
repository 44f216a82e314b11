//! PostgreSQL, asked as its superuser.

mod sessions;
mod storage;

use super::journal::lines;
use super::{Doctor, Found, Remedy, or_ok};
use crate::acme;
use onebox_model::{thresholds, units};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Row as _};
use std::time::Duration;

/// A database that does not answer within this does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What PostgreSQL writes into its log for a statement of a second and more
/// (`log_min_duration_statement`).
const SLOW: &str = "duration: ";

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    if acme::config_in_force(&doctor.disk).database.url.is_some() {
        return vec![Found::notice(
            "database-elsewhere",
            "the database is elsewhere (database.url) and not looked into",
        )];
    }
    let mut found = match tokio::time::timeout(PATIENCE, ask(&doctor.database)).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => return vec![down(&error.to_string())],
        Err(_) => {
            let seconds = PATIENCE.as_secs();
            return vec![down(&format!("no answer within {seconds} s"))];
        }
    };
    let logged = [
        "--unit=postgresql.service",
        "--since=-1h",
        "--grep=duration: ",
        "--output=cat",
        "--lines=500",
        "--no-pager",
        "--quiet",
    ];
    if let Ok(text) = doctor.programs.run("journalctl", &logged).await {
        found.extend(slow_statements(&lines(&text)));
    }
    or_ok(
        found,
        "it answers; connections, queries, locks, tables and checksums are well",
    )
}

fn down(why: &str) -> Found {
    if why.contains("too many clients") || why.contains("remaining connection slots") {
        return exhausted(why);
    }
    Found::critical("database-down", "PostgreSQL does not answer")
        .evidence([why])
        .consequence("nothing works that needs data, which is almost everything")
        .remedy(Remedy::Start(units::POSTGRESQL.to_owned()))
        .fix(
            "start it; its last lines say why it ended",
            &["boxctl logs postgresql --since -10m", "df -h /var"],
        )
}

fn exhausted(why: &str) -> Found {
    Found::critical("connections-exhausted", "PostgreSQL takes no more connections")
        .evidence([why])
        .consequence("pages and jobs fail as soon as they need data")
        .fix("see who holds them, and end what hangs", &[
            "boxctl psql --superuser -- -c 'SELECT pid, usename, state, now() - state_change AS since, left(query, 60) FROM pg_stat_activity ORDER BY 4 DESC'",
        ])
}

async fn ask(options: &PgConnectOptions) -> Result<Vec<Found>, sqlx::Error> {
    let options = options.clone().options([("statement_timeout", "5s")]);
    let mut connection = PgConnection::connect_with(&options).await?;
    let mut found = connections(&mut connection).await?;
    found.extend(sessions::look(&mut connection).await?);
    found.extend(storage::look(&mut connection).await?);
    connection.close().await?;
    Ok(found)
}

async fn connections(connection: &mut PgConnection) -> Result<Vec<Found>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT count(*) AS used, current_setting('max_connections')::bigint AS most, \
         string_agg(DISTINCT coalesce(nullif(application_name, ''), usename), ', ') AS whose \
         FROM pg_stat_activity WHERE backend_type = 'client backend'",
    )
    .fetch_one(connection)
    .await?;
    let (used, most): (i64, i64) = (row.try_get("used")?, row.try_get("most")?);
    let whose: Option<String> = row.try_get("whose")?;
    if used * 100 < most * thresholds::CONNECTIONS_PERCENT {
        return Ok(Vec::new());
    }
    let one = Found::warning("connections-scarce", format!("{used} of {most} connections are taken"))
        .evidence(whose.map(|whose| format!("by {whose}")))
        .consequence("once all are, pages and jobs fail as soon as they need data")
        .fix("see who holds them, and end what hangs", &[
            "boxctl psql --superuser -- -c 'SELECT application_name, state, count(*) FROM pg_stat_activity GROUP BY 1, 2 ORDER BY 3 DESC'",
        ]);
    Ok(vec![one])
}

/// Statements that were slow in the last hour.
fn slow_statements(lines: &[String]) -> Option<Found> {
    let mut slow: Vec<(f64, &String)> = lines
        .iter()
        .filter_map(|line| {
            let (_, rest) = line.split_once(SLOW)?;
            let ms = rest.split(' ').next()?.parse().ok()?;
            Some((ms, line))
        })
        .collect();
    if slow.len() < thresholds::SLOW_STATEMENTS_PER_HOUR {
        return None;
    }
    slow.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let count = slow.len();
    let shown = slow.into_iter().take(4).map(|(_, line)| line.clone());
    Some(
        Found::warning(
            "slow-queries",
            format!("{count} statements took a second or more in the last hour"),
        )
        .evidence(shown)
        .consequence("pages and jobs that use them wait as long")
        .fix(
            "look how they are executed; an index may be missing, or statistics",
            &[
                "boxctl logs postgresql --since -1h",
                "boxctl psql -- -c 'EXPLAIN (ANALYZE, BUFFERS) SELECT …'",
            ],
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_without_room_for_one_more_is_not_called_dead() {
        let name = |why: &str| down(why).finding.problem.unwrap();
        assert_eq!(
            name("FATAL: sorry, too many clients already"),
            "connections-exhausted"
        );
        assert_eq!(name("No such file or directory"), "database-down");
    }

    #[test]
    fn many_slow_statements_are_told_the_slowest_first() {
        let line = |ms: usize| {
            format!("wizamart@wizamart LOG:  duration: {ms}.5 ms  execute x: SELECT {ms}")
        };
        let few: Vec<String> = (1000..1003).map(line).collect();
        assert!(slow_statements(&few).is_none());
        let many: Vec<String> = (1000..1020).map(line).collect();
        let found = slow_statements(&many).unwrap().finding;
        assert!(
            found.summary.starts_with("20 statements"),
            "{}",
            found.summary
        );
        assert!(
            found.evidence[0].contains("1019.5 ms"),
            "{:?}",
            found.evidence
        );
    }
}
