//! Certificates from an authority, by ACME (RFC 8555): ordered, renewed in time,
//! put into use and looked at.
//!
//! A box must serve whatever happens here. So nothing of this ends a process,
//! a pair is replaced only by one that was looked at as a browser would, and
//! an authority is asked only when it can succeed and as seldom as it wants.
//! What is decided ([`plan`], [`schedule`]) is apart from what is done, and
//! everything outside is behind [`world::World`], so that years pass in tests.
//!
//! Start reading at [`manager`] (one run), then [`order`] (one order).

mod account;
mod alternates;
mod authority;
mod challenge;
pub(crate) mod check;
mod dns;
mod error;
pub(crate) mod http;
mod key;
mod manager;
mod order;
mod plan;
mod real;
mod schedule;
mod selfcheck;
mod state;
mod status;
mod store;
mod world;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use authority::Say;
pub use manager::{Manager, Outcome, RevokeError};

use crate::disk::Disk;
use crate::effective;
use onebox_model::{Config, Credentials, paths};

/// The configuration in force: what was rendered from the operator's file, and
/// the file itself where nothing was rendered yet.
#[must_use]
pub fn config_in_force(disk: &Disk) -> Config {
    let rendered = disk.read(paths::EFFECTIVE_CONFIG).ok().flatten();
    let parsed = rendered.and_then(|bytes| {
        let text = String::from_utf8(bytes).ok()?;
        Config::parse(&text, paths::EFFECTIVE_CONFIG.as_ref()).ok()
    });
    let mut config = parsed.unwrap_or_else(|| effective::choose(disk).config);
    // Systemd's, for secrets that the file only names.
    if let Some(directory) = std::env::var_os("CREDENTIALS_DIRECTORY") {
        config.credentials = Credentials::at(directory);
    }
    config
}

/// The library gives up after three bad nonces; an authority with several
/// servers may refuse more of them in a row.
pub(crate) const NONCE_TRIES: u32 = 8;

/// Does a request to an authority again while it refuses its nonce.
macro_rules! patiently {
    ($attempt:expr) => {{
        let mut tries = 0_u32;
        loop {
            let result = $attempt.await;
            tries += 1;
            match result {
                Err(::instant_acme::Error::Api(ref problem))
                    if tries < $crate::acme::NONCE_TRIES
                        && $crate::acme::error::kind(problem) == "badNonce" => {}
                other => break other,
            }
        }
    }};
}
pub(crate) use patiently;
