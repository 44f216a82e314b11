//! Pictures of products, as pages show them. They come from this site, whichever
//! store has them: the content security policy names no other place.

use crate::domain::ids::ProductId;
use crate::files::key::Key;
use crate::files::thumbnail::{SIZES, Sides};
use crate::files::{FileError, Files};
use crate::storage::product_images::ImageRow;
use std::collections::BTreeMap;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Addresses of the back office change that often, so that a browser keeps its
/// copies in between; each is good for twice as long.
const SPELL: Duration = Duration::minutes(15);

/// A picture whose small versions are made.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The version for lists.
    pub small: String,
    /// The version for a page of its own.
    pub large: String,
    /// What it shows, for those who cannot see it; empty when nobody has said.
    pub alt: String,
    /// Of the version for lists, in pixels.
    pub small_sides: Sides,
    /// Of the version for a page of its own, in pixels.
    pub large_sides: Sides,
}

impl Picture {
    /// Longest side of the small version, in pixels.
    pub const SMALL: u32 = SIZES[0];
    /// Longest side of the large version, in pixels.
    pub const LARGE: u32 = SIZES[1];

    /// For everybody: addresses that do not change and caches may keep.
    /// `None` until a job has made the small versions.
    #[must_use]
    pub fn public(row: &ImageRow) -> Option<Self> {
        Self::at(row, |key| Ok(format!("/uploads/{key}")))
            .ok()
            .flatten()
    }

    /// For who is logged in: addresses with a signature, which also open the
    /// picture of a product that is not on sale.
    ///
    /// # Errors
    /// When nothing can be signed.
    pub fn signed(
        row: &ImageRow,
        files: &Files,
        now: OffsetDateTime,
    ) -> Result<Option<Self>, FileError> {
        let spell = SPELL.whole_seconds();
        let start = now.unix_timestamp().div_euclid(spell) * spell;
        let into = Duration::seconds(now.unix_timestamp() - start);
        let until = now - into + SPELL * 2;
        Self::at(row, |key| files.signer().sign(key, until))
    }

    fn at(
        row: &ImageRow,
        address: impl Fn(&Key) -> Result<String, FileError>,
    ) -> Result<Option<Self>, FileError> {
        let small = row.thumbnails.get(&Self::SMALL);
        let large = row.thumbnails.get(&Self::LARGE);
        let (Some(small), Some(large)) = (small, large) else {
            return Ok(None);
        };
        Ok(Some(Self {
            small: address(&small.key)?,
            large: address(&large.key)?,
            alt: row.alt.clone(),
            small_sides: sides(row, Self::SMALL),
            large_sides: sides(row, Self::LARGE),
        }))
    }
}

/// How large a version is. One of an earlier release says no more than its
/// longest side.
fn sides(row: &ImageRow, size: u32) -> Sides {
    let square = Sides {
        width: size,
        height: size,
    };
    row.sides.map_or(square, |sides| sides.within(size))
}

/// The pictures of the back office's list, by their products.
///
/// # Errors
/// When nothing can be signed.
pub fn signed_by_product(
    rows: &[ImageRow],
    files: &Files,
    now: OffsetDateTime,
) -> Result<BTreeMap<ProductId, Picture>, FileError> {
    let mut pictures = BTreeMap::new();
    for row in rows {
        if let Some(picture) = Picture::signed(row, files, now)? {
            pictures.insert(row.product_id, picture);
        }
    }
    Ok(pictures)
}

/// A picture at a product, small versions or not.
#[derive(Clone, Debug)]
pub struct Attached {
    /// Its upload.
    pub upload: Uuid,
    /// What it shows.
    pub alt: String,
    /// How it is shown; `None` until a job has made the small versions.
    pub picture: Option<Picture>,
}

impl Attached {
    /// For who is logged in.
    ///
    /// # Errors
    /// When nothing can be signed.
    pub fn signed(row: &ImageRow, files: &Files, now: OffsetDateTime) -> Result<Self, FileError> {
        Ok(Self {
            upload: row.upload_id,
            alt: row.alt.clone(),
            picture: Picture::signed(row, files, now)?,
        })
    }
}
