//! An HTTP server of a few lines that can cut, stall and lie.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// What was asked.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// Path of the address.
    pub(super) path: String,
    /// Where the range begins, if one was asked for.
    pub(super) range: Option<usize>,
    /// How many requests came before.
    pub(super) count: usize,
}

/// What to answer.
#[derive(Debug, Default)]
pub(super) struct Reply {
    head: String,
    body: Vec<u8>,
    cut: Option<usize>,
    stall: Option<(usize, Duration)>,
}

impl Reply {
    /// The whole body.
    pub(super) fn ok(body: &[u8]) -> Self {
        Self::new("200 OK", "", body)
    }

    /// The body from the range's beginning; the whole one without a range.
    pub(super) fn from(body: &[u8], range: Option<usize>) -> Self {
        match range {
            None => Self::ok(body),
            Some(from) if from < body.len() => {
                let range = format!(
                    "Content-Range: bytes {from}-{}/{}\r\n",
                    body.len() - 1,
                    body.len()
                );
                Self::new("206 Partial Content", &range, &body[from..])
            }
            Some(_) => Self::status(416),
        }
    }

    /// A status and nothing else.
    pub(super) fn status(status: u16) -> Self {
        Self::new(&format!("{status} Status"), "", b"")
    }

    /// Hangs up without an answer.
    pub(super) fn drop() -> Self {
        Self::default()
    }

    /// Hangs up after so many bytes of the body.
    pub(super) fn cut_after(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    /// Falls silent after so many bytes of the body.
    pub(super) fn stall_after(mut self, bytes: usize, time: Duration) -> Self {
        self.stall = Some((bytes, time));
        self
    }

    fn new(status: &str, headers: &str, body: &[u8]) -> Self {
        Self {
            head: format!(
                "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n",
                body.len()
            ),
            body: body.to_vec(),
            ..Self::default()
        }
    }
}

/// A running server on a port of its own; its threads end with the test.
pub(super) struct Server {
    base: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers each request with what `answer` makes of it.
    pub(super) fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                // A client that hangs up first ends the connection's thread.
                thread::spawn(move || serve(&stream, &seen, &*answer));
            }
        });
        Self { base, requests }
    }

    /// The address of a path.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    /// What was asked so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(
    stream: &TcpStream,
    seen: &Mutex<Vec<Request>>,
    answer: &dyn Fn(&Request) -> Reply,
) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    loop {
        let first = lines.next()?.ok()?;
        let mut range = None;
        for line in lines.by_ref() {
            let line = line.ok()?.to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("range: bytes=") {
                range = value.trim_end_matches('-').parse().ok();
            }
            if line.is_empty() {
                break;
            }
        }
        let request = {
            let mut seen = seen.lock().ok()?;
            let request = Request {
                path: first.split(' ').nth(1)?.to_owned(),
                range,
                count: seen.len(),
            };
            seen.push(request.clone());
            request
        };
        let reply = answer(&request);
        if reply.head.is_empty() {
            return None;
        }
        let mut out = stream;
        out.write_all(reply.head.as_bytes()).ok()?;
        if let Some(cut) = reply.cut {
            out.write_all(&reply.body[..cut]).ok()?;
            return None;
        }
        let (now, later) = reply
            .body
            .split_at(reply.stall.map_or(reply.body.len(), |(at, _)| at));
        out.write_all(now).ok()?;
        if let Some((_, time)) = reply.stall {
            thread::sleep(time);
        }
        out.write_all(later).ok()?;
    }
}
