//! Pebble, the authority that Let's Encrypt's people test clients with, and its
//! name server; both on ports of their own.

use crate::acme::testing::Ca;
use onebox_model::Config;
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use time::OffsetDateTime;

/// A key for external accounts, as an authority would give one out.
pub(super) const EAB_KID: &str = "kid-1";
pub(super) const EAB_KEY: &str = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

/// What a test wants of it.
#[derive(Clone, Debug)]
pub(super) struct Options {
    /// How many of a hundred nonces are refused.
    pub(super) nonce_rejects: u8,
    /// How many of a hundred valid authorizations are used again.
    pub(super) reuse: u8,
    /// Roots besides the first.
    pub(super) alternates: u8,
    pub(super) lifetime: time::Duration,
    pub(super) eab: bool,
    /// Where it looks for proofs.
    pub(super) site: (SocketAddr, SocketAddr),
}

pub(super) struct Pebble {
    dir: TempDir,
    processes: Vec<Child>,
    pub(super) directory: String,
    pub(super) dns: SocketAddr,
    dns_management: SocketAddr,
    client: reqwest::Client,
    options: Options,
    ports: [u16; 2],
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _gone = process.kill();
            let _reaped = process.wait();
        }
    }
}

impl Options {
    pub(super) fn new(site: &super::site::Site) -> Self {
        Self {
            nonce_rejects: 0,
            reuse: 0,
            alternates: 0,
            lifetime: time::Duration::days(90),
            eab: false,
            site: (site.http, site.https),
        }
    }
}

/// Ports that are free now. Another test may be faster, so starting is tried
/// several times.
fn ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

impl Pebble {
    /// Starts both. Every name leads to this machine until told otherwise.
    pub(super) async fn start(options: Options) -> Self {
        for _ in 0..5 {
            if let Some(pebble) = Self::try_start(options.clone()).await {
                return pebble;
            }
        }
        panic!("Pebble does not start; `cargo xtask setup --for test` installs it");
    }

    async fn try_start(options: Options) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let [acme, management, dns, dns_management] = ports();
        let ca = Ca::named("the authority's own server");
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let (chain, key) = ca.issue(&names, OffsetDateTime::now_utc(), time::Duration::days(2));
        std::fs::write(dir.path().join("root.pem"), ca.root()).unwrap();
        std::fs::write(dir.path().join("chain.pem"), chain).unwrap();
        std::fs::write(dir.path().join("key.pem"), key).unwrap();
        let client = crate::acme::http::client(
            Some(&dir.path().join("root.pem")),
            crate::acme::http::Patience::default(),
        )
        .unwrap();
        let mut pebble = Self {
            dir,
            processes: Vec::new(),
            directory: format!("https://127.0.0.1:{acme}/dir"),
            dns: local(dns),
            dns_management: local(dns_management),
            client,
            options,
            ports: [acme, management],
        };
        pebble.start_dns();
        pebble.start_authority();
        pebble.is_up().await.then_some(pebble)
    }

    fn start_dns(&mut self) {
        // Version 2.10 calls it otherwise, and answers over HTTPS as well.
        let help = program("pebble-challtestsrv").arg("-h").output();
        let help = help.map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
        let is_old = help.is_ok_and(|help| help.contains("-dns01"));
        let newer: &[&str] = if is_old { &[] } else { &["-doh", ""] };
        let process = program("pebble-challtestsrv")
            .args(newer)
            .args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""])
            .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
            .args([if is_old { "-dns01" } else { "-dnsserver" }])
            .arg(self.dns.to_string())
            .args(["-management", &self.dns_management.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.processes.push(started(process));
    }

    fn start_authority(&mut self) {
        let path = |name: &str| self.dir.path().join(name);
        let seconds = self.options.lifetime.whole_seconds();
        let profile = json!({"description": "for tests", "validityPeriod": seconds});
        let mut config = json!({"pebble": {
            "listenAddress": local(self.ports[0]).to_string(),
            "managementListenAddress": local(self.ports[1]).to_string(),
            "certificate": path("chain.pem"),
            "privateKey": path("key.pem"),
            "httpPort": self.options.site.0.port(),
            "tlsPort": self.options.site.1.port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": self.options.eab,
            "retryAfter": {"authz": 1, "order": 1},
            // The one for older versions, the other for newer ones.
            "certificateValidityPeriod": seconds,
            "profiles": {"default": profile, "shortlived": profile},
        }});
        if self.options.eab {
            config["pebble"]["externalAccountMACKeys"] = json!({EAB_KID: EAB_KEY});
        }
        std::fs::write(path("pebble.json"), config.to_string()).unwrap();
        let log = std::fs::File::create(path("pebble.log")).unwrap();
        let process = program("pebble")
            .arg("-config")
            .arg(path("pebble.json"))
            .args(["-dnsserver", &self.dns.to_string()])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env(
                "PEBBLE_WFE_NONCEREJECT",
                self.options.nonce_rejects.to_string(),
            )
            .env("PEBBLE_AUTHZREUSE", self.options.reuse.to_string())
            .env(
                "PEBBLE_ALTERNATE_ROOTS",
                self.options.alternates.to_string(),
            )
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.processes.push(started(process));
    }

    async fn is_up(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            let ended = |process: &mut Child| process.try_wait().unwrap().is_some();
            if self.processes.iter_mut().any(ended) {
                return false;
            }
            let acme = self.client.get(&self.directory).send().await.is_ok();
            let dns = tokio::net::TcpStream::connect(self.dns_management).await;
            if acme && dns.is_ok() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    }

    /// Starts the authority anew: it has forgotten everything, and has other
    /// roots.
    pub(super) async fn forget(&mut self) {
        let mut old = self.processes.pop().unwrap();
        old.kill().unwrap();
        old.wait().unwrap();
        self.start_authority();
        assert!(self.is_up().await, "{}", self.log());
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("pebble.log")).unwrap()
    }

    pub(super) fn ca_file(&self) -> String {
        self.dir.path().join("root.pem").display().to_string()
    }

    /// A configuration for it.
    pub(super) fn config(&self, domains: &[&str]) -> Config {
        let mut config = super::bench::config(&self.directory, domains);
        config.acme.ca_file = Some(self.ca_file());
        config.acme.resolvers = vec![self.dns.to_string()];
        config
    }

    /// Whether this version knows of renewal information (RFC 9773) and of
    /// profiles. Debian 12's is older than both.
    pub(super) async fn knows(&self) -> (bool, bool) {
        let directory: Value = self.get(&self.directory).await;
        let renewal = directory.get("renewalInfo").is_some();
        let profiles = directory.pointer("/meta/profiles").is_some();
        (renewal, profiles)
    }

    async fn get(&self, url: &str) -> Value {
        // Who does not say who it is gets nothing (RFC 8555, 6.1).
        let request = self.client.get(url).header("user-agent", "test");
        let answer = request.send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// The root that signs, by its place; 0 is what is used without being asked.
    pub(super) async fn root(&self, place: u8) -> String {
        let url = format!("https://127.0.0.1:{}/roots/{place}", self.ports[1]);
        let answer = self.client.get(url).send().await.unwrap();
        answer.text().await.unwrap()
    }

    /// What is known of a certificate, by its serial number.
    pub(super) async fn certificate(&self, serial: &str) -> Value {
        let serial = serial.replace(':', "");
        let serial = serial.trim_start_matches('0');
        let url = format!(
            "https://127.0.0.1:{}/cert-status-by-serial/{serial}",
            self.ports[1]
        );
        self.get(&url).await
    }

    /// Tells the name server something.
    pub(super) async fn dns(&self, what: &str, value: Value) {
        let url = format!("http://{}/{what}", self.dns_management);
        let answer = self.client.post(url).json(&value).send().await.unwrap();
        assert!(answer.status().is_success(), "{what}");
    }

    pub(super) fn dns_management(&self) -> SocketAddr {
        self.dns_management
    }
}

/// The program of that name; `PEBBLE_DIR` has other versions than the system's.
fn program(name: &str) -> Command {
    let path = std::env::var_os("PEBBLE_DIR").map(PathBuf::from);
    Command::new(path.unwrap_or_default().join(name))
}

fn started(process: std::io::Result<Child>) -> Child {
    match process {
        Ok(process) => process,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("Pebble is not installed: `cargo xtask setup --for test` installs it")
        }
        Err(error) => panic!("{error}"),
    }
}
