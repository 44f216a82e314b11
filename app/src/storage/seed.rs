//! Made-up rows, for demonstrations and for load. Made by the database itself,
//! which is fastest, and from hashes of their numbers, so that the same seed
//! makes the same rows.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;

/// Words that names are made of.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Words {
    pub shop_first: &'static [&'static str],
    pub shop_second: &'static [&'static str],
    pub adjectives: &'static [&'static str],
    pub materials: &'static [&'static str],
    pub things: &'static [&'static str],
    pub first_names: &'static [&'static str],
    pub last_names: &'static [&'static str],
    /// Hours of the day, the busy ones more than once.
    pub hours: &'static [i32],
}

/// How many rows, and which.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Amount {
    pub vendors: i32,
    /// For each vendor.
    pub products: i32,
    /// For each vendor.
    pub customers: i32,
    pub orders: i64,
    pub seed: i64,
    pub now: OffsetDateTime,
}

/// Orders made by one statement.
const SLICE: i64 = 20_000;

/// Whether the platform has vendors or products already.
///
/// # Errors
/// When the database fails.
pub async fn occupied(db: impl PgExecutor<'_>) -> Result<bool, StorageError> {
    sqlx::query_scalar(include_str!("sql/seed/occupied.sql"))
        .fetch_one(db)
        .await
        .doing("look whether the platform is empty")
}

/// Makes shops with everything in them; their owners have the password of
/// this hash.
///
/// # Errors
/// When the database fails.
pub async fn demo(
    connection: &mut PgConnection,
    words: &Words,
    amount: &Amount,
    password_hash: &str,
) -> Result<(), StorageError> {
    const DOING: &str = "make up rows";
    let Amount { seed, now, .. } = *amount;
    let vendors: Vec<VendorId> = sqlx::query_scalar(include_str!("sql/seed/vendors.sql"))
        .bind(amount.vendors)
        .bind(words.shop_first)
        .bind(words.shop_second)
        .bind(now)
        .fetch_all(&mut *connection)
        .await
        .doing(DOING)?;
    let vendors: Vec<i64> = vendors.into_iter().map(|vendor| vendor.0).collect();
    sqlx::query(include_str!("sql/seed/subscriptions.sql"))
        .bind(&vendors)
        .bind(now)
        .execute(&mut *connection)
        .await
        .doing(DOING)?;
    sqlx::query(include_str!("sql/seed/owners.sql"))
        .bind(&vendors)
        .bind(password_hash)
        .bind(now)
        .execute(&mut *connection)
        .await
        .doing(DOING)?;
    sqlx::query(include_str!("sql/seed/products.sql"))
        .bind(&vendors)
        .bind(amount.products)
        .bind(seed)
        .bind(words.adjectives)
        .bind(words.materials)
        .bind(words.things)
        .bind(now)
        .execute(&mut *connection)
        .await
        .doing(DOING)?;
    sqlx::query(include_str!("sql/seed/customers.sql"))
        .bind(&vendors)
        .bind(amount.customers)
        .bind(seed)
        .bind(words.first_names)
        .bind(words.last_names)
        .bind(now)
        .execute(&mut *connection)
        .await
        .doing(DOING)?;
    // So that the orders' joins are planned for what is there now.
    analyze(connection, SHOPS).await?;
    let mut first = 1;
    while first <= amount.orders {
        let last = (first + SLICE - 1).min(amount.orders);
        sqlx::query(include_str!("sql/seed/orders.sql"))
            .bind(&vendors)
            .bind(amount.products)
            .bind(seed)
            .bind(first)
            .bind(last)
            .bind(words.hours)
            .bind(now)
            .bind(amount.customers)
            .execute(&mut *connection)
            .await
            .doing(DOING)?;
        first = last + 1;
    }
    for sql in [
        include_str!("sql/seed/invoices.sql"),
        include_str!("sql/seed/counters.sql"),
        include_str!("sql/seed/credit_notes.sql"),
        include_str!("sql/seed/credit_note_counters.sql"),
    ] {
        sqlx::query(sql)
            .bind(&vendors)
            .execute(&mut *connection)
            .await
            .doing(DOING)?;
    }
    analyze(connection, ORDERS).await
}

const SHOPS: &str = "ANALYZE vendors, users, products, customers";
const ORDERS: &str = "ANALYZE orders, order_items, invoices";
const PEERS: &str = "ANALYZE vendors, users, products";

/// Makes the rows that the platform's peer is measured on.
///
/// # Errors
/// When the database fails, or the rows are there.
pub async fn peer(
    connection: &mut PgConnection,
    words: &[&str],
    password_hash: &str,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    const DOING: &str = "make the rows of the peer";
    sqlx::query(include_str!("sql/seed/peer_vendors.sql"))
        .bind(now)
        .execute(&mut *connection)
        .await
        .doing(DOING)?;
    sqlx::query(include_str!("sql/seed/peer_users.sql"))
        .bind(password_hash)
        .bind(now)
        .execute(&mut *connection)
        .await
        .doing(DOING)?;
    sqlx::query(include_str!("sql/seed/peer_products.sql"))
        .bind(words)
        .bind(now)
        .execute(&mut *connection)
        .await
        .doing(DOING)?;
    sqlx::query(include_str!("sql/seed/restart.sql"))
        .execute(&mut *connection)
        .await
        .doing(DOING)?;
    analyze(connection, PEERS).await
}

/// Has the planner look at tables that were just filled. One that is empty must
/// be left alone: where PostgreSQL knows that a table is empty it plans to read
/// it whole, and checks of references to it go on doing so while it grows.
async fn analyze(connection: &mut PgConnection, tables: &'static str) -> Result<(), StorageError> {
    sqlx::raw_sql(tables)
        .execute(connection)
        .await
        .doing("have the planner look at the new rows")
        .map(drop)
}
