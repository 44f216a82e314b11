//! Stretches of the list of everything on sale: which products, in which
//! version, and what they say.

use super::products::PublicProduct;
use super::{Doing, StorageError};
use crate::domain::ids::ProductId;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgExecutor, Row};

/// A part of the list: what comes after a product, and at most how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// After which product.
    pub cursor: i64,
    /// At most how many.
    pub limit: i64,
}

/// One state of a product's row: no other state of that row has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Counted up by every change.
    pub revision: i32,
    /// Microseconds, as PostgreSQL counts them. A crash may take back a change
    /// that was seen but not answered yet, and with it its revision, which the
    /// next change has again; it does not have its time.
    pub changed: i64,
}

/// A product in the version it has in a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Which product.
    pub id: ProductId,
    /// Which version.
    pub version: Version,
}

/// A product on sale, as its row has it.
#[derive(Debug)]
pub struct Listed(PgRow);

impl Listed {
    /// What it says.
    ///
    /// # Errors
    /// When the row is not one of a product.
    pub fn product(&self) -> Result<PublicProduct<'_>, StorageError> {
        PublicProduct::from_row(&self.0).doing("read a product")
    }

    /// Which product it is, in which version.
    ///
    /// # Errors
    /// When the row is not one of a product.
    pub fn named(&self) -> Result<Named, StorageError> {
        let read = || {
            let (id, revision) = (self.0.try_get(0)?, self.0.try_get(9)?);
            let changed = self.0.try_get_unchecked(10)?;
            let version = Version { revision, changed };
            Ok(Named { id, version })
        };
        read().doing("read the version of a product")
    }
}

/// The products of stretches, each stretch at the place of its question.
///
/// # Errors
/// When the database fails.
pub async fn named(
    db: impl PgExecutor<'_>,
    asked: &[Stretch],
) -> Result<Vec<Vec<Named>>, StorageError> {
    let (cursors, limits) = columns(asked);
    let rows = sqlx::query(include_str!("sql/products/stretches_named.sql"))
        .bind(cursors)
        .bind(limits)
        .fetch_all(db)
        .await
        .doing("list products on sale")?;
    let mut answers: Vec<Vec<Named>> = asked.iter().map(|_| Vec::new()).collect();
    for row in rows {
        let (place, page) = names(&row).doing("read which products are on sale")?;
        if let Some(answer) = at(place, &mut answers) {
            *answer = page;
        }
    }
    Ok(answers)
}

fn names(row: &PgRow) -> Result<(i64, Vec<Named>), sqlx::Error> {
    // There are none in an empty stretch. Times are only compared, so they stay
    // numbers.
    let ids: Option<Vec<i64>> = row.try_get(1)?;
    let revisions: Option<Vec<i32>> = row.try_get(2)?;
    let changes: Option<Vec<i64>> = row.try_get_unchecked(3)?;
    let versions = revisions.into_iter().flatten();
    let versions = versions.zip(changes.into_iter().flatten());
    let mut page: Vec<Named> = ids
        .into_iter()
        .flatten()
        .zip(versions)
        .map(|(id, (revision, changed))| Named {
            id: ProductId(id),
            version: Version { revision, changed },
        })
        .collect();
    // They come as the index has them, which no clause of the statement promises.
    if !page.is_sorted_by_key(|named| named.id) {
        page.sort_by_key(|named| named.id);
    }
    Ok((row.try_get(0)?, page))
}

/// Those of these products that are on sale, in no order.
///
/// # Errors
/// When the database fails.
pub async fn listed(
    db: impl PgExecutor<'_>,
    ids: &[ProductId],
) -> Result<Vec<Listed>, StorageError> {
    let rows = sqlx::query(include_str!("sql/products/listed.sql"))
        .bind(ids)
        .fetch_all(db)
        .await
        .doing("look up products on sale")?;
    Ok(rows.into_iter().map(Listed).collect())
}

/// Stretches with all that their products say, each at the place of its
/// question.
///
/// # Errors
/// When the database fails.
pub async fn whole(
    db: impl PgExecutor<'_>,
    asked: &[Stretch],
) -> Result<Vec<Vec<Listed>>, StorageError> {
    let (cursors, limits) = columns(asked);
    let rows = sqlx::query(include_str!("sql/products/stretches_whole.sql"))
        .bind(cursors)
        .bind(limits)
        .fetch_all(db)
        .await
        .doing("list products on sale")?;
    let mut answers: Vec<Vec<Listed>> = asked.iter().map(|_| Vec::new()).collect();
    for row in rows {
        let place = row.try_get(11).doing("read which question is answered")?;
        if let Some(answer) = at(place, &mut answers) {
            answer.push(Listed(row));
        }
    }
    for answer in &mut answers {
        answer.sort_by_cached_key(|row| row.0.try_get::<i64, _>(0).unwrap_or(i64::MAX));
    }
    Ok(answers)
}

fn columns(asked: &[Stretch]) -> (Vec<i64>, Vec<i64>) {
    asked.iter().map(|one| (one.cursor, one.limit)).unzip()
}

/// Places are counted from one.
fn at<T>(place: i64, answers: &mut [T]) -> Option<&mut T> {
    let index = usize::try_from(place - 1).ok()?;
    answers.get_mut(index)
}
