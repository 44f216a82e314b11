//! What the sessions do: queries that run long, wait, or forgot to end.

use super::super::Found;
use onebox_model::thresholds::{IDLE_TRANSACTION_SECONDS, LOCK_SECONDS, QUERY_SECONDS};
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};

/// Sessions of clients with what they do; values in a query are left out, they
/// may be a customer's.
const SESSIONS: &str = r"
SELECT pid, usename::text AS role, coalesce(state, '') AS state,
       floor(extract(epoch FROM now() - query_start))::bigint AS query_seconds,
       floor(extract(epoch FROM now() - state_change))::bigint AS state_seconds,
       left(regexp_replace(regexp_replace(query, '''([^'']|'''')*''', '…', 'g'), '\s+', ' ', 'g'), 160) AS query,
       pg_blocking_pids(pid) AS blocked_by
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
ORDER BY query_start";

struct Session {
    pid: i32,
    role: String,
    state: String,
    query_seconds: i64,
    state_seconds: i64,
    query: String,
    blocked_by: Vec<i32>,
}

impl Session {
    fn of(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            pid: row.try_get("pid")?,
            role: row
                .try_get::<Option<String>, _>("role")?
                .unwrap_or_default(),
            state: row.try_get("state")?,
            query_seconds: row.try_get::<Option<i64>, _>("query_seconds")?.unwrap_or(0),
            state_seconds: row.try_get::<Option<i64>, _>("state_seconds")?.unwrap_or(0),
            query: row.try_get("query")?,
            blocked_by: row.try_get("blocked_by")?,
        })
    }

    fn shown(&self, seconds: i64) -> String {
        format!(
            "pid {} ({}), {seconds} s: {}",
            self.pid, self.role, self.query
        )
    }

    fn is_blocked(&self) -> bool {
        !self.blocked_by.is_empty()
    }
}

pub(super) async fn look(connection: &mut PgConnection) -> Result<Vec<Found>, sqlx::Error> {
    let rows = sqlx::query(SESSIONS).fetch_all(connection).await?;
    let sessions = rows
        .iter()
        .map(Session::of)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(judge(&sessions))
}

fn judge(sessions: &[Session]) -> Vec<Found> {
    let mut found = Vec::new();
    let slow: Vec<&Session> = sessions
        .iter()
        .filter(|one| {
            one.state == "active" && !one.is_blocked() && one.query_seconds >= QUERY_SECONDS
        })
        .collect();
    if let Some(first) = slow.first() {
        found.push(
            Found::warning(
                "slow-queries",
                format!(
                    "{} queries run for {QUERY_SECONDS} s and longer",
                    slow.len()
                ),
            )
            .evidence(slow.iter().take(5).map(|one| one.shown(one.query_seconds)))
            .consequence("they take processors, memory and connections from everything else")
            .fix(
                "see how it is executed; end it if it is not wanted",
                &[
                    &format!(
                        "boxctl psql --superuser -- -c 'SELECT pg_cancel_backend({})'",
                        first.pid
                    ),
                    "boxctl psql -- -c 'EXPLAIN …'",
                ],
            ),
        );
    }
    let blocked: Vec<&Session> = sessions
        .iter()
        .filter(|one| one.is_blocked() && one.query_seconds >= LOCK_SECONDS)
        .collect();
    if let Some(first) = blocked.first() {
        let holder = first.blocked_by.first().copied().unwrap_or_default();
        let holding = sessions.iter().find(|one| one.pid == holder);
        found.push(
            Found::warning(
                "blocked-queries",
                format!("{} sessions wait for locks of others", blocked.len()),
            )
            .evidence(blocked.iter().take(5).map(|one| {
                format!(
                    "{}, waits for {:?}",
                    one.shown(one.query_seconds),
                    one.blocked_by
                )
            }))
            .evidence(
                holding
                    .map(|one| format!("held by {} ({})", one.shown(one.state_seconds), one.state)),
            )
            .consequence(
                "who waits holds connections and locks too; the shop may come to a standstill",
            )
            .fix(
                "end the session that holds the lock",
                &[&format!(
                    "boxctl psql --superuser -- -c 'SELECT pg_terminate_backend({holder})'"
                )],
            ),
        );
    }
    let idle: Vec<&Session> = sessions
        .iter()
        .filter(|one| {
            one.state.starts_with("idle in transaction")
                && one.state_seconds >= IDLE_TRANSACTION_SECONDS
        })
        .collect();
    if let Some(first) = idle.first() {
        found.push(
            Found::warning(
                "idle-transactions",
                format!("{} transactions are open and do nothing", idle.len()),
            )
            .evidence(idle.iter().take(5).map(|one| one.shown(one.state_seconds)))
            .consequence("they keep their locks, and dead rows cannot be cleared away; PostgreSQL ends them after 5 min")
            .fix("end it if nobody knows what it is for", &[
                &format!("boxctl psql --superuser -- -c 'SELECT pg_terminate_backend({})'", first.pid),
            ]),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(pid: i32, state: &str, seconds: i64, blocked_by: &[i32]) -> Session {
        Session {
            pid,
            role: "wizamart".to_owned(),
            state: state.to_owned(),
            query_seconds: seconds,
            state_seconds: seconds,
            query: "UPDATE products SET …".to_owned(),
            blocked_by: blocked_by.to_vec(),
        }
    }

    #[test]
    fn what_hangs_is_told_by_how_it_hangs() {
        assert!(judge(&[session(1, "active", 1, &[]), session(2, "idle", 9999, &[])]).is_empty());
        let found = judge(&[
            session(1, "active", 20, &[]),
            session(2, "active", 20, &[3]),
            session(3, "idle in transaction", 70, &[]),
        ]);
        let names: Vec<_> = found
            .iter()
            .filter_map(|one| one.finding.problem.as_deref())
            .collect();
        assert_eq!(
            names,
            ["slow-queries", "blocked-queries", "idle-transactions"]
        );
        let fix = found[1].finding.fix.as_ref().unwrap();
        assert!(fix.commands[0].contains("pg_terminate_backend(3)"));
        assert!(found[1].finding.evidence[1].starts_with("held by pid 3"));
    }
}
