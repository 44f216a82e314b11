//! Who did what. Every administrative act is written down in the transaction
//! that does it, so that neither exists without the other:
//!
//! ```text
//! audit::record(&mut transaction, Entry::of(&tenant, "product.delete", now).subject(id)).await?;
//! ```

use super::identity::Identity;
use super::tenant::Tenant;
use crate::cloudflare::Country;
use crate::domain::ids::VendorId;
use crate::storage::{StorageError, audit};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::fmt::Display;
use std::net::IpAddr;
use time::OffsetDateTime;
use uuid::Uuid;

/// One act.
#[derive(Clone, Debug)]
pub struct Entry {
    at: OffsetDateTime,
    user: Option<Uuid>,
    email: String,
    vendor: Option<VendorId>,
    address: Option<IpAddr>,
    country: Option<Country>,
    action: &'static str,
    subject: String,
    detail: Value,
}

impl Entry {
    /// An act for a vendor. `action` is `noun.verb`.
    #[must_use]
    pub fn of(tenant: &Tenant, action: &'static str, now: OffsetDateTime) -> Self {
        Self {
            vendor: Some(tenant.vendor),
            ..Self::by(&tenant.identity, action, now)
        }
    }

    /// An act of someone who is logged in; for the vendor they work for, if any.
    #[must_use]
    pub fn by(identity: &Identity, action: &'static str, now: OffsetDateTime) -> Self {
        Self {
            user: Some(identity.session.user_id),
            vendor: identity.session.vendor_id,
            address: Some(identity.address),
            country: identity.country,
            ..Self::unattended(&identity.session.email, action, now)
        }
    }

    /// An act of nobody who is logged in: of a command on the box, of a job,
    /// or of someone who is only known by a mail address.
    #[must_use]
    pub fn unattended(who: impl Into<String>, action: &'static str, now: OffsetDateTime) -> Self {
        Self {
            at: now,
            user: None,
            email: who.into(),
            vendor: None,
            address: None,
            country: None,
            action,
            subject: String::new(),
            detail: json!({}),
        }
    }

    /// The account that acted.
    #[must_use]
    pub fn user(mut self, user: Uuid) -> Self {
        self.user = Some(user);
        self
    }

    /// For whose shop.
    #[must_use]
    pub fn vendor(mut self, vendor: Option<VendorId>) -> Self {
        self.vendor = vendor;
        self
    }

    /// From where.
    #[must_use]
    pub fn address(mut self, address: IpAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// What was acted on: an id or a name.
    #[must_use]
    pub fn subject(mut self, subject: impl Display) -> Self {
        self.subject = subject.to_string();
        self
    }

    /// What else is worth knowing, as an object. Never a secret.
    #[must_use]
    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }
}

/// Writes an act down, in the transaction that does it.
///
/// # Errors
/// When the database fails.
pub async fn record(connection: &mut PgConnection, mut entry: Entry) -> Result<(), StorageError> {
    if let (Some(country), Value::Object(detail)) = (entry.country, &mut entry.detail) {
        detail.insert("country".to_owned(), country.as_str().into());
    }
    let address = entry
        .address
        .map(|address| address.to_canonical().to_string());
    let act = audit::NewAct {
        at: entry.at,
        user_id: entry.user,
        user_email: &entry.email,
        vendor_id: entry.vendor,
        address: address.as_deref().unwrap_or_default(),
        action: entry.action,
        subject: &entry.subject,
        detail: &entry.detail,
    };
    audit::insert(connection, &act).await
}
