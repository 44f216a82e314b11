//! What an authority will find, found out beforehand: a failed validation
//! counts there, a look does not.
//!
//! Only what certainly keeps an authority from validating stops an attempt.
//! From inside one cannot see everything: a router may not let the box reach
//! its own public address, and a name server may answer differently elsewhere.

use super::challenge::{Files, Prover};
use super::dns::{self, Caa, Dns};
use super::http::{Http, Patience};
use crate::password;
use axum::body::Bytes;
use axum::http::Method;
use axum::http::header::{DATE, HeaderMap};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use onebox_api::certificates::{Check, NameReport, Report, State};
use onebox_model::config::{AcmeAuthority, AcmeChallenge};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// For connecting to ourselves through whatever stands in between.
const PATIENCE: Duration = Duration::from_secs(5);
/// Names that are looked at together: a DNS that does not answer must not take
/// as long as there are names.
const AT_ONCE: usize = 8;
/// An answer of ours is far smaller.
const MOST: u64 = 64 * 1024;
/// Beyond this, dates in certificates and requests are held against us.
const CLOCK_DOUBTFUL: time::Duration = time::Duration::minutes(5);
const CLOCK_WRONG: time::Duration = time::Duration::hours(12);

/// Everything a look needs.
pub(crate) struct Look<'a> {
    pub(crate) dns: &'a Dns,
    pub(crate) files: &'a Files,
    pub(crate) prover: &'a Prover,
    pub(crate) authority: &'a AcmeAuthority,
    /// Where the world reaches this box: 80 and 443.
    pub(crate) ports: (u16, u16),
    pub(crate) now: OffsetDateTime,
}

/// What the authority's directory says.
struct Directory {
    /// Names that CAA records know it by.
    caa: Vec<String>,
    checks: Vec<Check>,
}

impl Look<'_> {
    /// Looks at everything.
    pub(crate) async fn report(&self, names: &[String]) -> Report {
        let directory = self.directory().await;
        let caa = &directory.caa;
        let looks: Vec<BoxFuture<'_, NameReport>> = names
            .iter()
            .map(|name| {
                let look = async move {
                    NameReport {
                        name: name.clone(),
                        checks: self.name(name, caa).await,
                    }
                };
                look.boxed()
            })
            .collect();
        let reports = stream::iter(looks).buffered(AT_ONCE).collect().await;
        Report {
            general: directory.checks,
            names: reports,
        }
    }

    async fn directory(&self) -> Directory {
        let file = self.authority.ca_file.as_deref().map(Path::new);
        let url = &self.authority.directory;
        let answer = match Http::new(file, Patience::default()) {
            Ok(http) => http
                .send(Method::GET, url.clone(), HeaderMap::new(), Bytes::new())
                .await
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let answer = match answer {
            Ok(answer) => answer,
            // An attempt says the same, and costs nothing there.
            Err(why) => {
                return Directory {
                    caa: Vec::new(),
                    checks: vec![check("authority", State::Doubtful, why)],
                };
            }
        };
        let mut checks = vec![check("authority", State::Good, format!("{url} answers"))];
        let date = answer.headers().get(DATE);
        let theirs = date
            .and_then(|date| date.to_str().ok())
            .and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok());
        if let Some(theirs) = theirs {
            checks.push(clock(theirs, self.now));
        }
        let names = serde_json::from_slice::<serde_json::Value>(answer.body()).ok();
        let names = names.and_then(|value| {
            let names = value.get("meta")?.get("caaIdentities")?.as_array()?.clone();
            Some(names)
        });
        let caa = names.into_iter().flatten();
        Directory {
            caa: caa
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
            checks,
        }
    }

    async fn name(&self, name: &str, authority: &[String]) -> Vec<Check> {
        let mut checks = Vec::new();
        let base = name.strip_prefix("*.").unwrap_or(name);
        match self.prover {
            Prover::Records(records) => checks.push(match records.reaches(name).await {
                Ok(()) => check("zone", State::Good, "its records can be written".to_owned()),
                Err(why) => check("zone", State::Bad, why),
            }),
            Prover::Files(challenge, _) => {
                let addresses = match base.parse::<IpAddr>() {
                    Ok(address) => Ok(vec![address]),
                    Err(_) => self.dns.addresses(base).await,
                };
                checks.extend(self.reached(base, *challenge, addresses).await);
            }
        }
        if base.parse::<IpAddr>().is_err() {
            checks.push(match self.dns.caa(base).await {
                Ok(found) => caa(found, authority, base != name),
                Err(why) => check("CAA", State::Doubtful, why),
            });
        }
        checks
    }

    async fn reached(
        &self,
        host: &str,
        challenge: AcmeChallenge,
        addresses: Result<Vec<IpAddr>, String>,
    ) -> Vec<Check> {
        let addresses = match addresses {
            Err(why) => return vec![check("DNS", State::Doubtful, why)],
            Ok(addresses) if addresses.is_empty() => {
                return vec![check(
                    "DNS",
                    State::Bad,
                    format!(
                        "{host} has no A or AAAA record; make one with the address of this box"
                    ),
                )];
            }
            Ok(addresses) => addresses,
        };
        let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        let mut checks = vec![check(
            "DNS",
            State::Good,
            format!("{host} leads to {}", list.join(", ")),
        )];
        // A private authority may well reach private addresses.
        if self.authority.ca_file.is_none()
            && let Some(address) = addresses.iter().find(|address| !is_public(**address))
        {
            checks.push(check(
                "DNS",
                State::Bad,
                format!("{address} cannot be reached from the Internet, where the authority is"),
            ));
            return checks;
        }
        for address in addresses {
            checks.push(match challenge {
                AcmeChallenge::TlsAlpn01 => self.answers(address, self.ports.1).await,
                _ => self.is_us(host, address).await,
            });
        }
        checks
    }

    /// Puts up a file and asks the address for it.
    async fn is_us(&self, host: &str, address: IpAddr) -> Check {
        let at = SocketAddr::new(address, self.ports.0);
        let what = format!("port {}", self.ports.0);
        let own = |why: String| check(&what, State::Doubtful, why);
        let random = match password::bytes::<16>() {
            Ok(random) => random,
            Err(error) => return own(error.to_string()),
        };
        let token: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = format!("{token}.look");
        let _placed = match self.files.probe(&token, &text) {
            Ok(placed) => placed,
            Err(error) => return own(error.to_string()),
        };
        match get(at, host, &format!("/.well-known/acme-challenge/{token}")).await {
            Ok(answer) if answer.ends_with(text.as_bytes()) => {
                check(&what, State::Good, format!("{at} is this box"))
            }
            Ok(answer) => {
                let first = String::from_utf8_lossy(&answer);
                let first = first.lines().next().unwrap_or_default().trim().to_owned();
                check(
                    &what,
                    State::Bad,
                    format!(
                        "{at} is another machine: it answers {first:?} to what this box was asked to show; point {host} here"
                    ),
                )
            }
            Err(why) if address.is_ipv6() => own(format!(
                "{at} cannot be reached from here ({why}); authorities try IPv6 first: remove the AAAA record if this box has no IPv6"
            )),
            Err(why) => own(format!(
                "{at} cannot be reached from here ({why}); behind a router that may be so, else open the port"
            )),
        }
    }

    async fn answers(&self, address: IpAddr, port: u16) -> Check {
        let at = SocketAddr::new(address, port);
        let what = format!("port {port}");
        match connect(at).await {
            Ok(_) => check(&what, State::Good, format!("{at} answers")),
            Err(why) => check(
                &what,
                State::Doubtful,
                format!(
                    "{at} cannot be reached from here ({why}); behind a router that may be so, else open the port"
                ),
            ),
        }
    }
}

fn check(what: &str, state: State, seen: String) -> Check {
    Check {
        what: what.to_owned(),
        state,
        seen,
    }
}

fn clock(theirs: OffsetDateTime, ours: OffsetDateTime) -> Check {
    let off = (ours - theirs).abs();
    let state = match off {
        off if off > CLOCK_WRONG => State::Bad,
        off if off > CLOCK_DOUBTFUL => State::Doubtful,
        _ => return check("clock", State::Good, "as the authority's".to_owned()),
    };
    check(
        "clock",
        state,
        format!(
            "this box has {ours}, the authority {theirs}; certificates are good and due at the wrong time: set the clock (timedatectl)"
        ),
    )
}

fn caa(found: Option<(String, Vec<Caa>)>, authority: &[String], wildcard: bool) -> Check {
    let Some((at, records)) = found else {
        return check(
            "CAA",
            State::Good,
            "everybody may give certificates".to_owned(),
        );
    };
    if authority.is_empty() {
        return check(
            "CAA",
            State::Doubtful,
            format!(
                "{at} has CAA records, and the authority does not say what it is called in them"
            ),
        );
    }
    match dns::caa_allows(&records, authority, wildcard) {
        true => check("CAA", State::Good, format!("{at} allows this authority")),
        false => check(
            "CAA",
            State::Bad,
            format!(
                "{at} does not let this authority give certificates; add a record: {at}. CAA 0 issue \"{}\"",
                authority.first().map_or("", String::as_str)
            ),
        ),
    }
}

/// Whether the Internet can know an address.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            let shared = a == 100 && (64..128).contains(&b);
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
                || address.is_broadcast()
                || shared)
        }
        IpAddr::V6(address) => {
            !(address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local())
        }
    }
}

async fn connect(at: SocketAddr) -> Result<TcpStream, String> {
    match tokio::time::timeout(PATIENCE, TcpStream::connect(at)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer in {} s", PATIENCE.as_secs())),
    }
}

/// One GET, answered with head and body as they came.
async fn get(at: SocketAddr, host: &str, path: &str) -> Result<Vec<u8>, String> {
    let mut stream = connect(at).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let exchange = async {
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(MOST).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    match tokio::time::timeout(PATIENCE, exchange).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no whole answer in {} s", PATIENCE.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    #[test]
    fn a_clock_that_is_hours_off_stops_an_attempt_and_minutes_do_not() {
        let state = |off| clock(NOW + off, NOW).state;
        assert_eq!(state(time::Duration::seconds(90)), State::Good);
        assert_eq!(state(time::Duration::minutes(-6)), State::Doubtful);
        assert_eq!(state(time::Duration::days(40)), State::Bad);
    }

    #[test]
    fn addresses_that_the_internet_does_not_know_are_told() {
        for private in [
            "10.0.0.1",
            "127.0.0.1",
            "100.64.0.1",
            "169.254.1.1",
            "::1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["203.0.113.7", "100.128.0.1", "2001:db8::1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
