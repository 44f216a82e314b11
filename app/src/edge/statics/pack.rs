//! A file with its compressed forms and the head of every answer.

use super::encoding::{Accepted, Encoding};
use crate::middleware::security_headers;
use crate::random;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use std::io::{self, Write};

/// Below this a head outweighs what compression saves.
const LEAST: usize = 1024;

/// How long browsers may keep a file without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// For ever: its name changes with its content.
    Immutable,
    /// An hour; then they ask with the tag.
    Hour,
}

impl Lasting {
    /// The same for caches (RFC 9111; RFC 8246 for `immutable`).
    pub(super) const fn cache_control(self) -> &'static str {
        match self {
            Self::Immutable => "public, max-age=31536000, immutable",
            Self::Hour => "public, max-age=3600",
        }
    }
}

/// A file ready to be sent.
#[derive(Debug)]
pub struct Pack {
    plain: Form,
    encoded: Vec<(Encoding, Form)>,
}

#[derive(Debug)]
struct Form {
    body: Bytes,
    tag: HeaderValue,
    found: HeaderMap,
    unchanged: HeaderMap,
}

impl Pack {
    /// Packs a file; compression takes a while, do not do it on a thread that
    /// serves.
    ///
    /// # Errors
    /// When an encoder fails.
    pub fn new(
        content: Bytes,
        content_type: &'static str,
        compressible: bool,
        lasting: Lasting,
    ) -> io::Result<Self> {
        let digest = random::sha256_hex(&content);
        let digest = digest.get(..20).unwrap_or(&digest).to_owned();
        let form = |body: Bytes, encoding: Option<Encoding>| {
            Form::new(body, &digest, content_type, lasting, encoding, compressible)
        };
        let mut encoded = Vec::new();
        if compressible && content.len() >= LEAST {
            for encoding in Encoding::ALL {
                let smaller = encode(&content, encoding)?;
                if smaller.len() < content.len() {
                    encoded.push((encoding, form(smaller.into(), Some(encoding))?));
                }
            }
            encoded.sort_by_key(|(_, form)| form.body.len());
        }
        Ok(Self {
            plain: form(content, None)?,
            encoded,
        })
    }

    /// The smallest form the client can read, or 304 when it has it.
    #[must_use]
    pub fn answer(&self, headers: &HeaderMap) -> Response {
        let accepted = match self.encoded.is_empty() {
            true => Accepted::default(),
            false => Accepted::of(headers),
        };
        let form = self
            .encoded
            .iter()
            .find(|(encoding, _)| accepted.has(*encoding))
            .map_or(&self.plain, |(_, form)| form);
        if self.is_held(headers) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.headers_mut() = form.unchanged.clone();
            return response;
        }
        let mut response = Response::new(Body::from(form.body.clone()));
        *response.headers_mut() = form.found.clone();
        response
    }

    /// Whether the client has a form of this very content (RFC 9110, 13.1.2).
    fn is_held(&self, headers: &HeaderMap) -> bool {
        let forms = || {
            self.encoded
                .iter()
                .map(|(_, form)| form)
                .chain([&self.plain])
        };
        headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == "*" || forms().any(|form| form.tag == tag))
    }

    /// What it takes of the memory, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        let encoded = self.encoded.iter().map(|(_, form)| form.body.len());
        self.plain.body.len() + encoded.sum::<usize>()
    }
}

impl Form {
    fn new(
        body: Bytes,
        digest: &str,
        content_type: &'static str,
        lasting: Lasting,
        encoding: Option<Encoding>,
        varies: bool,
    ) -> io::Result<Self> {
        let suffix = encoding.map_or_else(String::new, |encoding| format!("-{}", encoding.name()));
        let tag =
            HeaderValue::try_from(format!("\"{digest}{suffix}\"")).map_err(io::Error::other)?;
        let mut unchanged = HeaderMap::new();
        let kept = HeaderValue::from_static(lasting.cache_control());
        unchanged.insert(header::CACHE_CONTROL, kept);
        unchanged.insert(header::ETAG, tag.clone());
        if varies {
            unchanged.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        security_headers::insert(&mut unchanged);
        let mut found = unchanged.clone();
        found.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some(encoding) = encoding {
            found.insert(
                header::CONTENT_ENCODING,
                HeaderValue::from_static(encoding.name()),
            );
        }
        Ok(Self {
            body,
            tag,
            found,
            unchanged,
        })
    }
}

/// Once for a file, so at the levels that make it smallest.
fn encode(content: &[u8], encoding: Encoding) -> io::Result<Vec<u8>> {
    match encoding {
        Encoding::Zstd => zstd::bulk::compress(content, 19),
        Encoding::Brotli => {
            let mut out = Vec::new();
            let mut input = content;
            let params = brotli::enc::BrotliEncoderParams {
                quality: 10,
                size_hint: content.len(),
                ..Default::default()
            };
            brotli::BrotliCompress(&mut input, &mut out, &params)?;
            Ok(out)
        }
        Encoding::Gzip => {
            let level = flate2::Compression::best();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(content)?;
            encoder.finish()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::try_from(value).unwrap());
        headers
    }

    fn text() -> Bytes {
        Bytes::from("a line of text that repeats\n".repeat(500))
    }

    fn packed() -> Pack {
        Pack::new(text(), "text/plain", true, Lasting::Hour).unwrap()
    }

    async fn body(response: Response) -> Bytes {
        response.into_body().collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn every_form_unpacks_to_the_file() {
        let pack = packed();
        let zstd = body(pack.answer(&headers("accept-encoding", "zstd"))).await;
        assert_eq!(zstd::bulk::decompress(&zstd, 1 << 20).unwrap(), text());
        let br = body(pack.answer(&headers("accept-encoding", "br"))).await;
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut br.as_ref(), &mut unpacked).unwrap();
        assert_eq!(unpacked, text());
        let gzip = body(pack.answer(&headers("accept-encoding", "gzip"))).await;
        let mut unpacked = Vec::new();
        io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*gzip), &mut unpacked).unwrap();
        assert_eq!(unpacked, text());
        assert_eq!(body(pack.answer(&HeaderMap::new())).await, text());
    }

    #[tokio::test]
    async fn a_tag_is_strong_and_another_for_each_form() {
        let pack = packed();
        let plain = pack.answer(&HeaderMap::new());
        let gzip = pack.answer(&headers("accept-encoding", "gzip"));
        assert_ne!(plain.headers()["etag"], gzip.headers()["etag"]);
        assert_eq!(gzip.headers()["content-encoding"], "gzip");
        assert_eq!(gzip.headers()["vary"], "accept-encoding");
        let tag = gzip.headers()["etag"].to_str().unwrap();
        assert!(tag.starts_with('"'));
        for held in [tag.to_owned(), format!("\"x\", W/{tag}"), "*".to_owned()] {
            let again = pack.answer(&headers("if-none-match", &held));
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{held}");
            assert!(body(again).await.is_empty());
        }
        assert_eq!(
            pack.answer(&headers("if-none-match", "\"x\"")).status(),
            200
        );
    }

    #[test]
    fn what_gains_nothing_is_not_compressed() {
        let small = Pack::new(Bytes::from_static(b"x"), "text/plain", true, Lasting::Hour).unwrap();
        let picture = Pack::new(text(), "image/png", false, Lasting::Immutable).unwrap();
        assert!(small.encoded.is_empty() && picture.encoded.is_empty());
        let answer = picture.answer(&headers("accept-encoding", "br"));
        assert!(answer.headers().get("vary").is_none());
        assert!(
            answer.headers()["cache-control"]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    }
}
