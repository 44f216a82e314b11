//! `[limits]`: how often the outside may ask. All are counted over the hour
//! before now; 0 turns one off.

use serde::{Deserialize, Serialize};

/// Requests and failures an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests of one account to the API.
    pub api_per_user: u32,
    /// Requests of one address without an account.
    pub public_per_address: u32,
    /// Attempts to log in from one address, right or wrong.
    pub logins_per_address: u32,
    /// Requests of one address for a password link, and uses of one.
    pub password_resets_per_address: u32,
    /// Failed logins of one account, from anywhere.
    pub login_failures_per_account: u32,
    /// Failed logins from one address, for any account.
    pub login_failures_per_address: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            api_per_user: 36_000,
            public_per_address: 36_000,
            logins_per_address: 600,
            password_resets_per_address: 20,
            login_failures_per_account: 100,
            login_failures_per_address: 100,
        }
    }
}
