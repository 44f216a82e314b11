//! Small versions of pictures. Pictures come from strangers: what they may
//! cost is limited before they are decoded, and what they tell beside the
//! picture (place, camera, owner) is left behind.

use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::{PngDecoder, PngEncoder};
use image::codecs::webp::WebPDecoder;
use image::imageops::FilterType;
use image::{AnimationDecoder, DynamicImage, ImageDecoder, ImageEncoder, ImageError, Limits};
use std::io::Cursor;

/// Longest sides of the small versions, in pixels.
pub const SIZES: [u32; 2] = [200, 800];

/// Most pixels: a picture of 40 million is 8 bit × 3 × 40 M = 115 MiB while it
/// is worked on.
const PIXELS: u64 = 40_000_000;

/// Longest side.
const SIDE: u32 = 20_000;

/// What a decoder may take, beside the picture's own memory.
const MEMORY: u64 = 192 * 1024 * 1024;

/// Quality of JPEG files, of 100.
const QUALITY: u8 = 82;

/// A small version.
#[derive(Debug)]
pub struct Thumbnail {
    /// Its longest side at most, in pixels.
    pub size: u32,
    /// Its media type.
    pub content_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

/// How large a picture is, in pixels, the right way up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sides {
    /// Across.
    pub width: u32,
    /// Down.
    pub height: u32,
}

impl Sides {
    /// Of its version whose longest side is `size` at most.
    #[must_use]
    pub fn within(self, size: u32) -> Self {
        let longest = self.width.max(self.height);
        if longest <= size || longest == 0 {
            return self;
        }
        let shrunk = |side: u32| {
            let scaled = u64::from(side) * u64::from(size);
            let rounded = (scaled + u64::from(longest) / 2) / u64::from(longest);
            u32::try_from(rounded).unwrap_or(size).max(1)
        };
        Self {
            width: shrunk(self.width),
            height: shrunk(self.height),
        }
    }
}

/// What comes of a picture.
#[derive(Debug)]
pub struct Made {
    /// Its own size.
    pub sides: Sides,
    /// One for each of [`SIZES`].
    pub versions: Vec<Thumbnail>,
}

/// Why there are no small versions. Trying again cannot help.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// Larger than a shop needs, or a trap.
    #[error(
        "the picture has {width} × {height} pixels; at most 40 million, and 20,000 a side, are taken"
    )]
    TooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// It moves.
    #[error("the picture is animated; a still one is needed")]
    Animated,
    /// It cannot be read.
    #[error("the picture is damaged, or asks for too much memory: {0}")]
    Damaged(#[from] ImageError),
    /// Not one of the kinds.
    #[error("a file of type {0} is no picture")]
    NoPicture(String),
    /// The decoder ended without a word.
    #[error("the picture makes the decoder fail: {0}")]
    Decoder(String),
}

/// Makes every small version. It computes for long: not for a thread that has
/// others to serve.
///
/// # Errors
/// When the picture is not fit.
pub fn make(bytes: &[u8], content_type: &str) -> Result<Made, Unfit> {
    let file = || Cursor::new(bytes);
    let (picture, profile) = match content_type {
        "image/jpeg" => decode(JpegDecoder::new(file())?)?,
        "image/png" => {
            let decoder = PngDecoder::with_limits(file(), limits())?;
            if decoder.is_apng()? {
                return Err(Unfit::Animated);
            }
            decode(decoder)?
        }
        "image/webp" => {
            let decoder = WebPDecoder::new(file())?;
            if decoder.has_animation() {
                return Err(Unfit::Animated);
            }
            decode(decoder)?
        }
        "image/gif" => {
            check(&GifDecoder::new(file())?)?;
            if GifDecoder::new(file())?.into_frames().take(2).count() > 1 {
                return Err(Unfit::Animated);
            }
            decode(GifDecoder::new(file())?)?
        }
        other => return Err(Unfit::NoPicture(other.to_owned())),
    };
    let versions = SIZES
        .into_iter()
        .map(|size| shrink(&picture, profile.as_deref(), size))
        .collect::<Result<_, _>>()?;
    Ok(Made {
        sides: Sides {
            width: picture.width(),
            height: picture.height(),
        },
        versions,
    })
}

/// Sizes are for [`check`], whose error says more.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY);
    limits
}

fn check(decoder: &impl ImageDecoder) -> Result<(), Unfit> {
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS || width.max(height) > SIDE {
        return Err(Unfit::TooLarge { width, height });
    }
    Ok(())
}

/// The picture the right way up, and its colours' profile.
fn decode(mut decoder: impl ImageDecoder) -> Result<(DynamicImage, Option<Vec<u8>>), Unfit> {
    check(&decoder)?;
    let mut limits = limits();
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    let orientation = decoder.orientation()?;
    let profile = decoder.icc_profile()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok((picture, profile))
}

fn shrink(picture: &DynamicImage, profile: Option<&[u8]>, size: u32) -> Result<Thumbnail, Unfit> {
    let small = if picture.width().max(picture.height()) <= size {
        // Never larger than it was.
        picture.clone()
    } else {
        // Roughly first, which is quick, then well.
        let rough = picture.width().max(picture.height()) / 4 > size;
        let near = rough.then(|| picture.thumbnail(size * 3, size * 3));
        near.as_ref()
            .unwrap_or(picture)
            .resize(size, size, FilterType::CatmullRom)
    };
    let rgba = small.to_rgba8();
    let mut bytes = Vec::new();
    let content_type = if rgba.pixels().any(|pixel| pixel.0[3] < 255) {
        encode(
            PngEncoder::new(&mut bytes),
            &DynamicImage::from(rgba),
            profile,
        )?;
        "image/png"
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
        encode(encoder, &DynamicImage::from(small.to_rgb8()), profile)?;
        "image/jpeg"
    };
    Ok(Thumbnail {
        size,
        content_type,
        bytes,
    })
}

fn encode(
    mut encoder: impl ImageEncoder,
    picture: &DynamicImage,
    profile: Option<&[u8]>,
) -> Result<(), Unfit> {
    if let Some(profile) = profile
        && let Err(error) = encoder.set_icc_profile(profile.to_vec())
    {
        tracing::debug!("a colour profile is left out: {error}");
    }
    picture.write_with_encoder(encoder)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_version_is_as_large_as_is_said(width in 1..400_u32, height in 1..400_u32, size in 1..300_u32) {
            let picture = DynamicImage::new_rgb8(width, height);
            let small = match width.max(height) <= size {
                true => picture,
                false => picture.resize(size, size, FilterType::Nearest),
            };
            let sides = Sides { width, height }.within(size);
            prop_assert!(sides.width.abs_diff(small.width()) <= 1);
            prop_assert!(sides.height.abs_diff(small.height()) <= 1);
            prop_assert!(sides.width.max(sides.height) <= size.max(1));
        }
    }
}
