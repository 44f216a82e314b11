//! Certificates: what is served, for which names, until when, and what an
//! authority said last.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// `GET`: [`Status`].
pub const STATUS: &str = "/v1/certificates";
/// `POST` [`Renew`]: orders what is due, or all anew; steps, then [`Status`].
pub const RENEW: &str = "/v1/certificates/renew";
/// `POST` [`Revoke`]: [`Status`].
pub const REVOKE: &str = "/v1/certificates/revoke";
/// `POST`: [`Report`], without an attempt.
pub const TEST: &str = "/v1/certificates/test";

/// Everything about the box's certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Whether the box gets certificates by itself; why not, if not.
    pub off: Option<String>,
    /// What is served, from wherever it is.
    pub served: Option<Certificate>,
    /// Every name that a certificate is wanted for.
    pub names: Vec<Name>,
    /// The authority that is asked next.
    pub authority: Option<String>,
    /// When the certificate is renewed.
    #[serde(with = "time::serde::rfc3339::option")]
    pub renew_at: Option<OffsetDateTime>,
    /// Why then.
    pub renew_because: Option<String>,
    /// When something is tried or looked at next.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_try: Option<OffsetDateTime>,
    /// What the authority, or the way there, said last, in its own words.
    pub problem: Option<String>,
    /// What else the operator should know.
    pub notes: Vec<String>,
}

/// A certificate that is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Where it is from.
    pub source: Source,
    /// Common name of who signed it.
    pub issuer: String,
    /// Number in hexadecimal, as authorities and browsers show it.
    pub serial: String,
    /// What it is for.
    pub names: Vec<String>,
    /// From when it holds.
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    /// Until when.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// Whole days until then; negative afterwards.
    pub days_left: i64,
}

/// Where a certificate is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// An authority, through ACME.
    Authority,
    /// The box's own authority, which nobody knows.
    Local,
    /// The operator put it there.
    Operator,
}

/// A name that a certificate is wanted for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// Host name, wildcard or address.
    pub name: String,
    /// Whether a certificate is served for it that is not of the box's own
    /// authority.
    pub covered: bool,
    /// What keeps it from one, in the authority's own words or ours.
    pub problem: Option<String>,
    /// Failed validations since the last success.
    pub failures: u32,
    /// When it is tried again, after a failure.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_try: Option<OffsetDateTime>,
}

/// What to order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renew {
    /// How urgently.
    pub haste: Haste,
}

/// How urgently something is ordered. An authority's limit of failed
/// validations holds for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Haste {
    /// What is due, when nothing is waited for.
    #[default]
    Due,
    /// What is due or missing, without waiting after failures.
    Now,
    /// Everything anew, due or not.
    Anew,
}

/// What to revoke: the certificate that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoke {
    /// Why.
    pub reason: Reason,
}

/// Why a certificate is revoked (RFC 5280, 5.3.1), as far as authorities take
/// it from subscribers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No reason is given.
    #[default]
    Unspecified,
    /// Somebody else may have its private key.
    KeyCompromise,
    /// Another one has taken its place.
    Superseded,
    /// The names are no longer used.
    CessationOfOperation,
}

/// What was found out without asking an authority for anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Of the box itself.
    pub general: Vec<Check>,
    /// Of each name.
    pub names: Vec<NameReport>,
}

/// What was found out about a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameReport {
    /// Host name, wildcard or address.
    pub name: String,
    /// In the order in which an authority would get there.
    pub checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What.
    pub what: String,
    /// How it is.
    pub state: State,
    /// What was seen, and what to do about it.
    pub seen: String,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Good,
    /// It may keep an authority from validating.
    Doubtful,
    /// An authority cannot validate; no attempt is made.
    Bad,
}

impl NameReport {
    /// What certainly keeps an authority from validating.
    #[must_use]
    pub fn blocked_by(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.state == State::Bad)
    }
}

impl Report {
    /// The worst that was seen.
    #[must_use]
    pub fn worst(&self) -> State {
        let of_names = self.names.iter().flat_map(|name| &name.checks);
        let states = self.general.iter().chain(of_names).map(|check| check.state);
        states.max().unwrap_or(State::Good)
    }
}
