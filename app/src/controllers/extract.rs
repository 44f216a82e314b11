//! axum's extractors, with problem documents for what does not fit.

use crate::edge::Peer;
use crate::errors::{AppError, Problem};
use axum::extract::rejection::{FormRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Form, FromRequest, FromRequestParts, Json, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use std::net::{IpAddr, Ipv4Addr};

/// A JSON body.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

/// A form.
#[derive(Debug)]
pub struct FormBody<T>(pub T);

/// A query string.
#[derive(Debug)]
pub struct QueryOf<T>(pub T);

/// Parts of the path.
#[derive(Debug)]
pub struct PathOf<T>(pub T);

/// The address a request came from.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let Json(value) = Json::from_request(request, state)
            .await
            .map_err(|error: JsonRejection| problem(error.status(), error.body_text()))?;
        Ok(Self(value))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for FormBody<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let Form(value) = Form::from_request(request, state)
            .await
            .map_err(|error: FormRejection| problem(error.status(), error.body_text()))?;
        Ok(Self(value))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for QueryOf<T> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let Query(value) = Query::from_request_parts(parts, state)
            .await
            .map_err(|error: QueryRejection| problem(error.status(), error.body_text()))?;
        Ok(Self(value))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathOf<T> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let Path(value) = Path::from_request_parts(parts, state)
            .await
            .map_err(|error: PathRejection| problem(error.status(), error.body_text()))?;
        Ok(Self(value))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        // Without a connection (a test calling the router) there is one caller.
        let peer = parts.extensions.get::<Peer>();
        Ok(Self(
            peer.map_or(Ipv4Addr::LOCALHOST.into(), |Peer(address)| address.ip()),
        ))
    }
}

/// What the client calls itself.
#[must_use]
pub fn user_agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::USER_AGENT)?.to_str().ok()
}

fn problem(status: StatusCode, text: String) -> AppError {
    Problem::new(status).detail(text).into()
}
