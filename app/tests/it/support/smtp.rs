//! A mail server that speaks the real protocol (RFC 5321, STARTTLS, AUTH) and
//! does what a test wants of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Security {
    None,
    Starttls,
    Tls,
}

/// What the server does.
#[derive(Clone)]
pub struct Script {
    pub security: Security,
    pub login: Option<(&'static str, &'static str)>,
    /// Answers to RCPT and to the end of DATA.
    pub rcpt: &'static str,
    pub data: &'static str,
    /// Takes the mail and hangs up without a word.
    pub hangs_up: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            security: Security::None,
            login: None,
            rcpt: "250 2.1.5 ok",
            data: "250 2.0.0 taken",
            hangs_up: false,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Received {
    pub from: String,
    pub to: Vec<String>,
    pub data: String,
    pub encrypted: bool,
    pub login: Option<String>,
    /// Which connection it came by.
    pub connection: usize,
}

pub struct SmtpServer {
    pub port: u16,
    received: Arc<Mutex<Vec<Received>>>,
}

trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

impl SmtpServer {
    /// `certificates` has privkey.pem and fullchain.pem, for localhost.
    pub async fn start(script: Script, certificates: &Path) -> Self {
        let tls = TlsAcceptor::from(Arc::new(tls(certificates)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        tokio::spawn(async move {
            let mut connection = 0;
            while let Ok((stream, _)) = listener.accept().await {
                connection += 1;
                let (tls, script, log) = (tls.clone(), script.clone(), Arc::clone(&log));
                tokio::spawn(async move {
                    let mut session = Session {
                        script,
                        tls: tls.clone(),
                        log,
                        connection,
                        login: None,
                        encrypted: false,
                    };
                    let io: Box<dyn Io> = if session.script.security == Security::Tls {
                        session.encrypted = true;
                        match tls.accept(stream).await {
                            Ok(stream) => Box::new(stream),
                            Err(_) => return,
                        }
                    } else {
                        Box::new(stream)
                    };
                    // A client that leaves early ends its session, no more.
                    let _ = session.serve(io).await;
                });
            }
        });
        Self { port, received }
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

struct Session {
    script: Script,
    tls: TlsAcceptor,
    log: Arc<Mutex<Vec<Received>>>,
    connection: usize,
    login: Option<String>,
    encrypted: bool,
}

impl Session {
    async fn serve(&mut self, io: Box<dyn Io>) -> io::Result<()> {
        let mut io = BufStream::new(io);
        say(&mut io, "220 mail.test ready").await?;
        let (mut from, mut to) = (String::new(), Vec::new());
        loop {
            let line = hear(&mut io).await?;
            let verb = line
                .split(' ')
                .next()
                .unwrap_or_default()
                .to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => say(&mut io, &self.abilities()).await?,
                "STARTTLS" if self.script.security == Security::Starttls => {
                    say(&mut io, "220 2.0.0 go ahead").await?;
                    let stream = self.tls.accept(io.into_inner()).await?;
                    self.encrypted = true;
                    let stream: Box<dyn Io> = Box::new(stream);
                    io = BufStream::new(stream);
                }
                "AUTH" => {
                    let answer = self.log_in(&line);
                    say(&mut io, answer).await?;
                }
                "MAIL" if self.script.login.is_some() && self.login.is_none() => {
                    say(&mut io, "530 5.7.0 log in first").await?;
                }
                "MAIL" => {
                    from = line;
                    to.clear();
                    say(&mut io, "250 2.1.0 ok").await?;
                }
                "RCPT" => {
                    to.push(line);
                    say(&mut io, self.script.rcpt).await?;
                }
                "DATA" => {
                    say(&mut io, "354 go ahead").await?;
                    let data = hear_data(&mut io).await?;
                    let accepted = self.script.data.starts_with('2');
                    if accepted {
                        self.log.lock().unwrap().push(Received {
                            from: from.clone(),
                            to: to.clone(),
                            data,
                            encrypted: self.encrypted,
                            login: self.login.clone(),
                            connection: self.connection,
                        });
                    }
                    if self.script.hangs_up {
                        return Ok(());
                    }
                    say(&mut io, self.script.data).await?;
                }
                "QUIT" => return say(&mut io, "221 2.0.0 bye").await,
                "NOOP" | "RSET" => say(&mut io, "250 2.0.0 ok").await?,
                _ => say(&mut io, "500 5.5.1 what?").await?,
            }
        }
    }

    fn abilities(&self) -> String {
        let mut lines = vec!["250-mail.test"];
        if self.script.security == Security::Starttls && !self.encrypted {
            lines.push("250-STARTTLS");
        }
        if self.script.login.is_some() {
            lines.push("250-AUTH PLAIN");
        }
        lines.push("250 8BITMIME");
        lines.join("\r\n")
    }

    fn log_in(&mut self, line: &str) -> &'static str {
        let sent = line.rsplit(' ').next().unwrap_or_default();
        let sent = STANDARD.decode(sent).unwrap_or_default();
        let sent = String::from_utf8_lossy(&sent).into_owned();
        let parts: Vec<&str> = sent.split('\0').collect();
        match (self.script.login, parts.as_slice()) {
            (Some((user, password)), [_, name, word]) if *name == user && *word == password => {
                self.login = Some(user.to_owned());
                "235 2.7.0 welcome"
            }
            _ => "535 5.7.8 who are you?",
        }
    }
}

async fn say(io: &mut BufStream<Box<dyn Io>>, text: &str) -> io::Result<()> {
    io.write_all(format!("{text}\r\n").as_bytes()).await?;
    io.flush().await
}

async fn hear(io: &mut BufStream<Box<dyn Io>>) -> io::Result<String> {
    let mut line = String::new();
    if io.read_line(&mut line).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn hear_data(io: &mut BufStream<Box<dyn Io>>) -> io::Result<String> {
    let mut data = String::new();
    loop {
        let line = hear(io).await?;
        if line == "." {
            return Ok(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
        data.push_str("\r\n");
    }
}

fn tls(certificates: &Path) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let chain = vec![CertificateDer::from_pem_file(certificates.join("fullchain.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(certificates.join("privkey.pem")).unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
}
