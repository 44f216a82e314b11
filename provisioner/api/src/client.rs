//! HTTP over `boxd`'s socket, for programs without an async runtime.

use crate::Problem;
use crate::progress::Event;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::path::{Path, PathBuf};
use tokio::net::UnixStream;

/// Speaks to `boxd`.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
}

/// `boxd` did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("boxd is not running: {}: {source}; see `systemctl status boxd`", socket.display())]
    NotRunning {
        /// The socket.
        socket: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// This account may not ask.
    #[error("boxd's socket {} may be used by root and members of the group onebox only; use sudo, or log in as root", .0.display())]
    Forbidden(PathBuf),
    /// The connection broke.
    #[error("boxd's answer did not arrive: {0}; `journalctl -u boxd` says why")]
    Broken(String),
    /// The answer is of another version.
    #[error("boxd's answer is not understood: {0}; are boxd and boxctl of one image?")]
    Content(#[from] serde_json::Error),
    /// It was refused or failed.
    #[error("{}", .0.detail)]
    Refused(Problem),
}

impl Client {
    /// A client of the socket.
    #[must_use]
    pub fn new(socket: &Path) -> Self {
        Self {
            socket: socket.to_owned(),
        }
    }

    /// Asks for something.
    ///
    /// # Errors
    /// When `boxd` cannot be asked or refuses.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.blocking(async {
            let answer = self.send(Method::GET, path, Bytes::new()).await?;
            Ok(serde_json::from_slice(&whole(answer).await?)?)
        })
    }

    /// Has something done.
    ///
    /// # Errors
    /// When `boxd` cannot be asked, refuses or fails.
    pub fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body)?.into();
        self.blocking(async {
            let answer = self.send(Method::POST, path, body).await?;
            Ok(serde_json::from_slice(&whole(answer).await?)?)
        })
    }

    /// Has something done that takes long; `step` is told of each step.
    ///
    /// # Errors
    /// When `boxd` cannot be asked, refuses or fails.
    pub fn follow<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        mut step: impl FnMut(&str),
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body)?.into();
        self.blocking(async {
            let mut answer = self.send(Method::POST, path, body).await?;
            let mut pending = Vec::new();
            while let Some(frame) = answer.frame().await {
                let frame = frame.map_err(broken)?;
                pending.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
                while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = pending.drain(..=end).collect();
                    match serde_json::from_slice(&line)? {
                        Event::Step(text) => step(&text),
                        Event::Done(result) => return Ok(result),
                        Event::Failed(problem) => return Err(ClientError::Refused(problem)),
                    }
                }
            }
            Err(ClientError::Broken("it ended without a result".to_owned()))
        })
    }

    fn blocking<T>(
        &self,
        work: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, ClientError> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| ClientError::Broken(error.to_string()))?
            .block_on(work)
    }

    async fn send(&self, method: Method, path: &str, body: Bytes) -> Result<Incoming, ClientError> {
        let stream = UnixStream::connect(&self.socket)
            .await
            .map_err(|source| self.unreachable(source))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "boxd")
            .header("content-type", "application/json")
            .body(Full::new(body))
            .map_err(|error| ClientError::Broken(error.to_string()))?;
        let answer = sender.send_request(request).await.map_err(broken)?;
        accepted(answer).await
    }

    fn unreachable(&self, source: io::Error) -> ClientError {
        match source.kind() {
            io::ErrorKind::PermissionDenied => ClientError::Forbidden(self.socket.clone()),
            _ => ClientError::NotRunning {
                socket: self.socket.clone(),
                source,
            },
        }
    }
}

/// The body of an answer that is not an error.
async fn accepted(answer: Response<Incoming>) -> Result<Incoming, ClientError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer.into_body());
    }
    let body = whole(answer.into_body()).await?;
    let problem = serde_json::from_slice(&body).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(&body);
        Problem::new(status.as_u16(), "Refused", format!("{status}: {text}"))
    });
    Err(ClientError::Refused(problem))
}

async fn whole(body: Incoming) -> Result<Bytes, ClientError> {
    Ok(body.collect().await.map_err(broken)?.to_bytes())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the argument of map_err is a value"
)]
fn broken(error: hyper::Error) -> ClientError {
    ClientError::Broken(error.to_string())
}
