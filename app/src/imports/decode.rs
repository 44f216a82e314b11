//! Bytes as sent to bytes of text: gzip is unpacked, whether the server says
//! so or the file just is one.

use flate2::write::MultiGzDecoder;
use std::io::{self, Write};

/// Input taken at a time. Gzip grows at most a thousandfold, so this bounds
/// what one step can put into memory, whoever made the feed.
const PIECE: usize = 4 * 1024;

/// The longest text a feed may unpack to.
const MOST: u64 = 4 << 30;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Decodes a feed as it arrives.
#[derive(Debug)]
pub struct Decoder {
    form: Form,
    produced: u64,
}

#[derive(Debug)]
enum Form {
    /// Not enough seen to tell.
    Unknown(Vec<u8>),
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
}

/// The feed cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The gzip is damaged or cut off.
    #[error("the feed's gzip is damaged or cut off: {0}")]
    Gzip(#[from] io::Error),
    /// It does not end.
    #[error("the feed unpacks to more than {} GiB", MOST >> 30)]
    TooLong,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            form: Form::Unknown(Vec::new()),
            produced: 0,
        }
    }
}

impl Decoder {
    /// Decodes some bytes, handing on text in bounded pieces.
    ///
    /// # Errors
    /// When they cannot be decoded, or `each` fails.
    pub fn push<E: From<DecodeError>>(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for piece in bytes.chunks(PIECE) {
            let text = self.step(piece)?;
            self.count(text.len())?;
            each(&text)?;
        }
        Ok(())
    }

    /// The end of the input: hands on what is left.
    ///
    /// # Errors
    /// When something is missing, or `each` fails.
    pub fn finish<E: From<DecodeError>>(
        &mut self,
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let rest = match &mut self.form {
            Form::Unknown(start) => std::mem::take(start),
            Form::Plain => Vec::new(),
            Form::Gzip(decoder) => {
                decoder.try_finish().map_err(DecodeError::from)?;
                std::mem::take(decoder.get_mut())
            }
        };
        self.count(rest.len())?;
        each(&rest)
    }

    fn step(&mut self, piece: &[u8]) -> Result<Vec<u8>, DecodeError> {
        match &mut self.form {
            Form::Unknown(start) => {
                start.extend_from_slice(piece);
                if start.len() < GZIP.len() {
                    return Ok(Vec::new());
                }
                let start = std::mem::take(start);
                if !start.starts_with(&GZIP) {
                    self.form = Form::Plain;
                    return Ok(start);
                }
                self.form = Form::Gzip(Box::new(MultiGzDecoder::new(Vec::new())));
                self.step(&start)
            }
            Form::Plain => Ok(piece.to_vec()),
            Form::Gzip(decoder) => {
                decoder.write_all(piece)?;
                Ok(std::mem::take(decoder.get_mut()))
            }
        }
    }

    fn count(&mut self, bytes: usize) -> Result<(), DecodeError> {
        self.produced += u64::try_from(bytes).unwrap_or(u64::MAX);
        if self.produced > MOST {
            return Err(DecodeError::TooLong);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn decode(bytes: &[u8], cut: usize) -> Result<Vec<u8>, DecodeError> {
        let mut decoder = Decoder::default();
        let mut text = Vec::new();
        for chunk in bytes.chunks(cut.max(1)) {
            decoder.push(chunk, |piece| {
                text.extend_from_slice(piece);
                Ok::<_, DecodeError>(())
            })?;
        }
        decoder.finish(|piece| {
            text.extend_from_slice(piece);
            Ok::<_, DecodeError>(())
        })?;
        Ok(text)
    }

    proptest! {
        #[test]
        fn plain_and_packed_are_the_same_however_they_are_cut(
            text in prop::collection::vec(any::<u8>(), 0..5000), cut in 1_usize..2000,
        ) {
            prop_assert_eq!(decode(&gzip(&text), cut).unwrap(), text.clone());
            if !text.starts_with(&GZIP) {
                prop_assert_eq!(decode(&text, cut).unwrap(), text);
            }
        }
    }

    #[test]
    fn files_packed_one_after_the_other_are_one() {
        let both = [gzip(b"a,b\n"), gzip(b"1,2\n")].concat();
        assert_eq!(decode(&both, 7).unwrap(), b"a,b\n1,2\n");
    }

    #[test]
    fn a_cut_off_file_is_not_taken_for_a_whole_one() {
        let whole = gzip(&b"sku,name,price\n".repeat(100));
        assert!(matches!(
            decode(&whole[..whole.len() - 9], 10),
            Err(DecodeError::Gzip(_))
        ));
    }

    #[test]
    fn a_bomb_goes_off_in_small_pieces() {
        let bomb = gzip(&vec![b'a'; 64 << 20]);
        let mut decoder = Decoder::default();
        let mut largest = 0;
        decoder
            .push(&bomb, |piece| {
                largest = largest.max(piece.len());
                Ok::<_, DecodeError>(())
            })
            .unwrap();
        assert!(largest <= 8 << 20, "{largest}");
    }
}
