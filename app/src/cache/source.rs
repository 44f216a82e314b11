//! Where Redis is: one server, or sentinels that know which server is the
//! primary at the moment.

use percent_encoding::percent_decode_str;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{Client, ConnectionAddr, RedisError, RedisResult, TlsCertificates, TlsMode};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long sentinels may take to name the primary.
const ASK: Duration = Duration::from_secs(3);

/// Port of a sentinel that is given without one.
const SENTINEL_PORT: u16 = 26_379;

/// A way to the primary.
#[derive(Clone)]
pub enum Source {
    /// It stays where it is.
    Fixed(Box<Client>),
    /// Sentinels say where it is.
    Sentinels(Arc<Mutex<SentinelClient>>),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fixed(_) => "Fixed",
            Self::Sentinels(_) => "Sentinels",
        })
    }
}

/// The URL or the certificate cannot be used. The text holds neither.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The URL is not one.
    #[error("redis.url is not a Redis URL: {0}; write redis://host:6379 or redis+unix:///path")]
    Url(#[from] RedisError),
    /// The URL of sentinels is not one.
    #[error("redis.url: {0}; write redis+sentinel://host:26379,host:26379/NAME/0")]
    Sentinels(&'static str),
    /// The certificate cannot be read.
    #[error("cannot read redis.root_certificate: {0}")]
    Certificate(#[from] io::Error),
}

impl Source {
    /// Understands a URL of the configuration.
    ///
    /// # Errors
    /// When it or the certificate is none.
    pub fn open(url: &str, root_certificate: Option<&Path>) -> Result<Self, SourceError> {
        let certificates = root_certificate
            .map(std::fs::read)
            .transpose()?
            .map(|root_cert| TlsCertificates {
                client_tls: None,
                root_cert: Some(root_cert),
            });
        let sentinels = [("redis+sentinel://", false), ("rediss+sentinel://", true)];
        for (scheme, tls) in sentinels {
            if let Some(rest) = url.strip_prefix(scheme) {
                let client = Sentinels::parse(rest)
                    .map_err(SourceError::Sentinels)?
                    .client(tls, certificates)?;
                return Ok(Self::Sentinels(Arc::new(Mutex::new(client))));
            }
        }
        Ok(Self::Fixed(Box::new(match certificates {
            Some(certificates) if url.starts_with("rediss://") => {
                Client::build_with_tls(url, certificates)?
            }
            _ => Client::open(url)?,
        })))
    }

    /// The primary of this moment.
    ///
    /// # Errors
    /// When no sentinel names one in time.
    pub async fn primary(&self) -> RedisResult<Client> {
        match self {
            Self::Fixed(client) => Ok(client.as_ref().clone()),
            Self::Sentinels(sentinels) => {
                let mut sentinels = sentinels.lock().await;
                match tokio::time::timeout(ASK, sentinels.async_get_client()).await {
                    Ok(client) => client,
                    Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
                }
            }
        }
    }
}

/// A URL of sentinels, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sentinels {
    user: Option<String>,
    password: Option<String>,
    hosts: Vec<(String, u16)>,
    name: String,
    database: i64,
}

impl Sentinels {
    /// `[user:password@]host[:port],…/name[/database]`; the account is the
    /// server's, sentinels are asked without one.
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (account, rest) = match text.rsplit_once('@') {
            Some((account, rest)) => (Some(account), rest),
            None => (None, text),
        };
        let mut parts = rest.split('/');
        let hosts = parts
            .next()
            .unwrap_or_default()
            .split(',')
            .map(host)
            .collect::<Result<Vec<_>, _>>()?;
        let name = parts
            .next()
            .filter(|name| !name.is_empty())
            .ok_or("the primary's name is missing")?;
        let database = match parts.next() {
            None | Some("") => 0,
            Some(number) => number.parse().map_err(|_| "the database is not a number")?,
        };
        if parts.next().is_some() {
            return Err("there is something after the database");
        }
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8_lossy().into_owned();
            (!text.is_empty()).then_some(text)
        };
        let (user, password) = account
            .map(|account| account.split_once(':').unwrap_or((account, "")))
            .map_or((None, None), |(user, password)| {
                (decoded(user), decoded(password))
            });
        Ok(Self {
            user,
            password,
            hosts,
            name: name.to_owned(),
            database,
        })
    }

    fn client(
        self,
        tls: bool,
        certificates: Option<TlsCertificates>,
    ) -> RedisResult<SentinelClient> {
        let address = |(host, port)| match tls {
            false => ConnectionAddr::Tcp(host, port),
            true => ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            },
        };
        let hosts = self.hosts.into_iter().map(address);
        let mut builder =
            SentinelClientBuilder::new(hosts, &self.name, SentinelServerType::Master)?
                .set_client_to_redis_db(self.database);
        if let Some(user) = self.user {
            builder = builder.set_client_to_redis_username(user);
        }
        if let Some(password) = self.password {
            builder = builder.set_client_to_redis_password(password);
        }
        if tls {
            builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
            if let Some(certificates) = certificates {
                builder = builder
                    .set_client_to_redis_certificates(certificates.clone())
                    .set_client_to_sentinel_certificates(certificates);
            }
        }
        builder.build()
    }
}

fn host(text: &str) -> Result<(String, u16), &'static str> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| "a port is not a number")?),
        None => (text, SENTINEL_PORT),
    };
    if host.is_empty() {
        return Err("a sentinel has no host");
    }
    Ok((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentinels_are_read_from_a_url() {
        let all = Sentinels::parse("shop:p%40ss@a.example:26380,b.example/main/2").unwrap();
        assert_eq!(all.user.as_deref(), Some("shop"));
        assert_eq!(all.password.as_deref(), Some("p@ss"));
        let hosts = [("a.example".into(), 26_380), ("b.example".into(), 26_379)];
        assert_eq!(all.hosts, hosts);
        assert_eq!((all.name.as_str(), all.database), ("main", 2));
        let least = Sentinels::parse(":secret@a/main").unwrap();
        assert_eq!((least.user, least.database), (None, 0));
    }

    #[test]
    fn what_is_no_such_url_is_refused() {
        for bad in [
            "",
            "a",
            "a/",
            "/main",
            "a:x/main",
            "a/main/x",
            "a/main/0/y",
            ",/main",
        ] {
            assert!(Sentinels::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_in_no_error() {
        for url in [
            "redis+sentinel://u:hunter2@a:b/main",
            "http://u:hunter2@a",
            "redis://u:hunter2@:x",
        ] {
            let error = Source::open(url, None).unwrap_err();
            assert!(
                !format!("{error} {error:?}").contains("hunter2"),
                "{error:?}"
            );
        }
    }
}
