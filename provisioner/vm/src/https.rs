//! A small HTTPS client for the box: one request a connection, a deadline for
//! all of it, and the certificate checked as [`crate::pin`] says.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::pin::{Trust, Verifier};

/// No answer of the box that is asked for here is larger.
const LARGEST: usize = 16 << 20;

/// Asks the application on one forwarded port.
#[derive(Clone, Debug)]
pub struct Client {
    address: SocketAddr,
    config: Arc<ClientConfig>,
    limit: Duration,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// A client for `port` on this machine's loopback address.
    ///
    /// # Errors
    /// When TLS can't be set up.
    pub fn new(port: u16, trust: Trust) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = Verifier::new(trust, provider.signature_verification_algorithms);
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(address, &error))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(Self {
            address,
            config: Arc::new(config),
            limit: Duration::from_secs(30),
        })
    }

    /// The same with another deadline.
    #[must_use]
    pub fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// `GET path`.
    ///
    /// # Errors
    /// When no whole answer comes in time; any status is an answer.
    pub fn get(&self, path: &str, bearer: Option<&str>) -> Result<Response> {
        self.request("GET", path, bearer, None)
    }

    /// `POST path` with a JSON body.
    ///
    /// # Errors
    /// When no whole answer comes in time; any status is an answer.
    pub fn post(&self, path: &str, bearer: Option<&str>, body: &Value) -> Result<Response> {
        self.request("POST", path, bearer, Some(body))
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        bearer: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Response> {
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        if let Some(token) = bearer {
            head.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        if method == "POST" {
            let length = body.len();
            head.push_str(&format!(
                "Content-Type: application/json\r\nContent-Length: {length}\r\n"
            ));
        }
        let answer = self.exchange(format!("{head}\r\n{body}").as_bytes());
        let answer = answer.map_err(|error| failed(self.address, &error))?;
        Response::parse(&answer).ok_or_else(|| failed(self.address, &"not an HTTP answer"))
    }

    /// Sends all, reads to the end.
    fn exchange(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + self.limit;
        let tcp = TcpStream::connect_timeout(&self.address, self.limit)?;
        tcp.set_read_timeout(Some(self.limit))?;
        tcp.set_write_timeout(Some(self.limit))?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let tls =
            ClientConnection::new(Arc::clone(&self.config), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(tls, tcp);
        stream.write_all(request)?;
        let mut answer = Vec::new();
        let mut buffer = [0; 16 * 1024];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            stream.sock.set_read_timeout(Some(left))?;
            match stream.read(&mut buffer) {
                Ok(0) => return Ok(answer),
                Ok(count) => answer.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A server that leaves out TLS's goodbye: [`Response::parse`]
                // finds out whether the answer is whole.
                Err(error)
                    if error.kind() == io::ErrorKind::UnexpectedEof && !answer.is_empty() =>
                {
                    return Ok(answer);
                }
                Err(error) => return Err(error),
            }
            if answer.len() > LARGEST {
                return Err(io::Error::other("the answer is too large"));
            }
        }
    }
}

impl Response {
    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The first header field called `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Reads a whole HTTP/1.1 answer; `None` when it is not one or not whole.
    #[must_use]
    pub fn parse(answer: &[u8]) -> Option<Self> {
        let split = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&answer[..split]).ok()?;
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let version = words.next()?;
        let status = words.next()?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut response = Self {
            status,
            headers,
            body: Vec::new(),
        };
        let rest = &answer[split + 4..];
        response.body = if response.header("transfer-encoding") == Some("chunked") {
            dechunk(rest)?
        } else if let Some(length) = response.header("content-length") {
            rest.get(..length.parse().ok()?)?.to_vec()
        } else {
            rest.to_vec()
        };
        version.starts_with("HTTP/1.").then_some(response)
    }
}

/// The content of a chunked body; `None` when the last chunk is missing.
fn dechunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        let chunk = rest.get(end + 2..)?;
        body.extend_from_slice(chunk.get(..size)?);
        rest = chunk.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

fn failed(address: SocketAddr, reason: &dyn std::fmt::Display) -> Error {
    Error::Https {
        address: address.to_string(),
        detail: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_answers_are_read_and_cut_ones_are_not() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        let response = Response::parse(whole).unwrap();
        assert_eq!((response.status, response.text().as_str()), (200, "{}"));
        assert!(Response::parse(&whole[..whole.len() - 1]).is_none());
        assert!(Response::parse(b"HTTP/1.1 200 OK\r\nContent-Le").is_none());
        assert!(Response::parse(b"SSH-2.0-OpenSSH\r\n\r\n").is_none());
    }

    #[test]
    fn chunks_are_joined() {
        let head = "HTTP/1.1 503 Not Ready\r\nTransfer-Encoding: chunked\r\n\r\n";
        let response = Response::parse(format!("{head}2\r\nab\r\n1\r\nc\r\n0\r\n\r\n").as_bytes());
        assert_eq!(response.unwrap().text(), "abc");
        assert!(Response::parse(format!("{head}2\r\nab\r\n1\r\nc\r\n").as_bytes()).is_none());
        assert!(Response::parse(format!("{head}ffffffff\r\nab").as_bytes()).is_none());
    }
}
