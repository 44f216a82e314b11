//! A box for tests: its disk, its site and its keeper.

use super::site::Site;
use crate::accounts::Ownership;
use crate::acme::challenge::Spreading;
use crate::acme::http::Patience;
use crate::acme::manager::{Manager, Outcome};
use crate::acme::order::Polling;
use crate::acme::real::Real;
use crate::acme::state::State;
use crate::acme::testing::directory;
use crate::disk::{Access, Disk};
use onebox_api::certificates::{Certificate, Haste, Report, Source};
use onebox_model::{Config, paths};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

pub(super) struct TestBox {
    _root: TempDir,
    pub(super) disk: Arc<Disk>,
    pub(super) site: Site,
    pub(super) manager: Manager,
    pub(super) said: Mutex<Vec<String>>,
}

impl TestBox {
    pub(super) async fn new() -> Self {
        let root = directory();
        let disk = Disk::new(root.path(), Ownership::Skip);
        for directory in [paths::STATE_DIR, paths::TLS_DIR] {
            disk.directory(directory, Access::root(0o755)).unwrap();
        }
        let disk = Arc::new(disk);
        let site = Site::start(root.path()).await;
        let manager = manager(&disk, &site);
        Self {
            _root: root,
            disk,
            site,
            manager,
            said: Mutex::default(),
        }
    }

    /// As after a restart of the process.
    pub(super) fn restart(&mut self) {
        self.manager = manager(&self.disk, &self.site);
    }

    /// Another process on the same box.
    pub(super) fn another(&self) -> Manager {
        manager(&self.disk, &self.site)
    }

    pub(super) async fn run(&self, config: &Config) -> Outcome {
        self.go(config, Haste::Due).await
    }

    pub(super) async fn force(&self, config: &Config) -> Outcome {
        self.go(config, Haste::Anew).await
    }

    /// As an operator who does not wait.
    pub(super) async fn now(&self, config: &Config) -> Outcome {
        self.go(config, Haste::Now).await
    }

    async fn go(&self, config: &Config, haste: Haste) -> Outcome {
        let say = |line: String| self.said.lock().unwrap().push(line);
        self.manager.run(config, haste, &say).await
    }

    /// The certificate that is served, which must be of an authority.
    pub(super) async fn issued(&self, config: &Config) -> Certificate {
        let outcome = self.run(config).await;
        let served = outcome.status.served.clone().unwrap();
        let said = self.said.lock().unwrap();
        assert_eq!(
            served.source,
            Source::Authority,
            "{:#?}\n{said:#?}",
            outcome.status
        );
        assert_eq!(outcome.status.problem, None);
        served
    }

    pub(super) async fn look(&self, config: &Config) -> Report {
        self.manager.test(config).await
    }

    pub(super) fn state(&self) -> State {
        State::load(&self.disk).0
    }

    /// Forgets waits, as if they were over.
    pub(super) fn wait_over(&self) {
        let mut state = self.state();
        for name in state.names.values_mut() {
            name.waiting.next_try = None;
        }
        for authority in state.authorities.values_mut() {
            authority.waiting.next_try = None;
            authority.refused.next_try = None;
        }
        state.own.next_try = None;
        state.save(&self.disk).unwrap();
    }
}

fn manager(disk: &Arc<Disk>, site: &Site) -> Manager {
    let mut real = Real::new(Arc::clone(disk), site.reload());
    real.address = site.https;
    real.ports = (site.http.port(), site.https.port());
    real.patience = Patience {
        connect: Duration::from_secs(2),
        answer: Duration::from_secs(2),
    };
    real.polling = Polling {
        first: Duration::from_millis(50),
        longest: Duration::from_secs(30),
    };
    real.spreading = Spreading {
        pause: Duration::from_millis(100),
        longest: Duration::from_secs(10),
    };
    Manager::new(Arc::clone(disk), Arc::new(real))
}

/// A configuration that agrees to an authority's terms.
pub(super) fn config(directory: &str, domains: &[&str]) -> Config {
    let mut config = Config::default();
    config.web.domains = domains.iter().map(|name| (*name).to_owned()).collect();
    config.acme.terms_agreed = true;
    config.acme.directory = directory.to_owned();
    config
}

/// A name server for which every name is this machine.
pub(super) async fn name_server() -> String {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let mut query = [0; 512];
        loop {
            let (length, from) = socket.recv_from(&mut query).await.unwrap();
            let answer = answer(&query[..length]);
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    address
}

/// The answer to one question (RFC 1035, 4.1): an address to who asks for one,
/// nothing to everybody else.
fn answer(query: &[u8]) -> Vec<u8> {
    let end_of_name = 12 + query[12..].iter().position(|byte| *byte == 0).unwrap() + 1;
    let question = &query[12..end_of_name + 4];
    let is_address = query[end_of_name..end_of_name + 2] == [0, 1];
    let mut answer = query[..2].to_vec();
    answer.extend([0x84, 0, 0, 1, 0, u8::from(is_address), 0, 0, 0, 0]);
    answer.extend(question);
    if is_address {
        // The name again, kind, class, seconds, length, address.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
    }
    answer
}
