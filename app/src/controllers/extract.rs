//! axum's extractors, with problem documents for what does not fit.

use crate::cloudflare::{Country, Visitor};
use crate::edge::Peer;
use crate::errors::{AppError, AppResult, Problem};
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FormRejection, PathRejection, QueryRejection};
use axum::extract::{Form, FromRequest, FromRequestParts, Multipart, Path, Query, Request};
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

/// A form that carries files.
#[derive(Debug)]
pub struct MultipartBody(pub Multipart);

/// A query string.
#[derive(Debug)]
pub struct QueryOf<T>(pub T);

/// Parts of the path.
#[derive(Debug)]
pub struct PathOf<T>(pub T);

/// The address a request came from: the visitor's, where Cloudflare says who
/// that is and is believed, else that of the connection's other end.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

/// The country a request came from, where Cloudflare says so and is believed.
#[derive(Clone, Copy, Debug)]
pub struct ClientCountry(pub Option<Country>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        check_json(request.headers())?;
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|error: BytesRejection| problem(error.status(), error.body_text()))?;
        parse_json(&bytes).map(Self)
    }
}

/// Refuses a body that does not say that it is JSON.
///
/// # Errors
/// 415 as a problem document.
pub fn check_json(headers: &HeaderMap) -> AppResult<()> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let (_, kind) = kind.split_once('/').unwrap_or_default();
    if kind.eq_ignore_ascii_case("json") || kind.to_ascii_lowercase().ends_with("+json") {
        return Ok(());
    }
    Err(problem(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "Send JSON, and say so: Content-Type: application/json.".to_owned(),
    ))
}

/// Reads JSON; what is wrong with it is told with the path to it.
///
/// # Errors
/// 400 when it is no JSON, 422 when it is not what was asked for.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> AppResult<T> {
    // Serde would take a list of an object's values for the object.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(AppError::invalid(
            "body",
            "is a list where an object is due",
        ));
    }
    // The path costs a little and is needed only when something is wrong.
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Ok(value);
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let error = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => return Err(problem(StatusCode::BAD_REQUEST, after_the_end())),
        Err(error) => error,
    };
    let path = error.path().to_string();
    let said = error.into_inner();
    if said.is_data() {
        let field = if path == "." { "body".to_owned() } else { path };
        Err(AppError::invalid(&field, said.to_string()))
    } else {
        Err(problem(
            StatusCode::BAD_REQUEST,
            format!("The body is not JSON: {said}."),
        ))
    }
}

fn after_the_end() -> String {
    "The body is not JSON: something follows its end.".to_owned()
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

impl<S: Send + Sync> FromRequest<S> for MultipartBody {
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let form = Multipart::from_request(request, state).await;
        form.map(Self)
            .map_err(|error| problem(error.status(), error.body_text()))
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
        let Path(value) = Path::from_request_parts(parts, state).await.map_err(
            |error: PathRejection| match error.status() {
                // An id that is none names nothing, as one that is not there.
                StatusCode::BAD_REQUEST => AppError::not_found(error.body_text()),
                status => problem(status, error.body_text()),
            },
        )?;
        Ok(Self(value))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        if let Some(visitor) = parts.extensions.get::<Visitor>() {
            return Ok(Self(visitor.address));
        }
        // Without a connection (a test calling the router) there is one caller.
        let peer = parts.extensions.get::<Peer>();
        Ok(Self(
            peer.map_or(Ipv4Addr::LOCALHOST.into(), |Peer(address)| address.ip()),
        ))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientCountry {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let visitor = parts.extensions.get::<Visitor>();
        Ok(Self(visitor.and_then(|visitor| visitor.country)))
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
