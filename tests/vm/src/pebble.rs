//! A certificate authority for the box: Pebble on this machine, which the guest
//! reaches as its gateway, and which reaches the guest through the forwarded
//! ports.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use onebox_vm::Vm;
use serde_json::json;

/// This machine, as QEMU's user network shows it to the guest.
pub const HOST: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);

const UP_LIMIT: Duration = Duration::from_secs(20);

/// A running authority with its name server.
#[derive(Debug)]
pub struct Pebble {
    processes: Vec<Child>,
    root: PathBuf,
    acme: u16,
    dns: u16,
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Pebble {
    /// Starts one that looks for the box of `vm` under every name; files and logs
    /// go to `dir`.
    ///
    /// # Panics
    /// When it does not start: `cargo xtask setup --for test` installs it.
    #[must_use]
    pub fn start(vm: &Vm, dir: &Path) -> Self {
        fs::create_dir_all(dir).expect("create the authority's directory");
        let [acme, management, dns, dns_management] = free_ports();
        let (root, key) = listener_certificate(dir);
        let ports = &vm.settings().ports;
        let config = json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{acme}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": root,
            "privateKey": key,
            "httpPort": ports.http,
            "tlsPort": ports.https,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "retryAfter": {"authz": 1, "order": 1},
            "certificateValidityPeriod": 7_776_000,
            "profiles": {"default": {"description": "usual", "validityPeriod": 7_776_000}},
        }});
        let file = dir.join("pebble.json");
        fs::write(&file, config.to_string()).expect("write the authority's configuration");
        let log = |name: &str| fs::File::create(dir.join(name)).expect("create a log");

        // Newer versions have another name for the option, and listen for more.
        let help = Command::new("pebble-challtestsrv").arg("-h").output();
        let help = help.expect("run pebble-challtestsrv; `cargo xtask setup --for test`");
        let is_old = String::from_utf8_lossy(&help.stderr).contains("-dns01");
        let mut names = Command::new("pebble-challtestsrv");
        names
            .args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""])
            .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
            .arg(if is_old { "-dns01" } else { "-dnsserver" })
            .arg(format!("127.0.0.1:{dns}"))
            .args(["-management", &format!("127.0.0.1:{dns_management}")]);
        if !is_old {
            names.args(["-doh", ""]);
        }
        let names = started(&mut names, log("challtestsrv.log"));
        let mut authority = Command::new("pebble");
        authority
            .arg("-config")
            .arg(&file)
            .arg("-dnsserver")
            .arg(format!("127.0.0.1:{dns}"))
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", "20");
        let authority = started(&mut authority, log("pebble.log"));
        let pebble = Self {
            processes: vec![names, authority],
            root,
            acme,
            dns,
        };
        for port in [acme, dns_management] {
            listens(port);
        }
        pebble
    }

    /// The operator's file of a box that gets its certificate there; the roots
    /// are `ca_file` on the box.
    #[must_use]
    pub fn config(&self, domain: &str, ca_file: &str) -> String {
        format!(
            "[web]\ndomains = [\"{domain}\"]\n\n[acme]\nterms_agreed = true\n\
             directory = \"https://{HOST}:{}/dir\"\nca_file = \"{ca_file}\"\n\
             resolvers = [\"{HOST}:{}\"]\n",
            self.acme, self.dns
        )
    }

    /// What the authority's own server is checked with.
    ///
    /// # Panics
    /// When the file has gone.
    #[must_use]
    pub fn roots(&self) -> String {
        fs::read_to_string(&self.root).expect("read the authority's certificate")
    }
}

/// Another program may take one of them before it is used; a second run of the
/// test helps then.
fn free_ports() -> [u16; 4] {
    let listeners = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("its number").port())
}

/// A certificate for the address under which the guest sees this machine. It
/// must not be that of an authority, and openssl's own defaults make it one.
fn listener_certificate(dir: &Path) -> (PathBuf, PathBuf) {
    let (root, key) = (dir.join("listener.pem"), dir.join("listener-key.pem"));
    let config = dir.join("openssl.cnf");
    let text = format!(
        "[req]\ndistinguished_name = name\nx509_extensions = ext\nprompt = no\n\
         [name]\nCN = pebble\n[ext]\nbasicConstraints = critical, CA:FALSE\n\
         subjectAltName = IP:{HOST}, IP:127.0.0.1\nextendedKeyUsage = serverAuth\n"
    );
    fs::write(&config, text).expect("write openssl's configuration");
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .arg("-config")
        .arg(&config)
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&root)
        .output()
        .expect("run openssl; `cargo xtask setup --for test` installs it");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    (root, key)
}

fn started(command: &mut Command, log: fs::File) -> Child {
    let errors = log.try_clone().expect("a second handle of the log");
    command
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .expect("start Pebble; `cargo xtask setup --for test` installs it")
}

fn listens(port: u16) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(
            begun.elapsed() < UP_LIMIT,
            "Pebble does not listen on {address}; its log says why"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
