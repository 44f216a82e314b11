//! Who sent a request. Ask for [`Identity`] in a handler's arguments and only
//! those who are logged in reach it; ask for [`Admin`] and only administrators
//! do.

use super::access::{Claims, Verified};
use super::cookies;
use super::session::Session;
use crate::cloudflare::Country;
use crate::controllers::extract::{ClientAddress, ClientCountry};
use crate::domain::zone::Zone;
use crate::errors::AppError;
use crate::random;
use crate::state::AppState;
use crate::storage::users::{self, CallerRow, Role, Stated};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use std::net::IpAddr;
use time::OffsetDateTime;
use tracing::Span;
use tracing::field::display;
use uuid::Uuid;

/// Where a script puts the session's second token.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// How a token came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// In a header that no browser adds by itself.
    Bearer,
    /// In a cookie, which a browser adds to requests of other sites' making.
    Cookie,
}

/// Someone who is logged in.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Who.
    pub session: Session,
    /// Names this login among the account's.
    pub login: Uuid,
    /// How the token came.
    pub via: Via,
    /// Where the request came from.
    pub address: IpAddr,
    /// The country of that, if it is known.
    pub country: Option<Country>,
    /// In which time they are shown times.
    pub zone: Zone,
    /// The second token was in the header and fits.
    proven: bool,
}

/// An administrator who is logged in.
#[derive(Clone, Debug)]
pub struct Admin(pub Identity);

impl Identity {
    /// Refuses what may be another site's doing: with a cookie, the form or the
    /// header [`CSRF_HEADER`] must carry the session's second token.
    ///
    /// Requests to the API are checked before they reach a handler; forms must
    /// be checked by it.
    ///
    /// # Errors
    /// When it does not.
    pub fn check_csrf(&self, sent: &str) -> Result<(), AppError> {
        match self.via {
            Via::Cookie if !self.proven && !random::same(&self.session.csrf, sent) => {
                Err(AppError::forbidden(
                    "This form was not made for your session; reload the page and try again.",
                ))
            }
            Via::Cookie | Via::Bearer => Ok(()),
        }
    }

    /// The lines of this request in the log say whose it is.
    fn note(&self) {
        let span = Span::current();
        span.record("user", display(self.session.user_id));
        if let Some(vendor) = self.session.vendor_id {
            span.record("vendor", display(vendor));
        }
    }

    /// With a cookie, what changes something needs the second token: in the
    /// header where there is no form. One that is sent must fit, always.
    fn prove(mut self, parts: &Parts) -> Result<Self, AppError> {
        if self.via == Via::Bearer || is_safe(&parts.method) {
            return Ok(self);
        }
        let sent = parts.headers.get(CSRF_HEADER);
        let fits = sent.is_some_and(|sent| {
            sent.to_str()
                .is_ok_and(|sent| random::same(&self.session.csrf, sent))
        });
        if !fits && (sent.is_some() || parts.uri.path().starts_with("/api/")) {
            return Err(AppError::forbidden(
                "With a cookie, a change must carry the session's token in X-CSRF-Token.",
            ));
        }
        self.proven = fits;
        Ok(self)
    }
}

impl FromRequestParts<AppState> for Identity {
    type Rejection = AppError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(parts, state).await;
        let Ok(ClientCountry(country)) = ClientCountry::from_request_parts(parts, state).await;
        let (token, via) = token(&parts.headers)
            .ok_or_else(|| AppError::unauthorized("Log in and send the token you get."))?;
        let found = match via {
            Via::Bearer => {
                let claims = match parts.extensions.get::<Verified>() {
                    Some(Verified(claims)) => Some(*claims),
                    None => state.auth.tokens.verify(token).await?,
                };
                by_token(state, claims, address).await?
            }
            Via::Cookie => by_cookie(state, token, address).await?,
        };
        let mut identity = found
            .ok_or_else(|| AppError::unauthorized("The token has ended or never was; log in."))?;
        identity.country = country;
        identity.note();
        identity.prove(parts)
    }
}

impl FromRequestParts<AppState> for Admin {
    type Rejection = AppError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let identity = Identity::from_request_parts(parts, state).await?;
        if identity.session.role == Role::Admin {
            Ok(Self(identity))
        } else {
            Err(AppError::forbidden("Only administrators may do this."))
        }
    }
}

async fn by_token(
    state: &AppState,
    claims: Option<Claims>,
    address: IpAddr,
) -> Result<Option<Identity>, AppError> {
    let Some(claims) = claims else {
        return Ok(None);
    };
    let Ok(made_at) = OffsetDateTime::from_unix_timestamp(claims.iat) else {
        return Ok(None);
    };
    let stated = Stated {
        user: claims.sub,
        made_at,
        login: claims.sid,
    };
    let caller = state.auth.callers.find(stated).await?;
    Ok(caller.map(|caller| Identity {
        session: session(caller, String::new()),
        login: claims.sid,
        via: Via::Bearer,
        address,
        country: None,
        zone: state.services.zone.clone(),
        proven: false,
    }))
}

async fn by_cookie(
    state: &AppState,
    token: &str,
    address: IpAddr,
) -> Result<Option<Identity>, AppError> {
    let Some(stored) = state.auth.sessions.find(token).await? else {
        return Ok(None);
    };
    let caller = users::authenticate_session(&state.pool, stored.user_id, stored.began_at).await?;
    Ok(caller.map(|caller| {
        let mut session = session(caller, stored.csrf);
        if session.role == Role::Admin {
            session.vendor_id = stored.acting_for;
        }
        Identity {
            session,
            login: stored.id,
            via: Via::Cookie,
            address,
            country: None,
            zone: state.services.zone.clone(),
            proven: false,
        }
    }))
}

fn session(caller: CallerRow, csrf: String) -> Session {
    Session {
        user_id: caller.id,
        email: caller.email,
        role: caller.role,
        vendor_id: caller.vendor_id,
        csrf,
    }
}

/// Methods that change nothing (RFC 9110, 9.2.1).
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// The token of a request: a bearer token first, it was sent on purpose.
pub(crate) fn token(headers: &HeaderMap) -> Option<(&str, Via)> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .and_then(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()));
    bearer
        .map(|token| (token, Via::Bearer))
        .or_else(|| cookies::get(headers, cookies::SESSION).map(|token| (token, Via::Cookie)))
        .filter(|(token, _)| !token.is_empty())
}
