//! HTTP out of the box. Two clients, built when they are first used, and one
//! that stays on it:
//!
//! - [`Outbound::guarded`] for addresses that users give (feeds). It refuses
//!   to connect to this machine and its networks, whatever a name resolves to
//!   at the moment of connecting and wherever a redirect leads;
//! - [`Outbound::trusted`] for addresses the operator has configured, which
//!   may well be inside. It follows no redirects;
//! - [`pinned`] for the self-test, which asks this box what it serves.
//!
//! Nothing else in the application makes an HTTP client.

mod guard;
mod pinned;
mod resolver;

pub use guard::{ForbiddenAddress, Reach, check};
pub use pinned::pinned;

use reqwest::{Client, ClientBuilder, redirect};
use resolver::PublicOnly;
use rustls_platform_verifier::BuilderVerifierExt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long reaching the other side may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the other side may be silent. There is no limit for the whole: a
/// large feed takes its time.
const SILENCE: Duration = Duration::from_secs(30);
/// Feeds move, but not this often.
const REDIRECTS: usize = 5;

/// Makes requests.
#[derive(Clone, Debug)]
pub struct Outbound(Arc<Clients>);

#[derive(Debug)]
struct Clients {
    reach: Reach,
    guarded: OnceLock<Client>,
    trusted: OnceLock<Client>,
}

/// No client can be built: the machine has no usable root certificates.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// TLS cannot be set up.
    #[error("cannot set up TLS for outgoing requests: {0}")]
    Tls(#[from] rustls::Error),
    /// There is nothing to compare a served certificate with.
    #[error("no stored certificate in {}: {why}; the keeper makes one, see `boxctl doctor`", path.display())]
    Stored {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The client cannot be built.
    #[error("cannot set up outgoing requests: {0}")]
    Client(#[from] reqwest::Error),
}

impl Outbound {
    /// Requests that may reach so far.
    #[must_use]
    pub fn new(reach: Reach) -> Self {
        Self(Arc::new(Clients {
            reach,
            guarded: OnceLock::new(),
            trusted: OnceLock::new(),
        }))
    }

    /// How far user-given addresses may lead.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.0.reach
    }

    /// The client for addresses that users give; pass them through [`check`]
    /// first, which can say what is wrong.
    ///
    /// # Errors
    /// When it cannot be built.
    pub fn guarded(&self) -> Result<&Client, OutboundError> {
        kept(&self.0.guarded, || {
            let reach = self.0.reach;
            let policy = redirect::Policy::custom(move |attempt| follow(attempt, reach));
            base()?
                .redirect(policy)
                .dns_resolver(Arc::new(PublicOnly(reach)))
                .build()
                .map_err(OutboundError::Client)
        })
    }

    /// The client for addresses of the configuration.
    ///
    /// # Errors
    /// When it cannot be built.
    pub fn trusted(&self) -> Result<&Client, OutboundError> {
        kept(&self.0.trusted, || {
            base()?
                .redirect(redirect::Policy::none())
                .build()
                .map_err(OutboundError::Client)
        })
    }
}

/// A name is judged by the resolver when it is connected to; an address that
/// stands in the URL never gets there and is judged here.
fn follow(attempt: redirect::Attempt<'_>, reach: Reach) -> redirect::Action {
    if attempt.previous().len() > REDIRECTS {
        return attempt.error("too many redirects");
    }
    let was_https = attempt.previous().last().map(|url| url.scheme() == "https");
    if was_https == Some(true) && attempt.url().scheme() != "https" {
        return attempt.error("a redirect from https to http");
    }
    match check(attempt.url().as_str(), reach) {
        Ok(_) => attempt.follow(),
        Err(error) => attempt.error(error),
    }
}

fn base() -> Result<ClientBuilder, OutboundError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .pool_idle_timeout(Duration::from_secs(60))
        .no_proxy()
        .user_agent(concat!("wizamart/", env!("CARGO_PKG_VERSION"))))
}

fn kept(
    cell: &OnceLock<Client>,
    build: impl FnOnce() -> Result<Client, OutboundError>,
) -> Result<&Client, OutboundError> {
    if let Some(client) = cell.get() {
        return Ok(client);
    }
    let client = build()?;
    Ok(cell.get_or_init(|| client))
}
