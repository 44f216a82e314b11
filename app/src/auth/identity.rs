//! Who sent a request. Ask for [`Admin`] in a handler's arguments and only
//! administrators reach it.

use super::cookies;
use super::session::Session;
use crate::errors::AppError;
use crate::random;
use crate::state::AppState;
use crate::storage::users::Role;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

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
    /// How the token came.
    pub via: Via,
}

/// An administrator who is logged in.
#[derive(Clone, Debug)]
pub struct Admin(pub Identity);

impl Identity {
    /// Refuses what may be another site's doing: with a cookie, the form must
    /// carry the session's second token.
    ///
    /// # Errors
    /// When it does not.
    pub fn check_csrf(&self, sent: &str) -> Result<(), AppError> {
        match self.via {
            Via::Cookie if !random::same(&self.session.csrf, sent) => Err(AppError::forbidden(
                "This form was not made for your session; reload the page and try again.",
            )),
            Via::Cookie | Via::Bearer => Ok(()),
        }
    }
}

impl FromRequestParts<AppState> for Identity {
    type Rejection = AppError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let (token, via) = token(&parts.headers)
            .ok_or_else(|| AppError::unauthorized("Log in and send the token you get."))?;
        let session =
            state.auth.sessions.find(token).await?.ok_or_else(|| {
                AppError::unauthorized("The token has ended or never was; log in.")
            })?;
        Ok(Self { session, via })
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

/// The token of a request: a bearer token first, it was sent on purpose.
fn token(headers: &HeaderMap) -> Option<(&str, Via)> {
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
