//! Authorities as the rest of the keeper sees them: something that gives
//! certificates, suggests when to renew, and takes certificates back.

use super::account::{self, Registration};
use super::challenge::Prover;
use super::error::OrderError;
use super::http::{Http, Patience};
use super::order::{self, Issued, Means, Polling, Wanted};
use super::patiently;
use crate::disk::Disk;
use futures_util::future::BoxFuture;
use instant_acme::{CertificateIdentifier, Error as Acme, RevocationReason, RevocationRequest};
use onebox_api::certificates::Reason;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::PathBuf;
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// Hears of progress.
pub type Say<'a> = &'a (dyn Fn(String) + Send + Sync);

/// When an authority wants a certificate to be renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suggested {
    pub(crate) window: (OffsetDateTime, OffsetDateTime),
    pub(crate) explanation: Option<String>,
    pub(crate) retry_after: Duration,
}

/// An authority, real or simulated.
pub(crate) trait Authority: Send + Sync {
    /// URL of its directory.
    fn directory(&self) -> &str;

    /// Has it give a certificate.
    fn issue<'a>(
        &'a self,
        wanted: &'a Wanted,
        say: Say<'a>,
    ) -> BoxFuture<'a, Result<Issued, OrderError>>;

    /// Its suggestion for a certificate; `None` where it makes none.
    fn suggestion<'a>(
        &'a self,
        chain: &'a str,
    ) -> BoxFuture<'a, Result<Option<Suggested>, OrderError>>;

    /// Has it revoke a certificate.
    fn revoke<'a>(
        &'a self,
        chain: &'a str,
        reason: Reason,
    ) -> BoxFuture<'a, Result<(), OrderError>>;
}

/// An authority on the network (RFC 8555).
pub(crate) struct Remote {
    pub(crate) disk: Arc<Disk>,
    pub(crate) registration: Registration,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) prover: Arc<Prover>,
    pub(crate) patience: Patience,
    pub(crate) polling: Polling,
}

/// Longest time for a whole order: each step has a limit of its own, and all
/// of them together shall not hold up the next run for hours.
const WHOLE_ORDER: std::time::Duration = std::time::Duration::from_secs(15 * 60);

impl Remote {
    fn http(&self) -> Result<Http, OrderError> {
        Http::new(self.ca_file.as_deref(), self.patience)
            .map_err(|error| OrderError::Own(error.to_string()))
    }
}

impl Authority for Remote {
    fn directory(&self) -> &str {
        &self.registration.directory
    }

    fn issue<'a>(
        &'a self,
        wanted: &'a Wanted,
        say: Say<'a>,
    ) -> BoxFuture<'a, Result<Issued, OrderError>> {
        Box::pin(async move {
            let http = self.http()?;
            let means = Means {
                disk: &self.disk,
                http: &http,
                registration: &self.registration,
                prover: &self.prover,
                polling: self.polling,
                say,
            };
            match tokio::time::timeout(WHOLE_ORDER, order::go(&means, wanted)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(OrderError::Unavailable {
                    problem: "the order took longer than 15 minutes".to_owned(),
                    retry_after: None,
                }),
            }
        })
    }

    fn suggestion<'a>(
        &'a self,
        chain: &'a str,
    ) -> BoxFuture<'a, Result<Option<Suggested>, OrderError>> {
        Box::pin(async move {
            let Some(id) = identifier(chain) else {
                return Ok(None);
            };
            let http = self.http()?;
            let registered = account::open(&self.disk, &http, &self.registration).await?;
            match registered.account.renewal_info(&id).await {
                Ok((info, wait)) => Ok(Some(Suggested {
                    window: (info.suggested_window.start, info.suggested_window.end),
                    explanation: info.explanation_url,
                    retry_after: Duration::try_from(wait).unwrap_or(Duration::hours(6)),
                })),
                Err(Acme::Unsupported(_)) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }

    fn revoke<'a>(
        &'a self,
        chain: &'a str,
        reason: Reason,
    ) -> BoxFuture<'a, Result<(), OrderError>> {
        Box::pin(async move {
            let leaf = leaf(chain).ok_or_else(|| {
                OrderError::Own("the stored chain has no certificate in it".to_owned())
            })?;
            let http = self.http()?;
            let registered = account::open(&self.disk, &http, &self.registration).await?;
            let reason = match reason {
                Reason::Unspecified => RevocationReason::Unspecified,
                Reason::KeyCompromise => RevocationReason::KeyCompromise,
                Reason::Superseded => RevocationReason::Superseded,
                Reason::CessationOfOperation => RevocationReason::CessationOfOperation,
            };
            let request = RevocationRequest {
                certificate: &leaf,
                reason: Some(reason),
            };
            match patiently!(registered.account.revoke(&request)) {
                Ok(()) => Ok(()),
                // Somebody was faster, which is as good.
                Err(Acme::Api(problem)) if super::error::kind(&problem) == "alreadyRevoked" => {
                    Ok(())
                }
                Err(error) => Err(error.into()),
            }
        })
    }
}

fn leaf(chain: &str) -> Option<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(chain.as_bytes()).ok()
}

/// How a certificate is named to the authority that gave it (RFC 9773, 4.1).
pub(crate) fn identifier(chain: &str) -> Option<CertificateIdentifier<'static>> {
    let leaf = leaf(chain)?;
    let identifier = CertificateIdentifier::try_from(&leaf).ok()?;
    Some(identifier.into_owned())
}
