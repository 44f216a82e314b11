//! Beginning anew: everything of the box goes.

use serde::{Deserialize, Serialize};

/// `POST`, with an empty object: the data go at the restart that follows;
/// [`Reset`].
pub const FACTORY_RESET: &str = "/v1/factory-reset";

/// The box restarts, and begins anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reset {
    /// How many keys may still log in.
    pub kept_keys: usize,
}
