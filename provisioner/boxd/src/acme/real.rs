//! The outside as it is on a box.

use super::account::Registration;
use super::authority::{Authority, Remote};
use super::challenge::{Cloudflare, Files, Prover, Records, Spreading};
use super::dns::Dns;
use super::http::Patience;
use super::order::Polling;
use super::selfcheck::Look;
use super::world::World;
use crate::disk::Disk;
use crate::gate::{self, ProbeError};
use crate::secrets;
use aws_lc_rs::rand;
use futures_util::future::BoxFuture;
use onebox_api::certificates::{Check, Report, State};
use onebox_model::config::AcmeChallenge;
use onebox_model::{Config, paths, ports};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

/// Has the application read its certificates again.
pub(crate) type Reload = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The box.
pub(crate) struct Real {
    pub(crate) disk: Arc<Disk>,
    /// Where the application serves HTTPS.
    pub(crate) address: SocketAddr,
    /// Ports under which the world reaches this box.
    pub(crate) ports: (u16, u16),
    pub(crate) reload: Reload,
    pub(crate) patience: Patience,
    pub(crate) polling: Polling,
    pub(crate) spreading: Spreading,
}

impl Real {
    /// With the times and places of a box.
    pub(crate) fn new(disk: Arc<Disk>, reload: Reload) -> Self {
        Self {
            disk,
            address: gate::default_address(),
            ports: (ports::HTTP, ports::HTTPS),
            reload,
            patience: Patience::default(),
            polling: Polling::default(),
            spreading: Spreading::default(),
        }
    }

    fn prover(&self, config: &Config) -> Result<Prover, String> {
        match config.acme.challenge {
            challenge @ (AcmeChallenge::Http01 | AcmeChallenge::TlsAlpn01) => {
                Ok(Prover::Files(challenge, Files::new(Arc::clone(&self.disk))))
            }
            AcmeChallenge::Dns01 => {
                let cloudflare = &config.acme.cloudflare;
                let token = cloudflare
                    .token
                    .as_ref()
                    .ok_or("acme.cloudflare.token is not set, and dns-01 needs it")?;
                let token = secrets::reveal(&self.disk, token)
                    .map_err(|error| format!("acme.cloudflare.token: {error}"))?;
                let cloudflare =
                    Cloudflare::new(&cloudflare.url, token).map_err(|error| error.to_string())?;
                Ok(Prover::Records(Box::new(Records {
                    cloudflare,
                    dns: Dns::new(&config.acme.name_servers())?,
                    spreading: self.spreading,
                })))
            }
        }
    }

    async fn looked(&self, config: &Config, names: &[String]) -> Result<Report, String> {
        let dns = Dns::new(&config.acme.name_servers())?;
        let prover = self.prover(config)?;
        let authorities = config.acme.authorities();
        let authority = authorities.first().ok_or("there is no authority")?;
        let look = Look {
            dns: &dns,
            files: &Files::new(Arc::clone(&self.disk)),
            prover: &prover,
            authority,
            ports: self.ports,
            now: self.now(),
        };
        Ok(look.report(names).await)
    }
}

impl World for Real {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    fn random(&self) -> f64 {
        let mut bytes = [0; 4];
        // Without chance all boxes would come at once, which is no reason to fail.
        match rand::fill(&mut bytes) {
            Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
            Err(_) => 0.5,
        }
    }

    fn hostname(&self) -> String {
        let name = rustix::system::uname();
        name.nodename().to_string_lossy().into_owned()
    }

    fn authorities(&self, config: &Config) -> Result<Vec<Box<dyn Authority>>, String> {
        let prover = Arc::new(self.prover(config)?);
        let mut authorities: Vec<Box<dyn Authority>> = Vec::new();
        for authority in config.acme.authorities() {
            let eab = match &authority.eab {
                Some((kid, key)) => {
                    let key = secrets::reveal(&self.disk, key)
                        .map_err(|error| format!("acme.eab.hmac_key: {error}"))?;
                    Some((kid.clone(), key))
                }
                None => None,
            };
            authorities.push(Box::new(Remote {
                disk: Arc::clone(&self.disk),
                registration: Registration {
                    directory: authority.directory,
                    email: config.acme.email.clone(),
                    eab,
                },
                ca_file: authority.ca_file.map(PathBuf::from),
                prover: Arc::clone(&prover),
                patience: self.patience,
                polling: self.polling,
            }));
        }
        Ok(authorities)
    }

    fn look<'a>(&'a self, config: &'a Config, names: &'a [String]) -> BoxFuture<'a, Report> {
        Box::pin(async move {
            match self.looked(config, names).await {
                Ok(report) => report,
                Err(why) => Report {
                    general: vec![Check {
                        what: "configuration".to_owned(),
                        state: State::Bad,
                        seen: why,
                    }],
                    names: Vec::new(),
                },
            }
        })
    }

    fn reload(&self) -> BoxFuture<'_, Result<(), String>> {
        (self.reload)()
    }

    fn serves(&self, within: Duration) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let (address, chain) = (self.address, self.disk.path(paths::TLS_CHAIN));
            let start = std::time::Instant::now();
            loop {
                let chain = chain.clone();
                let look = tokio::task::spawn_blocking(move || gate::serves(address, &chain));
                let why = match look.await {
                    Ok(Ok(())) => return Ok(()),
                    // Systemd keeps the socket: refused, there is no site at all.
                    Ok(Err(ProbeError::Io(error)))
                        if error.kind() == std::io::ErrorKind::ConnectionRefused =>
                    {
                        return Err(format!("https://{address} does not answer: {error}"));
                    }
                    Ok(Err(error)) => error.to_string(),
                    Err(error) => error.to_string(),
                };
                if start.elapsed() >= within {
                    return Err(format!("https://{address} {why}"));
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        })
    }
}
