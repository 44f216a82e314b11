//! Questions to the DNS: where a name leads, who may give certificates for it,
//! and whether a record is everywhere.

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Who answers.
#[derive(Clone)]
pub(crate) struct Dns {
    resolver: TokioResolver,
    /// Servers that were given and that count for everything.
    given: Vec<SocketAddr>,
}

impl std::fmt::Debug for Dns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dns({:?})", self.given)
    }
}

/// What a CAA record says (RFC 8659).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caa {
    pub(crate) critical: bool,
    /// In lower case.
    pub(crate) tag: String,
    pub(crate) value: String,
}

impl Dns {
    /// Asks the servers given, or the system's when there are none.
    pub(crate) fn new(given: &[SocketAddr]) -> Result<Self, String> {
        let resolver = match given {
            [] => {
                let builder = TokioResolver::builder_tokio().map_err(|error| {
                    format!("the system's name servers are not known (/etc/resolv.conf): {error}")
                })?;
                let mut builder = builder;
                tune(builder.options_mut());
                builder.build()
            }
            servers => at(servers),
        };
        Ok(Self {
            resolver: resolver.map_err(|error| format!("no DNS client can be made: {error}"))?,
            given: given.to_vec(),
        })
    }

    /// Every address of a name; none when it has none.
    pub(crate) async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        addresses(&self.resolver, name).await
    }

    /// The CAA records that count for a name: those of the nearest name above
    /// it that has any (RFC 8659, 3).
    pub(crate) async fn caa(&self, name: &str) -> Result<Option<(String, Vec<Caa>)>, String> {
        let labels: Vec<&str> = name.split('.').collect();
        for start in 0..labels.len() {
            let at = labels.get(start..).unwrap_or_default().join(".");
            let found = records(&self.resolver, &at, RecordType::CAA).await?;
            let caa: Vec<Caa> = found.into_iter().filter_map(caa).collect();
            if !caa.is_empty() {
                return Ok(Some((at, caa)));
            }
        }
        Ok(None)
    }

    /// Whether every server of the zone has this TXT record; else which lacks
    /// it.
    pub(crate) async fn txt_everywhere(&self, name: &str, value: &str) -> Result<(), String> {
        let servers = match self.given.as_slice() {
            [] => self.servers_of(name).await?,
            given => given
                .iter()
                .map(|server| (server.to_string(), *server))
                .collect(),
        };
        for (label, server) in servers {
            let resolver = at(&[server]).map_err(|error| error.to_string())?;
            let found = records(&resolver, name, RecordType::TXT)
                .await
                .map_err(|error| format!("{label}: {error}"))?;
            let has = found.into_iter().any(|data| match data {
                RData::TXT(txt) => txt.txt_data.concat() == value.as_bytes(),
                _ => false,
            });
            if !has {
                return Err(format!("{label} does not have it yet"));
            }
        }
        Ok(())
    }

    /// Addresses of the servers of the zone that a name is in.
    async fn servers_of(&self, name: &str) -> Result<Vec<(String, SocketAddr)>, String> {
        let labels: Vec<&str> = name.split('.').collect();
        for start in 0..labels.len() {
            let zone = labels.get(start..).unwrap_or_default().join(".");
            let found = records(&self.resolver, &zone, RecordType::NS).await?;
            let names: BTreeSet<String> = found
                .iter()
                .filter(|data| matches!(data, RData::NS(_)))
                .map(|data| data.to_string().trim_end_matches('.').to_owned())
                .collect();
            if names.is_empty() {
                continue;
            }
            let mut servers = Vec::new();
            for server in names {
                // One address each: the others are the same server's. IPv4
                // first, which every box has.
                let mut addresses = addresses(&self.resolver, &server).await?;
                addresses.sort_by_key(IpAddr::is_ipv6);
                if let Some(address) = addresses.first() {
                    servers.push((server, SocketAddr::new(*address, 53)));
                }
            }
            if !servers.is_empty() {
                return Ok(servers);
            }
        }
        Err(format!("no name server of the zone of {name} is known"))
    }
}

/// A client of these servers only.
fn at(servers: &[SocketAddr]) -> Result<TokioResolver, NetError> {
    let servers = servers.iter().map(|server| {
        let mut config = NameServerConfig::udp_and_tcp(server.ip());
        for connection in &mut config.connections {
            connection.port = server.port();
        }
        config
    });
    let config = ResolverConfig::from_name_servers(servers.collect());
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    tune(builder.options_mut());
    builder.build()
}

/// What is asked here changes while we wait for it, so nothing is remembered;
/// and a name is what it says, without the system's search list and hosts file,
/// which no authority has.
fn tune(options: &mut ResolverOpts) {
    options.cache_size = 0;
    options.timeout = Duration::from_secs(3);
    options.attempts = 1;
    options.use_hosts_file = hickory_resolver::config::ResolveHosts::Never;
}

async fn addresses(resolver: &TokioResolver, name: &str) -> Result<Vec<IpAddr>, String> {
    let mut found = Vec::new();
    for kind in [RecordType::A, RecordType::AAAA] {
        for data in records(resolver, name, kind).await? {
            match data {
                RData::A(address) => found.push(IpAddr::V4(address.0)),
                RData::AAAA(address) => found.push(IpAddr::V6(address.0)),
                _ => {}
            }
        }
    }
    Ok(found)
}

/// All records of a kind; none where the name or the kind does not exist.
async fn records(
    resolver: &TokioResolver,
    name: &str,
    kind: RecordType,
) -> Result<Vec<RData>, String> {
    // The dot at the end: no search list.
    match resolver.lookup(format!("{name}."), kind).await {
        Ok(found) => Ok(found
            .answers()
            .iter()
            .map(|record| record.data.clone())
            .collect()),
        Err(error) if error.is_no_records_found() => Ok(Vec::new()),
        Err(error) => Err(format!("the DNS does not answer for {name}: {error}")),
    }
}

fn caa(data: RData) -> Option<Caa> {
    let RData::CAA(caa) = data else {
        return None;
    };
    Some(Caa {
        critical: caa.issuer_critical,
        tag: caa.tag.to_ascii_lowercase(),
        value: String::from_utf8_lossy(&caa.value).trim().to_owned(),
    })
}

/// Whether these records let one of the authority's names give a certificate
/// (RFC 8659, 4).
pub(crate) fn caa_allows(records: &[Caa], authority: &[String], wildcard: bool) -> bool {
    let known = [
        "issue",
        "issuewild",
        "issuemail",
        "iodef",
        "contactemail",
        "contactphone",
    ];
    if records
        .iter()
        .any(|record| record.critical && !known.contains(&record.tag.as_str()))
    {
        return false;
    }
    let of = |tag: &str| {
        records
            .iter()
            .filter(|record| record.tag == tag)
            .collect::<Vec<_>>()
    };
    let wild = of("issuewild");
    let counting = match wildcard && !wild.is_empty() {
        true => wild,
        false => of("issue"),
    };
    // Records about other things only restrict nobody.
    counting.is_empty()
        || counting.iter().any(|record| {
            let issuer = record.value.split(';').next().unwrap_or_default().trim();
            authority
                .iter()
                .any(|name| name.eq_ignore_ascii_case(issuer))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caa(tag: &str, value: &str) -> Caa {
        Caa {
            critical: false,
            tag: tag.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn who_may_give_certificates_is_read_as_authorities_read_it() {
        let ours = ["letsencrypt.org".to_owned()];
        let allows = |records: &[Caa], wild| caa_allows(records, &ours, wild);
        assert!(allows(&[caa("issue", "letsencrypt.org")], false));
        assert!(allows(
            &[caa("issue", "LetsEncrypt.org; validationmethods=http-01")],
            false
        ));
        assert!(allows(
            &[
                caa("issue", "other.example"),
                caa("issue", "letsencrypt.org")
            ],
            true
        ));
        assert!(allows(&[caa("iodef", "mailto:a@b.example")], false));
        assert!(!allows(&[caa("issue", "other.example")], false));
        assert!(!allows(&[caa("issue", ";")], false));
        // What is said of wildcards counts for them alone.
        let both = [
            caa("issue", "other.example"),
            caa("issuewild", "letsencrypt.org"),
        ];
        assert!(allows(&both, true) && !allows(&both, false));
        let mut unknown = caa("future", "x");
        assert!(allows(std::slice::from_ref(&unknown), false));
        unknown.critical = true;
        assert!(!allows(&[unknown], false));
    }
}
