//! What every page of the back office has around its content: who is logged
//! in, for which shop, and the menu of what that person may open.
//!
//! A page is a template that extends `admin.html` and has a field `frame`.

use crate::auth::identity::Identity;
use crate::domain::ids::VendorId;
use crate::pages::when;
use crate::storage::users::Role;
use time::OffsetDateTime;

/// The surroundings of a page.
#[derive(Clone, Debug)]
pub struct Frame {
    identity: Identity,
    current: &'static str,
}

/// Links under one heading.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The heading.
    pub title: Option<&'static str>,
    /// The links.
    pub items: &'static [Item],
}

/// A link of the menu.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// Where it leads.
    pub path: &'static str,
    /// Its words.
    pub label: &'static str,
}

const fn item(path: &'static str, label: &'static str) -> Item {
    Item { path, label }
}

/// What everybody who works in a shop may open.
const SHOP: Group = Group {
    title: None,
    items: &[
        item("/admin", "Dashboard"),
        item("/admin/orders", "Orders"),
        item("/admin/products", "Products"),
        item("/admin/customers", "Customers"),
        item("/admin/invoices", "Invoices"),
        item("/admin/imports", "Imports"),
        item("/admin/reports", "Reports"),
    ],
};

/// What its owner may open besides.
const OWNER: Group = Group {
    title: Some("Shop"),
    items: &[
        item("/admin/settings", "Settings"),
        item("/admin/billing", "Billing"),
        item("/admin/users", "Users"),
        item("/admin/audit", "Audit log"),
    ],
};

/// What is for administrators of the platform.
const PLATFORM: Group = Group {
    title: Some("Platform"),
    items: &[
        item("/admin/vendors", "Shops"),
        item("/admin/flags", "Features"),
        item("/admin/jobs", "Jobs"),
        item("/admin/mail", "Mail"),
    ],
};

impl Frame {
    /// The surroundings of the page at `current`, for this person.
    #[must_use]
    pub fn new(identity: Identity, current: &'static str) -> Self {
        Self { identity, current }
    }

    /// The menu.
    #[must_use]
    pub fn menu(&self) -> Vec<Group> {
        match self.identity.session.role {
            Role::Staff => vec![SHOP],
            Role::Owner => vec![SHOP, OWNER],
            Role::Admin => vec![SHOP, OWNER, PLATFORM],
        }
    }

    /// Whether a menu entry leads to the page that is shown.
    #[must_use]
    pub fn is_current(&self, path: &str) -> bool {
        self.current == path
    }

    /// The shop the person works for at the moment.
    #[must_use]
    pub fn vendor(&self) -> Option<VendorId> {
        self.identity.session.vendor_id
    }

    /// The person's address.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.identity.session.email
    }

    /// Date, hour and minute, in the time of the box.
    #[must_use]
    pub fn minute(&self, at: OffsetDateTime) -> String {
        when::minute(at, &self.identity.zone)
    }

    /// Date, hour, minute and second, in the time of the box.
    #[must_use]
    pub fn second(&self, at: OffsetDateTime) -> String {
        when::second(at, &self.identity.zone)
    }

    /// Date, in the time of the box.
    #[must_use]
    pub fn day(&self, at: OffsetDateTime) -> String {
        when::day(at, &self.identity.zone)
    }

    /// Whose time that is, for headings.
    #[must_use]
    pub fn zone(&self) -> &str {
        self.identity.zone.name()
    }

    /// What every form must carry.
    #[must_use]
    pub fn csrf(&self) -> &str {
        &self.identity.session.csrf
    }

    /// Whether the person runs the platform.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.identity.session.role == Role::Admin
    }
}
