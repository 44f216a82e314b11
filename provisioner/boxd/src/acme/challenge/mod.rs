//! Proofs that a name is ours: put up where the authority will look, and taken
//! away afterwards.

mod cloudflare;
mod dns01;
mod files;

pub(crate) use cloudflare::Cloudflare;
pub(crate) use dns01::{Records, Spreading};
pub(crate) use files::Files;

use super::error::OrderError;
use onebox_model::config::AcmeChallenge;

/// One proof, in each of its forms.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    /// The name; a wildcard begins with `*.`.
    pub(crate) name: String,
    /// What the authority asks for.
    pub(crate) token: String,
    /// What it is to get (RFC 8555, 8.1).
    pub(crate) text: String,
    /// SHA-256 of that (RFC 8737, 3).
    pub(crate) digest: Vec<u8>,
    /// The same in base64url (RFC 8555, 8.4).
    pub(crate) record: String,
}

/// The way proofs are put up.
#[derive(Debug)]
pub(crate) enum Prover {
    /// Files that the application serves.
    Files(AcmeChallenge, Files),
    /// Records at Cloudflare.
    Records(Box<Records>),
}

/// What was put up, and whether that was all.
pub(crate) struct Placed {
    pub(crate) things: Things,
    pub(crate) problem: Option<OrderError>,
}

/// What is to be taken away.
pub(crate) enum Things {
    /// Files, which go when this is dropped.
    Files(files::Placed),
    /// Records, which somebody has to wait for.
    Records(Vec<dns01::Record>),
}

impl Prover {
    pub(crate) fn challenge(&self) -> AcmeChallenge {
        match self {
            Self::Files(challenge, _) => *challenge,
            Self::Records(_) => AcmeChallenge::Dns01,
        }
    }

    /// Puts all proofs up. What was put up before a problem is told as well.
    pub(crate) async fn place(
        &self,
        proofs: &[Proof],
        say: &(dyn Fn(String) + Send + Sync),
    ) -> Placed {
        match self {
            Self::Files(challenge, files) => {
                let (placed, problem) = files.place(*challenge, proofs);
                Placed {
                    things: Things::Files(placed),
                    problem,
                }
            }
            Self::Records(records) => {
                let (placed, problem) = records.place(proofs, say).await;
                Placed {
                    things: Things::Records(placed),
                    problem,
                }
            }
        }
    }

    /// Takes away what was put up.
    pub(crate) async fn take_away(&self, things: Things) {
        match (self, things) {
            (_, Things::Files(placed)) => drop(placed),
            (Self::Records(records), Things::Records(placed)) => records.take_away(placed).await,
            (Self::Files(..), Things::Records(_)) => {}
        }
    }
}
