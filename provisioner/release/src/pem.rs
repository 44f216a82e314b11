//! PEM (RFC 7468): certificates, requests and lists of revoked ones as text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::pem::Pem;

pub(crate) const CERTIFICATE: &str = "CERTIFICATE";
pub(crate) const REVOCATIONS: &str = "X509 CRL";
const LINE: usize = 64;

/// A block of text.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    let encoded = STANDARD.encode(der);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(LINE));
        text.push_str(line);
        text.push('\n');
        rest = more;
    }
    text + &format!("-----END {label}-----\n")
}

/// The blocks of a text, each with its label.
pub(crate) fn decode(text: &str) -> Result<Vec<(String, Vec<u8>)>, String> {
    // What stands outside of blocks is a comment, and an empty text has none.
    Pem::iter_from_buffer(text.as_bytes())
        .map(|block| match block {
            Ok(block) => Ok((block.label, block.contents)),
            Err(error) => Err(error.to_string()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let der = vec![7; 100];
        let text = encode(CERTIFICATE, &der) + &encode(REVOCATIONS, b"x");
        let read = decode(&text).unwrap();
        assert_eq!(read[0], (CERTIFICATE.to_owned(), der));
        assert_eq!(read[1], (REVOCATIONS.to_owned(), b"x".to_vec()));
        assert!(decode("").unwrap().is_empty());
        assert!(decode("-----BEGIN CERTIFICATE-----\n%%%\n").is_err());
    }
}
