//! The cookies of a browser session. The `__Host-` prefix makes the browser
//! refuse them from anywhere but this host over TLS.

use axum::http::{HeaderMap, HeaderValue, header};
use std::time::Duration;

/// Carries the session's token.
pub const SESSION: &str = "__Host-wizamart";
/// Ties the login form to the browser that asked for it.
pub const LOGIN: &str = "__Host-wizamart-login";

/// Stands for a password that was right, until the code comes.
pub const HALF_WAY: &str = "__Host-wizamart-code";

/// The value of a cookie, if the browser sent one.
#[must_use]
pub fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// Sets a cookie; `None` when the value cannot stand in a header.
#[must_use]
pub fn set(name: &str, value: &str, age: Duration) -> Option<HeaderValue> {
    let age = age.as_secs();
    let text = format!("{name}={value}; Path=/; Max-Age={age}; Secure; HttpOnly; SameSite=Lax");
    HeaderValue::try_from(text).ok()
}

/// Removes a cookie.
#[must_use]
pub fn clear(name: &str) -> Option<HeaderValue> {
    set(name, "", Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=1; __Host-wizamart=x=y"),
        );
        headers.append(header::COOKIE, HeaderValue::from_static("b=2"));
        assert_eq!(get(&headers, SESSION), Some("x=y"));
        assert_eq!(get(&headers, "b"), Some("2"));
        assert_eq!(get(&headers, "wizamart"), None);
    }

    #[test]
    fn a_value_cannot_break_out_of_its_header() {
        assert!(set(SESSION, "a\r\nSet-Cookie: b=c", Duration::ZERO).is_none());
    }
}
