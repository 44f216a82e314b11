//! Which encodings a client can read (RFC 9110, section 12.5.3).

use axum::http::{HeaderMap, header};

/// A way to write a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Zstd,
    Brotli,
    Gzip,
}

impl Encoding {
    pub(super) const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }
}

/// What a client said it can read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Accepted([bool; 3]);

impl Accepted {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut accepted = Self::default();
        for value in headers.get_all(header::ACCEPT_ENCODING) {
            let Ok(text) = value.to_str() else { continue };
            for part in text.split(',') {
                accepted.add(part);
            }
        }
        accepted
    }

    pub(super) fn has(self, encoding: Encoding) -> bool {
        let [zstd, brotli, gzip] = self.0;
        match encoding {
            Encoding::Zstd => zstd,
            Encoding::Brotli => brotli,
            Encoding::Gzip => gzip,
        }
    }

    fn add(&mut self, part: &str) {
        let (name, parameters) = part.split_once(';').unwrap_or((part, ""));
        if is_refused(parameters) {
            return;
        }
        let name = name.trim();
        for (slot, encoding) in self.0.iter_mut().zip(Encoding::ALL) {
            if name.eq_ignore_ascii_case(encoding.name()) {
                *slot = true;
            }
        }
    }
}

/// Whether the weight is zero, which means "not this one".
fn is_refused(parameters: &str) -> bool {
    let weight = parameters
        .trim()
        .strip_prefix(['q', 'Q'])
        .and_then(|rest| rest.trim_start().strip_prefix('='));
    weight.is_some_and(|weight| weight.trim().parse::<f32>().is_ok_and(|q| q <= 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn accepted(text: &str) -> Vec<&'static str> {
        let mut headers = HeaderMap::new();
        headers.insert("accept-encoding", HeaderValue::try_from(text).unwrap());
        let accepted = Accepted::of(&headers);
        let all = Encoding::ALL.into_iter();
        all.filter(|e| accepted.has(*e))
            .map(Encoding::name)
            .collect()
    }

    #[test]
    fn names_and_weights_are_understood() {
        assert_eq!(accepted("gzip, deflate, br, zstd"), ["zstd", "br", "gzip"]);
        assert_eq!(accepted("GZIP;q=0.5"), ["gzip"]);
        assert_eq!(accepted("br;q=0, gzip;q=0.000, zstd"), ["zstd"]);
        assert_eq!(accepted("identity"), [""; 0]);
        assert_eq!(accepted(",;,q=1"), [""; 0]);
    }
}
