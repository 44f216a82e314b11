//! Row numbers that cannot be mistaken for one another.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type,
            utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// A vendor: a tenant of the platform.
    VendorId
);
id!(
    /// A product of one vendor.
    ProductId
);
id!(
    /// A customer of one vendor.
    CustomerId
);
id!(
    /// An order at one vendor.
    OrderId
);
id!(
    /// An invoice of one vendor; not the number printed on it.
    InvoiceId
);
id!(
    /// A credit note of one vendor; not the number printed on it.
    CreditNoteId
);
