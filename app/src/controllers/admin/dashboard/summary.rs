//! The sums and plots of the dashboard. They are dear to make and the same for
//! everybody who looks at the same shop, so they are made at most once in a few
//! seconds.

use crate::domain::ids::VendorId;
use crate::domain::zone::Zone;
use crate::health::Readiness;
use crate::pages::price;
use crate::plot::{Marks, Plot, Series};
use crate::state::AppState;
use crate::storage::dashboard::{self, DayRow};
use crate::storage::jobs::{self, QueueStats};
use crate::storage::{StorageError, samples};
use onebox_model::queues;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use time::{Duration, OffsetDateTime, Time};
use tokio::sync::Mutex;

/// How old a summary may be.
const FRESH: Duration = Duration::seconds(10);
/// How far back sales are shown.
const SALES: Duration = Duration::days(30);
/// How far back what is measured each minute is shown.
const MEASURED: Duration = Duration::hours(24);

/// What is shown above the products.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Numbers in boxes: what they are, and the number.
    pub tiles: Vec<(&'static str, String)>,
    /// Drawings, as SVG.
    pub plots: Vec<String>,
    /// How the queues stand; for the platform only.
    pub queues: Vec<QueueStats>,
    /// What is wrong with the box; for the platform only.
    pub troubles: Vec<String>,
    /// Whether the whole platform is shown.
    pub is_platform: bool,
}

type Made = (OffsetDateTime, Arc<Summary>);

/// The summaries that were made lately.
#[derive(Clone, Debug, Default)]
pub struct Summaries(Arc<Mutex<HashMap<Option<VendorId>, Made>>>);

impl Summaries {
    /// The summary of a shop, or of the platform.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn get(
        &self,
        state: &AppState,
        vendor: Option<VendorId>,
    ) -> Result<Arc<Summary>, StorageError> {
        let now = state.clock.now();
        // Held while one is made: of many who ask at once, one makes it.
        let mut made = self.0.lock().await;
        made.retain(|_, (at, _)| now - *at < FRESH);
        if let Some((_, summary)) = made.get(&vendor) {
            return Ok(Arc::clone(summary));
        }
        let summary = Arc::new(match vendor {
            Some(vendor) => of_shop(state, vendor, now).await?,
            None => of_platform(state, now).await?,
        });
        made.insert(vendor, (now, Arc::clone(&summary)));
        Ok(summary)
    }
}

async fn of_shop(
    state: &AppState,
    vendor: VendorId,
    now: OffsetDateTime,
) -> Result<Summary, StorageError> {
    let zone = &state.services.zone;
    let days = dashboard::sales(&state.pool, Some(vendor), now - SALES, zone).await?;
    let waiting = dashboard::waiting(&state.pool, vendor).await?;
    let mut tiles = sales_tiles(&days, zone, now);
    tiles.push(("Orders to look after", waiting.to_string()));
    Ok(Summary {
        tiles,
        plots: sales_plots(&days, zone, now),
        queues: Vec::new(),
        troubles: Vec::new(),
        is_platform: false,
    })
}

async fn of_platform(state: &AppState, now: OffsetDateTime) -> Result<Summary, StorageError> {
    let zone = &state.services.zone;
    let days = dashboard::sales(&state.pool, None, now - SALES, zone).await?;
    let queues = jobs::stats(&state.pool, now).await?;
    let report = state.health.report().await;
    let mut tiles = sales_tiles(&days, zone, now);
    let oldest = queues.iter().filter_map(|queue| queue.oldest_due_at).min();
    let age = oldest.map_or(0, |at| (now - at).whole_seconds().max(0));
    tiles.push(("Oldest job waits", format!("{age} s")));
    let mut plots = sales_plots(&days, zone, now);
    plots.push(latency(state, now).await?);
    plots.push(queue_age(state, now).await?);
    let troubles = match report.status {
        Readiness::Ready => Vec::new(),
        Readiness::NotReady => report.failures(),
    };
    Ok(Summary {
        tiles,
        plots,
        queues,
        troubles,
        is_platform: true,
    })
}

/// The currency that most orders are in comes first.
fn by_currency(days: &[DayRow]) -> Vec<(&str, Vec<&DayRow>)> {
    let mut groups: BTreeMap<&str, Vec<&DayRow>> = BTreeMap::new();
    for day in days {
        groups.entry(&day.currency).or_default().push(day);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, days)| -days.iter().map(|day| day.orders).sum::<i64>());
    groups
}

fn sales_tiles(days: &[DayRow], zone: &Zone, now: OffsetDateTime) -> Vec<(&'static str, String)> {
    let today: Vec<&DayRow> = days
        .iter()
        .filter(|day| zone.at(day.day).date() == zone.at(now).date())
        .collect();
    let orders = |days: &[&DayRow]| days.iter().map(|day| day.orders).sum::<i64>();
    let revenue = |days: &[&DayRow]| {
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for day in days {
            let sum = sums.entry(&day.currency).or_default();
            *sum = sum.saturating_add(day.revenue);
        }
        let texts: Vec<String> = sums
            .iter()
            .map(|(currency, minor)| price(*minor, currency))
            .collect();
        if texts.is_empty() {
            "–".to_owned()
        } else {
            texts.join(", ")
        }
    };
    let all: Vec<&DayRow> = days.iter().collect();
    vec![
        ("Orders today", orders(&today).to_string()),
        ("Revenue today", revenue(&today)),
        ("Revenue in 30 days", revenue(&all)),
    ]
}

fn sales_plots(days: &[DayRow], zone: &Zone, now: OffsetDateTime) -> Vec<String> {
    // Whole days, today's included: a bar reaches from a day's beginning to its
    // end. The day the 30 began in is not whole and is left out.
    let midnight = zone.at(now).replace_time(Time::MIDNIGHT);
    let until = midnight + Duration::DAY - Duration::SECOND;
    let from = midnight + Duration::DAY - SALES;
    let end = |day: &DayRow| (day.day + Duration::DAY).min(until);
    // An hour less or more where clocks change.
    let is_whole = |day: &&DayRow| day.day > from - Duration::hours(12);
    let groups = by_currency(days);
    let plot = |title: &str, unit: String, series: Vec<Series>| {
        Plot {
            title: title.to_owned(),
            unit,
            zone: zone.clone(),
            from,
            until,
            marks: Marks::Bars,
            series,
        }
        .render()
    };
    let mut orders: BTreeMap<OffsetDateTime, f64> = BTreeMap::new();
    for day in days.iter().filter(is_whole) {
        *orders.entry(end(day)).or_default() += day.orders as f64;
    }
    let orders = vec![Series {
        name: "orders".to_owned(),
        points: orders.into_iter().collect(),
    }];
    // Amounts of different currencies do not go on one axis.
    let main = groups.into_iter().next();
    let unit = main
        .as_ref()
        .map_or_else(String::new, |(currency, _)| (*currency).to_owned());
    let revenue = main.map_or_else(Vec::new, |(currency, days)| {
        let exponent = currency
            .parse::<crate::domain::money::Currency>()
            .map_or(2, |currency| currency.exponent());
        let whole = 10_f64.powi(i32::try_from(exponent).unwrap_or(2));
        let points = days
            .into_iter()
            .filter(is_whole)
            .map(|day| (end(day), day.revenue as f64 / whole))
            .collect();
        vec![Series {
            name: "revenue".to_owned(),
            points,
        }]
    });
    vec![
        plot("Orders by day", "orders a day".to_owned(), orders),
        plot("Revenue by day", format!("{unit} a day"), revenue),
    ]
}

async fn latency(state: &AppState, now: OffsetDateTime) -> Result<String, StorageError> {
    let mut series = Vec::new();
    for (name, label) in [
        ("latency.p50", "half are faster"),
        ("latency.p99", "99 of 100 are faster"),
    ] {
        series.push(measured(state, name, label, now).await?);
    }
    Ok(over_a_day(
        state,
        ("Time to answer", "milliseconds"),
        series,
        now,
    ))
}

async fn queue_age(state: &AppState, now: OffsetDateTime) -> Result<String, StorageError> {
    let mut series = Vec::new();
    for queue in queues::ALL {
        let name = format!("queue.age:{queue}");
        series.push(measured(state, &name, queue.as_str(), now).await?);
    }
    Ok(over_a_day(
        state,
        ("Age of the oldest job", "seconds"),
        series,
        now,
    ))
}

async fn measured(
    state: &AppState,
    name: &str,
    label: &str,
    now: OffsetDateTime,
) -> Result<Series, StorageError> {
    let rows = samples::series(&state.pool, name, now - MEASURED).await?;
    Ok(Series {
        name: label.to_owned(),
        points: rows.iter().map(|row| (row.at, row.value)).collect(),
    })
}

fn over_a_day(
    state: &AppState,
    (title, unit): (&str, &str),
    series: Vec<Series>,
    now: OffsetDateTime,
) -> String {
    Plot {
        title: title.to_owned(),
        unit: unit.to_owned(),
        zone: state.services.zone.clone(),
        from: now - MEASURED,
        until: now,
        marks: Marks::Lines,
        series,
    }
    .render()
}
