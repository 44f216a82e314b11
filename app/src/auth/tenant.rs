//! For which vendor a request works. Ask for [`Tenant`] in a handler's
//! arguments; its `vendor` is the only one whose rows the handler may touch.

use super::identity::Identity;
use crate::domain::ids::VendorId;
use crate::errors::AppError;
use crate::state::AppState;
use crate::storage::users::Role;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tracing::Span;
use tracing::field::display;

/// Someone who works for a vendor, and the vendor.
///
/// Owners and staff work for their own vendor and no other. Administrators
/// name one with `?vendor=ID`, unless their session works for one already.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Whose rows.
    pub vendor: VendorId,
    /// Who asks.
    pub identity: Identity,
}

impl Tenant {
    /// Refuses what only owners (and administrators) may do.
    ///
    /// # Errors
    /// When it is someone else.
    pub fn owner_only(&self) -> Result<(), AppError> {
        match self.identity.session.role {
            Role::Owner | Role::Admin => Ok(()),
            Role::Staff => Err(AppError::forbidden("Only the shop's owner may do this.")),
        }
    }
}

impl FromRequestParts<AppState> for Tenant {
    type Rejection = AppError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let identity = Identity::from_request_parts(parts, state).await?;
        let vendor = of(&identity, parts.uri.query())?;
        if identity.session.vendor_id != Some(vendor) {
            Span::current().record("vendor", display(vendor));
        }
        Ok(Self { vendor, identity })
    }
}

/// For which vendor someone works who sent this query string.
///
/// # Errors
/// When they may not work for the one that is named, or none is.
pub fn of(identity: &Identity, query: Option<&str>) -> Result<VendorId, AppError> {
    let named = named(query.unwrap_or_default())?;
    let own = identity.session.vendor_id;
    match (identity.session.role, named, own) {
        (Role::Admin, Some(named), _) => Ok(named),
        (_, None, Some(own)) => Ok(own),
        (Role::Owner | Role::Staff, Some(named), Some(own)) if named == own => Ok(own),
        // Whether the other vendor exists is not theirs to know.
        (Role::Owner | Role::Staff, Some(_), _) => {
            Err(AppError::not_found("There is no such vendor."))
        }
        (Role::Admin, None, None) => Err(AppError::invalid(
            "vendor",
            "is missing; an administrator names the vendor with ?vendor=ID",
        )),
        (Role::Owner | Role::Staff, None, None) => {
            Err(AppError::forbidden("This account belongs to no vendor."))
        }
    }
}

/// The vendor that a query string names.
///
/// # Errors
/// When it names something else.
pub fn named(query: &str) -> Result<Option<VendorId>, AppError> {
    let value = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("vendor="));
    value
        .map(|text| {
            text.parse()
                .map_err(|_| AppError::invalid("vendor", format!("{text:?} is no vendor's number")))
        })
        .transpose()
}
