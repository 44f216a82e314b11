//! Years of renewals with a clock that jumps from one run to the next, and
//! authorities that fail.

use crate::accounts::Ownership;
use crate::acme::authority::{Authority, Say, Suggested};
use crate::acme::error::{OrderError, Unproven};
use crate::acme::manager::Manager;
use crate::acme::order::{Issued, Wanted};
use crate::acme::schedule::Lifetime;
use crate::acme::testing::{Ca, directory};
use crate::acme::world::World;
use crate::disk::{Access, Disk};
use futures_util::future::BoxFuture;
use onebox_api::certificates::{Haste, Reason, Report, Source};
use onebox_model::{Config, paths};
use std::path::Path;
use std::sync::{Arc, Mutex};
use time::{Duration, OffsetDateTime};

const FIRST: &str = "https://first.example/dir";
const SECOND: &str = "https://second.example/dir";
/// The first of January 2027.
const START: i64 = 1_798_761_600;

/// What the simulated world is like.
struct Sim {
    now: Mutex<OffsetDateTime>,
    ca: Ca,
    lifetime: Duration,
    /// Whether authorities suggest when to renew.
    suggests: bool,
    /// Whether an authority's servers are down at a moment.
    down: fn(&str, OffsetDateTime) -> bool,
    /// Whether a name cannot be proven at a moment.
    broken: fn(&str, OffsetDateTime) -> bool,
    random: Mutex<u64>,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    orders: Vec<(OffsetDateTime, String)>,
    failed: Vec<(OffsetDateTime, String)>,
    issued: usize,
    suggestions: Vec<OffsetDateTime>,
}

struct SimAuthority {
    sim: Arc<Sim>,
    directory: &'static str,
}

struct SimWorld(Arc<Sim>);

impl Sim {
    fn now(&self) -> OffsetDateTime {
        *self.now.lock().unwrap()
    }

    /// A number in 0..1 that is the same in each run of the test.
    fn random(&self) -> f64 {
        let mut random = self.random.lock().unwrap();
        *random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(*random >> 32).unwrap()) / f64::from(u32::MAX)
    }
}

impl World for SimWorld {
    fn now(&self) -> OffsetDateTime {
        self.0.now()
    }

    fn random(&self) -> f64 {
        self.0.random()
    }

    fn hostname(&self) -> String {
        "onebox".to_owned()
    }

    fn authorities(&self, config: &Config) -> Result<Vec<Box<dyn Authority>>, String> {
        let directories = match config.acme.fallback.directory {
            Some(_) => vec![FIRST, SECOND],
            None => vec![FIRST],
        };
        Ok(directories
            .into_iter()
            .map(|directory| {
                Box::new(SimAuthority {
                    sim: Arc::clone(&self.0),
                    directory,
                }) as Box<dyn Authority>
            })
            .collect())
    }

    fn look<'a>(&'a self, _config: &'a Config, _names: &'a [String]) -> BoxFuture<'a, Report> {
        // Everything looks well: the authority is the one that finds out.
        Box::pin(async {
            Report {
                general: Vec::new(),
                names: Vec::new(),
            }
        })
    }

    fn reload(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }

    fn serves(&self, _within: std::time::Duration) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

impl Authority for SimAuthority {
    fn directory(&self) -> &str {
        self.directory
    }

    fn issue<'a>(
        &'a self,
        wanted: &'a Wanted,
        _say: Say<'a>,
    ) -> BoxFuture<'a, Result<Issued, OrderError>> {
        Box::pin(async move {
            let now = self.sim.now();
            let mut log = self.sim.log.lock().unwrap();
            log.orders.push((now, self.directory.to_owned()));
            if (self.sim.down)(self.directory, now) {
                return Err(OrderError::Unavailable {
                    problem: "down".to_owned(),
                    retry_after: Some(Duration::days(9999)),
                });
            }
            let failed: Vec<Unproven> = wanted
                .names
                .iter()
                .filter(|name| (self.sim.broken)(name, now))
                .map(|name| Unproven {
                    name: name.clone(),
                    problem: "cannot be reached".to_owned(),
                    counted: true,
                })
                .collect();
            if !failed.is_empty() {
                let of = failed.iter().map(|one| (now, one.name.clone()));
                log.failed.extend(of);
                return Err(OrderError::Unproven(failed));
            }
            log.issued += 1;
            let from = now - Duration::hours(1);
            let (chain, key) = self.sim.ca.issue(&wanted.names, from, self.sim.lifetime);
            Ok(Issued {
                chain,
                key,
                notes: Vec::new(),
            })
        })
    }

    fn suggestion<'a>(
        &'a self,
        chain: &'a str,
    ) -> BoxFuture<'a, Result<Option<Suggested>, OrderError>> {
        Box::pin(async move {
            let now = self.sim.now();
            self.sim.log.lock().unwrap().suggestions.push(now);
            if (self.sim.down)(self.directory, now) {
                return Err(OrderError::Unavailable {
                    problem: "down".to_owned(),
                    retry_after: None,
                });
            }
            let looked = crate::pair::look(Some(chain.as_bytes()), None);
            assert!(!matches!(looked, crate::pair::Pair::None));
            let end = not_after(chain);
            let lifetime = self.sim.lifetime;
            Ok(self.sim.suggests.then(|| Suggested {
                window: (end - lifetime / 3 - Duration::hours(12), end - lifetime / 3),
                explanation: None,
                retry_after: Duration::hours(6),
            }))
        })
    }

    fn revoke<'a>(
        &'a self,
        _chain: &'a str,
        _reason: Reason,
    ) -> BoxFuture<'a, Result<(), OrderError>> {
        Box::pin(async { Ok(()) })
    }
}

fn not_after(chain: &str) -> OffsetDateTime {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    let leaf = CertificateDer::from_pem_slice(chain.as_bytes()).unwrap();
    let (_, leaf) = x509_parser::parse_x509_certificate(&leaf).unwrap();
    leaf.validity().not_after.to_datetime()
}

fn never(_: &str, _: OffsetDateTime) -> bool {
    false
}

fn sim(lifetime: Duration) -> Sim {
    Sim {
        now: Mutex::new(OffsetDateTime::from_unix_timestamp(START).unwrap()),
        ca: Ca::new(),
        lifetime,
        suggests: true,
        down: never,
        broken: never,
        random: Mutex::new(7),
        log: Mutex::default(),
    }
}

fn config(domains: &[&str], fallback: bool) -> Config {
    let mut config = Config::default();
    config.web.domains = domains.iter().map(|name| (*name).to_owned()).collect();
    config.acme.terms_agreed = true;
    config.acme.directory = FIRST.to_owned();
    config.acme.fallback.directory = fallback.then(|| SECOND.to_owned());
    config
}

fn disk(root: &Path) -> Arc<Disk> {
    let disk = Disk::new(root, Ownership::Skip);
    for directory in [paths::STATE_DIR, paths::TLS_DIR] {
        disk.directory(directory, Access::root(0o755)).unwrap();
    }
    Arc::new(disk)
}

/// What is seen after each run.
struct Seen {
    now: OffsetDateTime,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    names: Vec<String>,
    source: Source,
    next: OffsetDateTime,
}

/// Runs for so many days, a new process each time, and between two runs that
/// are due now and then one that somebody asked for.
async fn live(sim: &Arc<Sim>, config: &Config, root: &Path, days: i64, mut see: impl FnMut(&Seen)) {
    let end = sim.now() + Duration::days(days);
    while sim.now() < end {
        let manager = Manager::new(disk(root), Arc::new(SimWorld(Arc::clone(sim))));
        let outcome = manager.run(config, Haste::Due, &|_| ()).await;
        let now = sim.now();
        let served = outcome.status.served.unwrap();
        see(&Seen {
            now,
            not_before: served.not_before,
            not_after: served.not_after,
            names: served.names,
            source: served.source,
            next: outcome.next,
        });
        assert!(outcome.next > now && outcome.next <= now + Duration::hours(12));
        let whole = outcome.next - now;
        let early = sim.random() < 0.2;
        let step = if early { whole * sim.random() } else { whole };
        *sim.now.lock().unwrap() = now + step.max(Duration::seconds(1));
    }
}

/// The limit of an authority: five failed validations of a name in an hour.
fn within_limits(log: &Log) {
    for (at, name) in &log.failed {
        let hour = log
            .failed
            .iter()
            .filter(|(other, of)| of == name && *other <= *at && *at - *other < Duration::hours(1));
        assert!(hour.count() <= 4, "{name} at {at}");
    }
}

/// Lives through `whole` days with certificates of `days` days.
async fn never_past_the_floor(days: i64, suggests: bool, whole: i64) {
    let root = directory();
    let mut sim = sim(Duration::days(days));
    sim.suggests = suggests;
    let sim = Arc::new(sim);
    let config = config(&["shop.example", "www.shop.example"], false);
    live(&sim, &config, root.path(), whole, |seen| {
        assert_eq!(seen.source, Source::Authority);
        let lifetime = Lifetime {
            not_before: seen.not_before,
            not_after: seen.not_after,
        };
        assert!(seen.now < lifetime.floor(), "{days} days, {}", seen.now);
        assert!(seen.next <= lifetime.floor(), "{days} days, {}", seen.now);
    })
    .await;
    let log = sim.log.lock().unwrap();
    assert_eq!(log.orders.len(), log.issued);
    let least = usize::try_from(whole / days).unwrap();
    let enough = (least..=least * 3 + 2).contains(&log.issued);
    assert!(enough, "{} issued", log.issued);
    // Twice a day at least.
    let asked = i64::try_from(log.suggestions.len()).unwrap();
    assert!(asked >= 2 * whole, "{asked} suggestions");
}

#[tokio::test]
async fn two_years_of_ninety_days_never_serve_past_the_last_moment_to_renew() {
    never_past_the_floor(90, true, 730).await;
}

#[tokio::test]
async fn two_years_of_six_days_never_serve_past_the_last_moment_to_renew() {
    never_past_the_floor(6, true, 730).await;
}

#[tokio::test]
async fn without_suggestions_the_dates_alone_keep_what_is_served_fresh() {
    never_past_the_floor(90, false, 200).await;
    never_past_the_floor(45, false, 100).await;
    never_past_the_floor(6, false, 60).await;
}

#[tokio::test]
async fn servers_that_are_down_for_a_day_every_week_cost_no_certificate() {
    let root = directory();
    let mut sim = sim(Duration::days(6));
    sim.down = |directory, now| directory == FIRST && now.unix_timestamp() / 86_400 % 7 < 1;
    let sim = Arc::new(sim);
    let config = config(&["shop.example"], false);
    let mut served = false;
    live(&sim, &config, root.path(), 120, |seen| {
        // The first day is one of those.
        served |= seen.source == Source::Authority;
        assert!(!served || seen.source == Source::Authority, "{}", seen.now);
        assert!(seen.now < seen.not_after, "{}", seen.now);
    })
    .await;
    assert!(served);
    let log = sim.log.lock().unwrap();
    // Retry-After was 9999 days each time: a day is what it comes to.
    assert!(log.orders.len() < 120 * 2, "{}", log.orders.len());
}

#[tokio::test]
async fn the_second_authority_carries_on_while_the_first_is_gone_for_months() {
    let root = directory();
    let mut sim = sim(Duration::days(6));
    sim.down = |directory, now| {
        let day = (now.unix_timestamp() - START) / 86_400;
        directory == FIRST && (100..250).contains(&day)
    };
    let sim = Arc::new(sim);
    let config = config(&["shop.example"], true);
    live(&sim, &config, root.path(), 365, |seen| {
        assert!(seen.source == Source::Authority && seen.now < seen.not_after);
    })
    .await;
    let log = sim.log.lock().unwrap();
    let day = |at: OffsetDateTime| (at.unix_timestamp() - START) / 86_400;
    let second: Vec<i64> = log
        .orders
        .iter()
        .filter(|(_, directory)| directory == SECOND)
        .map(|(at, _)| day(*at))
        .collect();
    assert!(second.len() > 30, "{second:?}");
    assert!(
        second.iter().all(|day| (100..=252).contains(day)),
        "{second:?}"
    );
    let (last, directory) = log.orders.last().unwrap();
    assert_eq!((day(*last) > 300, directory.as_str()), (true, FIRST));
}

#[tokio::test]
async fn a_name_that_fails_for_months_takes_none_down_and_is_back_within_a_day_or_two() {
    let root = directory();
    let mut sim = sim(Duration::days(90));
    sim.broken = |name, now| {
        let day = (now.unix_timestamp() - START) / 86_400;
        name == "b.example" && (50..200).contains(&day)
    };
    let sim = Arc::new(sim);
    let config = config(&["a.example", "b.example"], true);
    let mut without = 0;
    live(&sim, &config, root.path(), 300, |seen| {
        let day = (seen.now.unix_timestamp() - START) / 86_400;
        let has = |name: &str| seen.names.iter().any(|other| other == name);
        assert!(seen.source == Source::Authority && has("a.example"));
        let lifetime = Lifetime {
            not_before: seen.not_before,
            not_after: seen.not_after,
        };
        assert!(seen.now < lifetime.floor(), "{}", seen.now);
        if has("b.example") {
            assert!(!(70..200).contains(&day), "{day}");
        } else {
            without += 1;
            assert!((50..203).contains(&day), "{day}");
        }
    })
    .await;
    assert!(without > 0);
    let log = sim.log.lock().unwrap();
    within_limits(&log);
    assert!(log.failed.len() > 50, "{}", log.failed.len());
    // A name that cannot be proven is no reason to go elsewhere.
    assert!(log.orders.iter().all(|(_, directory)| directory == FIRST));
}

#[tokio::test]
async fn an_operator_who_forces_and_forces_stays_within_the_authoritys_limit() {
    let root = directory();
    let mut sim = sim(Duration::days(90));
    sim.broken = |name, _| name == "b.example";
    let sim = Arc::new(sim);
    let config = config(&["a.example", "b.example"], false);
    for _ in 0..300 {
        let manager = Manager::new(disk(root.path()), Arc::new(SimWorld(Arc::clone(&sim))));
        manager.run(&config, Haste::Anew, &|_| ()).await;
        let step = Duration::seconds_f64(sim.random() * 120.0);
        *sim.now.lock().unwrap() += step;
    }
    let log = sim.log.lock().unwrap();
    within_limits(&log);
    assert!(log.failed.len() >= 15, "{}", log.failed.len());
}

#[tokio::test]
async fn a_clock_that_was_decades_ahead_for_one_run_puts_nothing_off() {
    let root = directory();
    let mut sim = sim(Duration::days(90));
    sim.down = |_, now| now.year() > 2050;
    let sim = Arc::new(sim);
    let config = config(&["shop.example"], false);
    let right = sim.now();
    for at in [right + Duration::days(10_000), right] {
        *sim.now.lock().unwrap() = at;
        live(&sim, &config, root.path(), 2, |_| ()).await;
    }
    let manager = Manager::new(disk(root.path()), Arc::new(SimWorld(Arc::clone(&sim))));
    let served = manager.status(&config).served.unwrap();
    assert_eq!(served.source, Source::Authority);
}
