//! A mail server (RFC 5321), with connections that are kept for the next mail.

use super::http::chain;
use super::message::Letter;
use super::transport::{SendError, Transport};
use futures_util::future::BoxFuture;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{self, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use onebox_model::config::{Smtp as Settings, SmtpSecurity};
use std::error::Error as _;
use std::io;
use std::time::Duration;

/// Connections that may be open at once; more jobs wait for one.
const CONNECTIONS: u32 = 8;
/// How long an idle one is kept. Servers close theirs after five minutes.
const IDLE: Duration = Duration::from_secs(60);

/// A mail server.
#[derive(Debug)]
pub struct Smtp(AsyncSmtpTransport<Tokio1Executor>);

/// The mail server cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// TLS cannot be set up.
    #[error("cannot set up TLS for the mail server: {0}")]
    Tls(#[from] smtp::Error),
    /// The certificates cannot be read.
    #[error("cannot read mail.smtp.ca_file {path}: {source}")]
    CaFile {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Smtp {
    /// Connects when the first mail goes out. `hello` is what this box calls
    /// itself.
    ///
    /// # Errors
    /// When the certificates cannot be used.
    pub fn new(
        settings: &Settings,
        password: Option<String>,
        timeout: Duration,
        hello: &str,
    ) -> Result<Self, SmtpError> {
        let tls = match settings.security {
            SmtpSecurity::None => Tls::None,
            SmtpSecurity::Starttls => Tls::Required(parameters(settings)?),
            SmtpSecurity::Tls => Tls::Wrapper(parameters(settings)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port.unwrap_or_else(|| settings.security.port()))
            .tls(tls)
            .timeout(Some(timeout))
            .hello_name(ClientId::Domain(hello.to_owned()))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE));
        if let (Some(user), Some(password)) = (settings.username.clone(), password) {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self(builder.build()))
    }
}

fn parameters(settings: &Settings) -> Result<TlsParameters, SmtpError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.ca_file {
        let pem = std::fs::read(path).map_err(|source| SmtpError::CaFile {
            path: path.clone(),
            source,
        })?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem)?);
    }
    Ok(builder.build()?)
}

impl Transport for Smtp {
    fn name(&self) -> &'static str {
        "smtp"
    }

    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let sent = self.0.send(letter.message.clone()).await;
            sent.map(|_| ()).map_err(|error| judge(&error))
        })
    }
}

fn judge(error: &smtp::Error) -> SendError {
    let text = format!("the mail server: {}", chain(error));
    // A refused login (535) is one of these: asking again with the same
    // password gets boxes locked out. Whoever puts it right retries the jobs.
    if error.is_permanent() {
        SendError::Permanent(text)
    } else if error.status().is_some() || error.is_tls() || error.is_client() || unconnected(error)
    {
        SendError::temporary(text)
    } else {
        SendError::Unknown(text)
    }
}

/// Whether there never was a connection.
fn unconnected(error: &smtp::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, NotFound};
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(inner) = inner.downcast_ref::<io::Error>() {
            let kinds = [
                ConnectionRefused,
                HostUnreachable,
                NetworkUnreachable,
                NotFound,
            ];
            return kinds.contains(&inner.kind());
        }
        source = inner.source();
    }
    false
}
