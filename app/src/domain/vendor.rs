//! What a vendor must be like.

use super::fault::{Fault, Faults};
use super::money::Currency;
use serde::Deserialize;
use utoipa::ToSchema;

/// A vendor to be added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVendor {
    /// Its part of the shop's address: small letters, digits and hyphens.
    #[schema(min_length = 1, max_length = 63)]
    pub slug: String,
    /// What it is called.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// ISO 4217; for ever, the books are kept in it.
    #[serde(default = "euro")]
    pub currency: String,
    /// Printed on invoices.
    #[serde(default)]
    pub address: String,
    /// Printed on invoices.
    #[serde(default)]
    pub vat_id: String,
    /// What invoice numbers begin with.
    #[serde(default = "prefix")]
    pub invoice_prefix: String,
    /// In basis points: 1700 is 17 %.
    #[serde(default = "rate")]
    pub vat_rate_bp: i32,
    /// Its plan's code.
    #[serde(default = "starter")]
    pub plan: String,
}

/// Changes to a vendor; what is absent stays. The last three are for
/// administrators.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "as of NewVendor")]
pub struct VendorPatch {
    pub name: Option<String>,
    pub address: Option<String>,
    pub vat_id: Option<String>,
    pub invoice_prefix: Option<String>,
    pub vat_rate_bp: Option<i32>,
    pub slug: Option<String>,
    pub plan: Option<String>,
    /// An inactive vendor's products are not shown and not sold.
    pub is_active: Option<bool>,
}

fn euro() -> String {
    "EUR".to_owned()
}

fn prefix() -> String {
    "INV-".to_owned()
}

fn rate() -> i32 {
    1700
}

fn starter() -> String {
    "starter".to_owned()
}

impl NewVendor {
    /// What is usual where nothing else is said; slug and name are empty.
    #[must_use]
    pub fn blank() -> Self {
        Self {
            slug: String::new(),
            name: String::new(),
            currency: euro(),
            address: String::new(),
            vat_id: String::new(),
            invoice_prefix: prefix(),
            vat_rate_bp: rate(),
            plan: starter(),
        }
    }

    /// Looks at every field.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let patch = VendorPatch {
            name: Some(self.name.clone()),
            address: Some(self.address.clone()),
            vat_id: Some(self.vat_id.clone()),
            invoice_prefix: Some(self.invoice_prefix.clone()),
            vat_rate_bp: Some(self.vat_rate_bp),
            slug: Some(self.slug.clone()),
            plan: Some(self.plan.clone()),
            is_active: None,
        };
        let mut faults = patch.faults();
        faults.check(
            self.currency.parse::<Currency>().is_ok(),
            "currency",
            "must be an ISO 4217 code such as EUR",
        );
        faults.into_result()
    }
}

impl VendorPatch {
    /// Looks at every field that is there.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        self.faults().into_result()
    }

    /// Whether it touches what is not the owner's to change.
    #[must_use]
    pub fn is_for_administrators(&self) -> bool {
        self.slug.is_some() || self.plan.is_some() || self.is_active.is_some()
    }

    fn faults(&self) -> Faults {
        let mut faults = Faults::new();
        let mut text = |field, value: &Option<String>, least, most| {
            if let Some(value) = value {
                faults.text(field, value, least, most);
            }
        };
        text("name", &self.name, 1, 200);
        text("address", &self.address, 0, 1000);
        text("vat_id", &self.vat_id, 0, 40);
        text("invoice_prefix", &self.invoice_prefix, 0, 16);
        if let Some(rate) = self.vat_rate_bp {
            faults.check(
                (0..=10_000).contains(&rate),
                "vat_rate_bp",
                "must be from 0 to 10000",
            );
        }
        if let Some(slug) = &self.slug {
            faults.check(
                is_slug(slug),
                "slug",
                "must be 1 to 63 small letters, digits and hyphens, no hyphen at an end",
            );
        }
        faults
    }
}

fn is_slug(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
