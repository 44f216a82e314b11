//! What the certificates' keeper takes from outside, so that tests can give
//! something else: the clock, chance, authorities, a look at the names, and the
//! application.

use super::authority::Authority;
use futures_util::future::BoxFuture;
use onebox_api::certificates::Report;
use onebox_model::Config;
use std::time::Duration;
use time::OffsetDateTime;

/// The outside.
pub(crate) trait World: Send + Sync {
    /// The time.
    fn now(&self) -> OffsetDateTime;

    /// A number in 0..1, anew each time.
    fn random(&self) -> f64;

    /// The machine's name.
    fn hostname(&self) -> String;

    /// The authorities of a configuration, in the order in which they are asked.
    ///
    /// # Errors
    /// When one cannot be asked because of the configuration, in words for the
    /// operator.
    fn authorities(&self, config: &Config) -> Result<Vec<Box<dyn Authority>>, String>;

    /// Finds out what would keep an authority from validating these names.
    fn look<'a>(&'a self, config: &'a Config, names: &'a [String]) -> BoxFuture<'a, Report>;

    /// Has the application read its certificates again.
    fn reload(&self) -> BoxFuture<'_, Result<(), String>>;

    /// Whether the application serves the stored pair, within this time.
    fn serves(&self, within: Duration) -> BoxFuture<'_, Result<(), String>>;
}
