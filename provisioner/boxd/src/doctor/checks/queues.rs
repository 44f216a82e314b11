//! Jobs: those that wait too long, were given up, or lost their worker.

use super::{Doctor, Found, Remedy, or_ok};
use crate::acme;
use crate::systemd::Units;
use onebox_model::queues;
use onebox_model::thresholds::QUEUE_AGE_SECONDS;
use onebox_model::units::worker;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Row as _};
use std::time::Duration;

/// A database that does not answer within this does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

const QUEUES: &str = "SELECT q.name, \
    count(j.id) FILTER (WHERE j.state = 'queued' AND j.run_at <= now()) AS due, \
    floor(extract(epoch FROM now() - min(j.run_at) FILTER (WHERE j.state = 'queued' AND j.run_at <= now())))::bigint AS oldest, \
    count(j.id) FILTER (WHERE j.state = 'running' AND j.lease_until < now() - interval '1 minute') AS lost, \
    EXISTS (SELECT 1 FROM queue_pauses p WHERE p.queue = q.name) AS paused \
    FROM unnest($1::text[]) AS q(name) LEFT JOIN jobs j ON j.queue = q.name AND j.state IN ('queued', 'running') \
    GROUP BY q.name";

const DEAD: &str = "SELECT kind, count(*) AS count, max(left(last_error, 200)) AS said \
    FROM jobs WHERE state = 'dead' GROUP BY kind ORDER BY 2 DESC LIMIT 5";

struct Queue {
    name: String,
    due: i64,
    oldest: i64,
    lost: i64,
    paused: bool,
    worker_runs: bool,
}

struct Dead {
    kind: String,
    count: i64,
    said: String,
}

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    if acme::config_in_force(&doctor.disk).database.url.is_some() {
        return vec![Found::notice(
            "database-elsewhere",
            "the database is elsewhere (database.url); see the page of jobs",
        )];
    }
    let asked = ask(&doctor.database, &*doctor.systemd);
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok((queues, dead))) => {
            let due: i64 = queues.iter().map(|queue| queue.due).sum();
            or_ok(
                judge(&queues, &dead),
                format!("{due} jobs are due, none waits long"),
            )
        }
        Ok(Err(error)) => vec![Found::unknown(format!("PostgreSQL: {error}"))],
        Err(_) => vec![Found::unknown("PostgreSQL did not answer")],
    }
}

async fn ask(
    options: &PgConnectOptions,
    systemd: &dyn Units,
) -> Result<(Vec<Queue>, Vec<Dead>), sqlx::Error> {
    let options = options.clone().options([("statement_timeout", "5s")]);
    let mut connection = PgConnection::connect_with(&options).await?;
    let names: Vec<String> = queues::ALL.iter().map(ToString::to_string).collect();
    let rows = sqlx::query(QUEUES)
        .bind(names)
        .fetch_all(&mut connection)
        .await?;
    let mut all = Vec::new();
    for row in rows {
        let name: String = row.try_get("name")?;
        let unit = queues::ALL.into_iter().find(|queue| queue.as_str() == name);
        let runs = match unit {
            Some(queue) => systemd
                .state(&worker(queue))
                .await
                .is_ok_and(|unit| unit.is_active()),
            None => false,
        };
        all.push(Queue {
            due: row.try_get("due")?,
            oldest: row.try_get::<Option<i64>, _>("oldest")?.unwrap_or(0),
            lost: row.try_get("lost")?,
            paused: row.try_get("paused")?,
            worker_runs: runs,
            name,
        });
    }
    let mut dead = Vec::new();
    for row in sqlx::query(DEAD).fetch_all(&mut connection).await? {
        dead.push(Dead {
            kind: row.try_get("kind")?,
            count: row.try_get("count")?,
            said: row
                .try_get::<Option<String>, _>("said")?
                .unwrap_or_default(),
        });
    }
    connection.close().await?;
    Ok((all, dead))
}

fn judge(queues: &[Queue], dead: &[Dead]) -> Vec<Found> {
    let mut found: Vec<Found> = queues.iter().filter_map(stuck).collect();
    for queue in queues.iter().filter(|queue| queue.lost > 0) {
        found.push(
            Found::warning(
                "jobs-lost",
                format!(
                    "{} jobs of {} run on workers that are gone",
                    queue.lost, queue.name
                ),
            )
            .consequence("they are given to another worker once one looks; none does")
            .fix(
                "restart the worker, which takes them over",
                &[&format!("boxctl service restart worker/{}", queue.name)],
            ),
        );
    }
    if !dead.is_empty() {
        let count: i64 = dead.iter().map(|one| one.count).sum();
        found.push(
            Found::warning("jobs-dead", format!("{count} jobs were given up"))
                .evidence(
                    dead.iter()
                        .map(|one| format!("{} {}: {}", one.count, one.kind, one.said)),
                )
                .consequence("what they were to do is not done: mails not sent, imports not read")
                .fix(
                    "mend what the error says, then have them tried again, or remove them",
                    &[
                        "boxctl shell -- -c 'wizamart jobs list --state dead'",
                        "boxctl shell -- -c 'wizamart jobs retry ID'",
                    ],
                ),
        );
    }
    found
}

/// A queue whose jobs wait too long, and why.
fn stuck(queue: &Queue) -> Option<Found> {
    if queue.oldest < QUEUE_AGE_SECONDS {
        return None;
    }
    let name = &queue.name;
    let minutes = queue.oldest / 60;
    let one = Found::critical(
        "jobs-stuck",
        format!(
            "{} jobs of {name} are due, the oldest for {minutes} min",
            queue.due
        ),
    )
    .consequence(format!(
        "what the queue {name} is for comes late or not at all"
    ));
    Some(if queue.paused {
        one.evidence([format!("somebody paused the queue {name}")])
            .fix(
                "let it go on",
                &[&format!("boxctl shell -- -c 'wizamart jobs resume {name}'")],
            )
    } else if !queue.worker_runs {
        let unit = format!("wizamart-worker@{name}.service");
        one.evidence([format!("{unit} does not run")])
            .remedy(Remedy::Start(unit))
    } else {
        one.evidence([format!("the worker of {name} runs")]).fix(
            "see what it does; give it more places (workers.*.concurrency) if there is just too much",
            &[
                &format!("boxctl logs worker/{name} --since -10m"),
                &format!("boxctl service restart worker/{name}"),
            ],
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> Queue {
        Queue {
            name: "imports".to_owned(),
            due: 4,
            oldest: QUEUE_AGE_SECONDS,
            lost: 0,
            paused: false,
            worker_runs: true,
        }
    }

    #[test]
    fn a_queue_that_stands_still_is_told_with_why() {
        let fresh = Queue {
            oldest: 3,
            ..queue()
        };
        assert!(judge(&[fresh], &[]).is_empty());
        let busy = stuck(&queue()).unwrap();
        assert!(busy.remedy.is_none());
        assert!(busy.finding.summary.contains("the oldest for 5 min"));
        let alone = stuck(&Queue {
            worker_runs: false,
            ..queue()
        })
        .unwrap();
        let unit = "wizamart-worker@imports.service".to_owned();
        assert_eq!(alone.remedy, Some(Remedy::Start(unit)));
        let paused = stuck(&Queue {
            paused: true,
            worker_runs: false,
            ..queue()
        })
        .unwrap();
        assert!(paused.remedy.is_none(), "somebody wanted it so");
    }

    #[test]
    fn what_was_given_up_or_lost_is_told() {
        let lost = Queue {
            oldest: 0,
            lost: 2,
            ..queue()
        };
        let dead = Dead {
            kind: "mail".to_owned(),
            count: 3,
            said: "535 authentication failed".to_owned(),
        };
        let names: Vec<String> = judge(&[lost], &[dead])
            .into_iter()
            .filter_map(|one| one.finding.problem)
            .collect();
        assert_eq!(names, ["jobs-lost", "jobs-dead"]);
    }
}
