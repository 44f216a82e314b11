//! The tables of feature flags. Whoever asks whether something is on asks
//! [`crate::flags`], which remembers.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgExecutor};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// Where a flag's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Level {
    /// For everybody.
    Default,
    /// For vendors of a plan.
    Plan,
    /// For one vendor.
    Vendor,
}

/// How a flag stands for a vendor.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize, Deserialize, ToSchema)]
#[schema(as = Flag)]
pub struct FlagRow {
    /// Its name in code.
    pub name: String,
    /// What it switches.
    pub description: String,
    /// Whether it is on.
    pub enabled: bool,
    /// Who says so.
    pub level: Level,
}

/// A flag, and what holds for everybody.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct DefaultRow {
    pub name: String,
    pub description: String,
    pub enabled: bool,
}

/// What a plan says of a flag.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct PlanFlagRow {
    pub flag_name: String,
    pub plan_code: String,
    pub enabled: bool,
}

/// What is said of a flag for one vendor.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct VendorFlagRow {
    pub flag_name: String,
    pub vendor_id: VendorId,
    pub vendor_name: String,
    pub enabled: bool,
}

/// Every flag with its default.
///
/// # Errors
/// When the database fails.
pub async fn defaults(db: impl PgExecutor<'_>) -> Result<Vec<DefaultRow>, StorageError> {
    sqlx::query_as(include_str!("sql/feature_flags/list.sql"))
        .fetch_all(db)
        .await
        .doing("list feature flags")
}

/// All that plans say.
///
/// # Errors
/// When the database fails.
pub async fn of_plans(db: impl PgExecutor<'_>) -> Result<Vec<PlanFlagRow>, StorageError> {
    sqlx::query_as(include_str!("sql/plan_flags/list.sql"))
        .fetch_all(db)
        .await
        .doing("list the flags of plans")
}

/// What is said of single vendors, of all of them, for administrators.
///
/// # Errors
/// When the database fails.
pub async fn of_vendors(
    db: impl PgExecutor<'_>,
    limit: i64,
) -> Result<Vec<VendorFlagRow>, StorageError> {
    sqlx::query_as(include_str!("sql/vendor_flags/list.sql"))
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("list the flags of vendors")
}

/// All flags as they stand for a vendor.
///
/// # Errors
/// When the database fails.
pub async fn resolved(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
) -> Result<Vec<FlagRow>, StorageError> {
    sqlx::query_as(include_str!("sql/feature_flags/resolved.sql"))
        .bind(vendor)
        .fetch_all(db)
        .await
        .doing("read feature flags")
}

/// Sets a flag's default; makes the flag if it is new.
///
/// # Errors
/// When the database fails.
pub async fn set_default(
    db: impl PgExecutor<'_>,
    name: &str,
    enabled: bool,
    description: Option<&str>,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/feature_flags/set.sql"))
        .bind(name)
        .bind(enabled)
        .bind(description)
        .bind(now)
        .execute(db)
        .await
        .doing("set a flag")?;
    Ok(())
}

/// Sets what a plan says of a flag, or has it say nothing. An unknown flag
/// breaks `plan_flags_flag_name_fkey`, an unknown plan
/// `plan_flags_plan_code_fkey`.
///
/// # Errors
/// When the database fails.
pub async fn set_for_plan(
    db: impl PgExecutor<'_>,
    name: &str,
    plan: &str,
    enabled: Option<bool>,
) -> Result<(), StorageError> {
    let query = match enabled {
        Some(_) => sqlx::query(include_str!("sql/plan_flags/set.sql")),
        None => sqlx::query(include_str!("sql/plan_flags/delete.sql")),
    };
    let query = query.bind(name).bind(plan);
    match enabled {
        Some(enabled) => query.bind(enabled),
        None => query,
    }
    .execute(db)
    .await
    .doing("set a plan's flag")?;
    Ok(())
}

/// Sets what is said of one vendor, or has nothing said. An unknown flag
/// breaks `vendor_flags_flag_name_fkey`, an unknown vendor
/// `vendor_flags_vendor_id_fkey`.
///
/// # Errors
/// When the database fails.
pub async fn set_for_vendor(
    db: impl PgExecutor<'_>,
    name: &str,
    vendor: VendorId,
    enabled: Option<bool>,
) -> Result<(), StorageError> {
    let query = match enabled {
        Some(_) => sqlx::query(include_str!("sql/vendor_flags/set.sql")),
        None => sqlx::query(include_str!("sql/vendor_flags/delete.sql")),
    };
    let query = query.bind(name).bind(vendor);
    match enabled {
        Some(enabled) => query.bind(enabled),
        None => query,
    }
    .execute(db)
    .await
    .doing("set a vendor's flag")?;
    Ok(())
}
