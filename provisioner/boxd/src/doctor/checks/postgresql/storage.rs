//! What is stored: dead rows, collation, wraparound, checksums.

use super::super::Found;
use onebox_model::thresholds::{BLOAT_ROWS, WRAPAROUND_CRITICAL, WRAPAROUND_WARNING};
use sqlx::Row as _;
use sqlx::postgres::PgConnection;

const BLOAT: &str = "SELECT relname::text AS name, n_dead_tup AS dead, n_live_tup AS live \
    FROM pg_stat_user_tables WHERE n_dead_tup >= $1 AND n_dead_tup * 2 >= n_live_tup \
    ORDER BY n_dead_tup DESC LIMIT 5";

const DATABASES: &str = "SELECT d.datname::text AS name, age(d.datfrozenxid)::bigint AS age, \
    d.datcollversion AS collation, pg_database_collation_actual_version(d.oid) AS actual, \
    coalesce(s.checksum_failures, 0) AS checksum_failures \
    FROM pg_database d LEFT JOIN pg_stat_database s ON s.datid = d.oid \
    WHERE d.datallowconn ORDER BY 1";

struct Database {
    name: String,
    age: i64,
    collation: Option<String>,
    actual: Option<String>,
    checksum_failures: i64,
}

pub(super) async fn look(connection: &mut PgConnection) -> Result<Vec<Found>, sqlx::Error> {
    let rows = sqlx::query(BLOAT)
        .bind(BLOAT_ROWS)
        .fetch_all(&mut *connection)
        .await?;
    let bloated = rows
        .iter()
        .map(|row| {
            Ok((
                row.try_get("name")?,
                row.try_get("dead")?,
                row.try_get("live")?,
            ))
        })
        .collect::<Result<Vec<(String, i64, i64)>, sqlx::Error>>()?;
    let mut found: Vec<Found> = bloat(&bloated).into_iter().collect();
    let rows = sqlx::query(DATABASES).fetch_all(connection).await?;
    for row in rows {
        found.extend(judge(&Database {
            name: row.try_get("name")?,
            age: row.try_get("age")?,
            collation: row.try_get("collation")?,
            actual: row.try_get("actual")?,
            checksum_failures: row.try_get("checksum_failures")?,
        }));
    }
    Ok(found)
}

fn bloat(tables: &[(String, i64, i64)]) -> Option<Found> {
    let (first, ..) = tables.first()?;
    Some(
        Found::warning(
            "bloat",
            format!("{} tables have many dead rows that are not cleared away", tables.len()),
        )
        .evidence(
            tables
                .iter()
                .map(|(name, dead, live)| format!("{name}: {dead} dead, {live} living")),
        )
        .consequence("queries read past them, and the disk fills")
        .fix("clear them away; if they come back, a transaction stays open too long", &[
            &format!("boxctl psql --superuser -- -c 'VACUUM (ANALYZE, VERBOSE) {first}'"),
            "boxctl psql --superuser -- -c 'SELECT pid, xact_start, state FROM pg_stat_activity ORDER BY xact_start LIMIT 5'",
        ]),
    )
}

fn judge(database: &Database) -> Vec<Found> {
    let name = &database.name;
    let mut found = Vec::new();
    if database.checksum_failures > 0 {
        found.push(
            Found::critical(
                "data-corrupted",
                format!(
                    "{} pages of {name} do not have the checksum they were written with",
                    database.checksum_failures
                ),
            )
            .consequence("the disk has changed data; rows on these pages cannot be read")
            .fix(
                "make a copy of everything at once, then restore from before the damage",
                &[
                    "boxctl logs postgresql --since -24h",
                    "journalctl -k -b -p err",
                ],
            ),
        );
    }
    if database.age >= WRAPAROUND_WARNING {
        let summary = format!(
            "the oldest row of {name} was frozen {} transactions ago",
            database.age
        );
        let one = if database.age >= WRAPAROUND_CRITICAL {
            Found::critical("wraparound", summary)
        } else {
            Found::warning("wraparound", summary)
        };
        found.push(
            one.evidence(["vacuum should have frozen it at 200 million".to_owned()])
                .consequence("at about 2 billion PostgreSQL takes no more writes")
                .fix(
                    "freeze it now; a transaction that never ends may be in the way",
                    &[&format!(
                        "boxctl psql --superuser -- --dbname={name} -c 'VACUUM (FREEZE, VERBOSE)'"
                    )],
                ),
        );
    }
    if database.collation.is_some() && database.collation != database.actual {
        let version =
            |version: &Option<String>| version.clone().unwrap_or_else(|| "none".to_owned());
        found.push(
            Found::critical(
                "collation-changed",
                format!("{name} was sorted by another version of the collation than is installed"),
            )
            .evidence([format!(
                "sorted by {}, installed is {}",
                version(&database.collation),
                version(&database.actual)
            )])
            .consequence("indexes of texts may be in the wrong order: rows are not found, or are there twice")
            .fix("make the indexes anew, then take note of the version", &[
                &format!("boxctl psql --superuser -- --dbname={name} -c 'REINDEX DATABASE {name}'"),
                &format!("boxctl psql --superuser -- --dbname={name} -c 'ALTER DATABASE {name} REFRESH COLLATION VERSION'"),
            ]),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use onebox_api::doctor::State;

    fn database() -> Database {
        Database {
            name: "wizamart".to_owned(),
            age: 1000,
            collation: Some("1".to_owned()),
            actual: Some("1".to_owned()),
            checksum_failures: 0,
        }
    }

    fn problems(database: &Database) -> Vec<(String, State)> {
        let found = judge(database).into_iter().map(|one| one.finding);
        found.map(|one| (one.problem.unwrap(), one.state)).collect()
    }

    #[test]
    fn a_database_is_judged_by_what_threatens_it() {
        assert!(problems(&database()).is_empty());
        // Sorted by code point: there is no version, and nothing can change.
        let none = Database {
            collation: None,
            actual: None,
            ..database()
        };
        assert!(problems(&none).is_empty());
        let changed = Database {
            actual: Some("2".to_owned()),
            ..database()
        };
        assert_eq!(
            problems(&changed),
            [("collation-changed".to_owned(), State::Critical)]
        );
        let old = Database {
            age: WRAPAROUND_WARNING,
            ..database()
        };
        assert_eq!(problems(&old), [("wraparound".to_owned(), State::Warning)]);
        let older = Database {
            age: WRAPAROUND_CRITICAL,
            checksum_failures: 1,
            ..database()
        };
        assert_eq!(
            problems(&older),
            [
                ("data-corrupted".to_owned(), State::Critical),
                ("wraparound".to_owned(), State::Critical)
            ]
        );
    }

    #[test]
    fn tables_with_dead_rows_are_named() {
        assert!(bloat(&[]).is_none());
        let found = bloat(&[("jobs".to_owned(), 70_000, 10)]).unwrap().finding;
        assert_eq!(found.evidence, ["jobs: 70000 dead, 10 living"]);
        assert!(found.fix.unwrap().commands[0].ends_with("VACUUM (ANALYZE, VERBOSE) jobs'"));
    }
}
