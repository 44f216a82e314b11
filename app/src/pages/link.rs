//! Links with parameters.

/// A path with a query; parameters without a value are left out.
#[must_use]
pub fn with(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut link = path.to_owned();
    let mut mark = '?';
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        link.push(mark);
        link.push_str(name);
        link.push('=');
        escape(value, &mut link);
        mark = '&';
    }
    link
}

/// Percent-encodes everything but unreserved characters (RFC 3986, section 2.3).
fn escape(text: &str, into: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                into.push(char::from(byte));
            }
            _ => {
                into.push('%');
                into.push_str(&format!("{byte:02X}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_break_out() {
        assert_eq!(
            with(
                "/admin/products",
                &[("q", "a&b=c ü"), ("cursor", ""), ("n", "1")]
            ),
            "/admin/products?q=a%26b%3Dc%20%C3%BC&n=1"
        );
        assert_eq!(with("/", &[]), "/");
    }
}
