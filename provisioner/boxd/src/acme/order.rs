//! One order at one authority, from names to a chain and its key (RFC 8555,
//! 7.1.6).

use super::account::{self, Registered, Registration};
use super::challenge::{Proof, Prover};
use super::error::{OrderError, Unproven, is_refusal, kind, words};
use super::http::Http;
use super::{NONCE_TRIES, alternates, key, patiently};
use crate::disk::Disk;
use instant_acme::{
    AuthorizationStatus, CertificateIdentifier, ChallengeType, Error as Acme, Identifier, NewOrder,
    Order, OrderStatus, RetryPolicy,
};
use onebox_model::config::{AcmeChallenge, AcmeKeyType};
use std::net::IpAddr;
use std::time::Duration;

/// What is wanted of an authority.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Host names, wildcards and addresses.
    pub(crate) names: Vec<String>,
    /// The certificate that this one takes the place of (RFC 9773, 5).
    pub(crate) replaces: Option<CertificateIdentifier<'static>>,
    /// One of the authority's profiles.
    pub(crate) profile: Option<String>,
    /// Common name of the issuer that the chain should lead to.
    pub(crate) preferred_chain: Option<String>,
    /// Kind of a new key.
    pub(crate) key_type: AcmeKeyType,
    /// The key to keep, as PEM.
    pub(crate) old_key: Option<String>,
}

/// What an authority gave.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    /// The chain as PEM, the certificate itself first.
    pub(crate) chain: String,
    /// Its key as PEM.
    pub(crate) key: String,
    /// What went otherwise than it was wanted.
    pub(crate) notes: Vec<String>,
}

/// How long an authority has for each step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Polling {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Default for Polling {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(150),
        }
    }
}

impl Polling {
    fn policy(self) -> RetryPolicy {
        RetryPolicy::new()
            .initial_delay(self.first)
            .backoff(1.5)
            .timeout(self.longest)
    }
}

/// Everything an order needs besides what is wanted.
pub(crate) struct Means<'a> {
    pub(crate) disk: &'a Disk,
    pub(crate) http: &'a Http,
    pub(crate) registration: &'a Registration,
    pub(crate) prover: &'a Prover,
    pub(crate) polling: Polling,
    pub(crate) say: &'a (dyn Fn(String) + Send + Sync),
}

/// Goes through an order.
pub(crate) async fn go(means: &Means<'_>, wanted: &Wanted) -> Result<Issued, OrderError> {
    let mut notes = Vec::new();
    let (registered, mut order) = begin(means, wanted, &mut notes).await?;
    prove(means, &mut order).await?;
    (means.say)("the names are proven; asking for the certificate".to_owned());
    let (key, csr) = key::request(wanted)?;
    finish(means, &mut order, &csr).await?;
    let chain = patiently!(order.poll_certificate(&means.polling.policy()))?;
    let chain = match &wanted.preferred_chain {
        Some(issuer) => alternates::choose(means, &registered, chain, issuer, &mut notes).await,
        None => chain,
    };
    Ok(Issued { chain, key, notes })
}

/// Places the order. An account that the authority has forgotten is made again,
/// and what it refuses as a replacement is ordered as a certificate of its own.
async fn begin(
    means: &Means<'_>,
    wanted: &Wanted,
    notes: &mut Vec<String>,
) -> Result<(Registered, Order), OrderError> {
    let identifiers: Vec<Identifier> = wanted.names.iter().map(|name| identifier(name)).collect();
    let mut registered = account::open(means.disk, means.http, means.registration).await?;
    let mut replaces = wanted.replaces.clone();
    let mut is_new_account = false;
    loop {
        let offered = registered
            .account
            .profiles()
            .map(|profile| profile.name.to_owned())
            .collect::<Vec<_>>();
        let mut request = NewOrder::new(&identifiers);
        if let Some(profile) = &wanted.profile {
            if offered.iter().any(|name| name == profile) {
                request = request.profile(profile);
            } else {
                let note = match offered.as_slice() {
                    [] => format!("the authority has no profiles, so not {profile:?} either"),
                    names => format!(
                        "the authority has no profile {profile:?}, only {}; its default was taken",
                        names.join(", ")
                    ),
                };
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        if let Some(replaces) = &replaces {
            request = request.replaces(replaces.clone());
        }
        let error = match patiently!(registered.account.new_order(&request)) {
            Ok(order) => return Ok((registered, order)),
            Err(error) => error,
        };
        let is_forgotten =
            matches!(&error, Acme::Api(problem) if kind(problem) == "accountDoesNotExist");
        if is_forgotten && !is_new_account {
            (means.say)("the authority has forgotten our account; making a new one".to_owned());
            account::forget(means.disk, &means.registration.directory)?;
            registered = account::open(means.disk, means.http, means.registration).await?;
            is_new_account = true;
            continue;
        }
        // Whatever is wrong with a replacement is no reason to have none. The
        // library itself refuses where an authority does not know of them, and
        // where it does not confirm one.
        let about_replacing = is_refusal(&error)
            || matches!(&error, Acme::Unsupported(_))
            || matches!(&error, Acme::Other(inner) if inner.to_string().starts_with("replaces"));
        if replaces.is_some() && about_replacing {
            tracing::info!("ordering without naming the certificate that is replaced: {error}");
            replaces = None;
            continue;
        }
        return Err(error.into());
    }
}

/// Proves every name that the authority does not take as proven already. What
/// was put up for it is taken away again, however this ends.
async fn prove(means: &Means<'_>, order: &mut Order) -> Result<(), OrderError> {
    if order.state().status == OrderStatus::Ready {
        return Ok(());
    }
    let proofs = pending(means, order).await?;
    if !proofs.is_empty() {
        let names: Vec<&str> = proofs.iter().map(|proof| proof.name.as_str()).collect();
        (means.say)(format!("proving {}", names.join(", ")));
    }
    let placed = means.prover.place(&proofs, means.say).await;
    let outcome = match placed.problem {
        Some(problem) => Err(problem),
        None => validate(means, order).await,
    };
    means.prover.take_away(placed.things).await;
    outcome
}

/// The proofs that are still to be given.
async fn pending(means: &Means<'_>, order: &mut Order) -> Result<Vec<Proof>, OrderError> {
    fetch(order).await?;
    let challenge_type = challenge_type(means.prover.challenge());
    let mut proofs = Vec::new();
    let mut refused = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(next) = authorizations.next().await {
        let mut authorization = next?;
        let name = authorization.identifier().to_string();
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            status => {
                refused.push(Unproven {
                    name,
                    problem: format!("the authority holds it as {status:?}"),
                    counted: false,
                });
                continue;
            }
        }
        let offered: Vec<String> = authorization
            .challenges
            .iter()
            .map(|challenge| format!("{:?}", challenge.r#type))
            .collect();
        match authorization.challenge(challenge_type.clone()) {
            Some(challenge) => {
                let proof = challenge.key_authorization();
                proofs.push(Proof {
                    name,
                    token: challenge.token.clone(),
                    text: proof.as_str().to_owned(),
                    digest: proof.digest().as_ref().to_vec(),
                    record: proof.dns_value(),
                });
            }
            None => refused.push(Unproven {
                name,
                problem: format!(
                    "the authority does not take acme.challenge for it, only {}",
                    offered.join(", ")
                ),
                counted: false,
            }),
        }
    }
    match refused.is_empty() {
        true => Ok(proofs),
        false => Err(OrderError::Unproven(refused)),
    }
}

/// Fetches what the authority holds of each name. The library's iterator skips
/// what it could not fetch, so it starts again; what was fetched stays.
async fn fetch(order: &mut Order) -> Result<(), OrderError> {
    let names = u32::try_from(order.state().authorizations.len()).unwrap_or(u32::MAX);
    let most = NONCE_TRIES.saturating_add(names.saturating_mul(2));
    let mut tries = 0;
    'again: loop {
        tries += 1;
        let mut authorizations = order.authorizations();
        while let Some(next) = authorizations.next().await {
            match next {
                Ok(_) => {}
                Err(Acme::Api(problem)) if tries < most && kind(&problem) == "badNonce" => {
                    continue 'again;
                }
                Err(error) => return Err(error.into()),
            }
        }
        return Ok(());
    }
}

/// Has the authority look, and waits for what it finds.
async fn validate(means: &Means<'_>, order: &mut Order) -> Result<(), OrderError> {
    let challenge_type = challenge_type(means.prover.challenge());
    let mut authorizations = order.authorizations();
    while let Some(next) = authorizations.next().await {
        let mut authorization = next?;
        if authorization.status != AuthorizationStatus::Pending {
            continue;
        }
        if let Some(mut challenge) = authorization.challenge(challenge_type.clone()) {
            match patiently!(challenge.set_ready()) {
                // What is wrong with it is read below, with all others.
                Ok(()) | Err(Acme::Api(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    let polled = patiently!(order.poll_ready(&means.polling.policy()));
    match polled {
        Ok(OrderStatus::Ready) => return Ok(()),
        Ok(_) | Err(Acme::Api(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let failed = failures(order).await?;
    if !failed.is_empty() {
        return Err(OrderError::Unproven(failed));
    }
    Err(match polled {
        Err(error) => error.into(),
        Ok(status) => OrderError::Refused(format!(
            "the authority ended the order as {status:?} and says nothing of any name"
        )),
    })
}

/// The names that the authority did not find proven, with its own words.
async fn failures(order: &mut Order) -> Result<Vec<Unproven>, OrderError> {
    fetch(order).await?;
    let mut failed = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(next) = authorizations.next().await {
        let mut authorization = next?;
        patiently!(authorization.refresh()).map(|_| ())?;
        if authorization.status != AuthorizationStatus::Invalid {
            continue;
        }
        let said = authorization
            .challenges
            .iter()
            .find_map(|challenge| challenge.error.as_ref().map(words));
        failed.push(Unproven {
            name: authorization.identifier().to_string(),
            problem: said.unwrap_or_else(|| "the authority does not say why".to_owned()),
            counted: true,
        });
    }
    Ok(failed)
}

/// Hands in the request for the certificate. An answer that got lost is no
/// reason for another order.
async fn finish(means: &Means<'_>, order: &mut Order, csr: &[u8]) -> Result<(), OrderError> {
    let error = match patiently!(order.finalize_csr(csr)) {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    match patiently!(order.refresh()).map(|state| state.status) {
        Ok(OrderStatus::Processing | OrderStatus::Valid) => {
            (means.say)("the authority is at it already".to_owned());
            Ok(())
        }
        _ => Err(error.into()),
    }
}

fn challenge_type(challenge: AcmeChallenge) -> ChallengeType {
    match challenge {
        AcmeChallenge::Http01 => ChallengeType::Http01,
        AcmeChallenge::TlsAlpn01 => ChallengeType::TlsAlpn01,
        AcmeChallenge::Dns01 => ChallengeType::Dns01,
    }
}

fn identifier(name: &str) -> Identifier {
    match name.parse::<IpAddr>() {
        Ok(address) => Identifier::Ip(address),
        Err(_) => Identifier::Dns(name.to_owned()),
    }
}
