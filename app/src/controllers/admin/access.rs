//! Who may see a page. As the API's extractors, but strangers are led to the
//! login form, and administrators who work for no shop to the list of shops.

use super::see_other;
use crate::auth::identity::{Admin, Identity};
use crate::auth::tenant::Tenant;
use crate::errors::AppError;
use crate::state::AppState;
use crate::storage::users::Role;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

/// Someone who is logged in.
#[derive(Clone, Debug)]
pub struct Visitor(pub Identity);

/// An administrator.
#[derive(Clone, Debug)]
pub struct Operator(pub Identity);

/// Someone who works in a shop, and the shop.
#[derive(Clone, Debug)]
pub struct Keeper(pub Tenant);

/// The owner of a shop, or an administrator who works for it.
#[derive(Clone, Debug)]
pub struct Owner(pub Tenant);

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let identity = Identity::from_request_parts(parts, state).await;
        identity.map(Self).map_err(to_the_login)
    }
}

impl FromRequestParts<AppState> for Operator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let admin = Admin::from_request_parts(parts, state).await;
        admin
            .map(|Admin(identity)| Self(identity))
            .map_err(to_the_login)
    }
}

impl FromRequestParts<AppState> for Keeper {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let identity = Identity::from_request_parts(parts, state).await;
        let identity = identity.map_err(to_the_login)?;
        let unchosen = identity.session.vendor_id.is_none();
        if parts.method.is_safe() && identity.session.role == Role::Admin && unchosen {
            return Err(see_other("/admin/vendors"));
        }
        let tenant = Tenant::from_request_parts(parts, state).await;
        tenant.map(Self).map_err(to_the_login)
    }
}

impl FromRequestParts<AppState> for Owner {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let Keeper(tenant) = Keeper::from_request_parts(parts, state).await?;
        tenant.owner_only().map_err(AppError::into_response)?;
        Ok(Self(tenant))
    }
}

/// Logging in helps strangers, and nobody else.
fn to_the_login(error: AppError) -> Response {
    let response = error.into_response();
    if response.status() == StatusCode::UNAUTHORIZED {
        see_other("/admin/login")
    } else {
        response
    }
}
