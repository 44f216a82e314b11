//! How often the outside may ask. Every request belongs to one class: logins
//! and password links by address, the API by account, everything else by
//! address. The limits are the operator's; windows are an hour and slide. What
//! is left is said in the `RateLimit` headers of the API's answers.
//!
//! Redis being away lets everything pass; the limiter says so in the log.

use crate::auth::access::Verified;
use crate::auth::identity::{Via, token};
use crate::auth::throttle::network;
use crate::controllers::extract::ClientAddress;
use crate::errors::Problem;
use crate::limiter::Quota;
use crate::limiter::leases::Verdict;
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// What a request counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Login,
    PasswordReset,
    Other,
    /// Checks of the box's own and files that never change.
    Free,
}

/// Counts the request and lets it pass or not.
pub async fn apply(
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let class = classify(request.method(), path);
    if class == Class::Free {
        return next.run(request).await;
    }
    let told = path.starts_with("/api/");
    let verified = verify(&state, request.headers()).await;
    let limits = &state.services.config.limits;
    let (name, limit) = match (class, verified) {
        (Class::Login, _) => (
            format!("login:{}", network(from)),
            limits.logins_per_address,
        ),
        (Class::PasswordReset, _) => (
            format!("reset:{}", network(from)),
            limits.password_resets_per_address,
        ),
        (_, Some(Verified(claims))) => (format!("api:{}", claims.sub), limits.api_per_user),
        (_, None) => (
            format!("public:{}", network(from)),
            limits.public_per_address,
        ),
    };
    if let Some(verified) = verified {
        request.extensions_mut().insert(verified);
    }
    if limit == 0 {
        return next.run(request).await;
    }
    let verdict = state
        .auth
        .leases
        .spend(&format!("limit:{name}"), Quota::hourly(limit))
        .await;
    match verdict {
        Verdict::Pass(left) => {
            let mut response = next.run(request).await;
            if told && !is_everybodys(&response) {
                tell(&mut response, limit, left, seconds_to_the_hour(&state));
            }
            response
        }
        Verdict::Wait(seconds) => {
            let mut response = Problem::new(StatusCode::TOO_MANY_REQUESTS)
                .detail("Too many requests within an hour; please wait.")
                .retry_after(seconds)
                .into_response();
            tell(&mut response, limit, 0, seconds);
            response
        }
        Verdict::Uncounted => next.run(request).await,
    }
}

/// The claims of a bearer token that we signed. Only its signature is checked
/// here: who it names has asked, even if the account has ended since.
async fn verify(state: &AppState, headers: &HeaderMap) -> Option<Verified> {
    let (token, via) = token(headers)?;
    if via == Via::Cookie {
        return None;
    }
    let claims = state.auth.tokens.verify(token).await.ok()??;
    Some(Verified(claims))
}

fn classify(method: &Method, path: &str) -> Class {
    let sent = method == Method::POST;
    match path {
        "/health" | "/ready" | "/version" | "/metrics" => Class::Free,
        "/api/v1/auth/login" | "/admin/login" | "/admin/login/code" if sent => Class::Login,
        _ if path.starts_with("/assets/") => Class::Free,
        _ if sent && path.starts_with("/api/v1/auth/password-reset") => Class::PasswordReset,
        _ if sent && path.starts_with("/admin/password") => Class::PasswordReset,
        _ => Class::Other,
    }
}

/// Whether others get this answer from a cache, unasked: what one client has
/// left is then nobody else's business, and wrong for them.
fn is_everybodys(response: &Response) -> bool {
    let kept = response.headers().get(header::CACHE_CONTROL);
    kept.and_then(|value| value.to_str().ok())
        .is_some_and(|kept| kept.contains("public") && !kept.contains("no-cache"))
}

/// Windows begin with the hour.
fn seconds_to_the_hour(state: &AppState) -> u64 {
    let into = state.clock.now().unix_timestamp().rem_euclid(3600);
    3600 - into.unsigned_abs()
}

fn tell(response: &mut Response, limit: u32, left: u64, reset: u64) {
    let headers = response.headers_mut();
    headers.insert(LIMIT, HeaderValue::from(limit));
    headers.insert(REMAINING, HeaderValue::from(left));
    headers.insert(RESET, HeaderValue::from(reset));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sending_a_password_counts_as_a_login() {
        assert_eq!(classify(&Method::POST, "/admin/login"), Class::Login);
        assert_eq!(classify(&Method::GET, "/admin/login"), Class::Other);
        assert_eq!(
            classify(&Method::POST, "/api/v1/auth/password-reset/confirm"),
            Class::PasswordReset
        );
        assert_eq!(classify(&Method::GET, "/health"), Class::Free);
        assert_eq!(classify(&Method::GET, "/api/v1/products"), Class::Other);
    }
}
