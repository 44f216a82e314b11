//! Marketplaces: real HTTP servers on this machine that serve what a test
//! wants, as badly as it wants.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One answer.
#[derive(Clone, Default)]
pub struct Served {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
    /// After so many bytes the connection breaks.
    pub cut_at: Option<usize>,
    /// After so many bytes nothing comes until [`Feeds::go_on`].
    pub hold_at: Option<usize>,
}

impl Served {
    pub fn text(body: impl Into<Bytes>) -> Self {
        Self {
            status: 200,
            body: body.into(),
            ..Self::default()
        }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn cut_at(mut self, bytes: usize) -> Self {
        self.cut_at = Some(bytes);
        self
    }

    pub fn hold_at(mut self, bytes: usize) -> Self {
        self.hold_at = Some(bytes);
        self
    }

    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub target: String,
    pub headers: HeaderMap,
}

/// The server. Answers are given in their order, the last one for ever.
#[derive(Clone)]
pub struct Feeds {
    pub url: String,
    inner: Arc<Inner>,
}

struct Inner {
    answers: Mutex<VecDeque<Served>>,
    asked: Mutex<Vec<Asked>>,
    open: tokio::sync::watch::Sender<bool>,
}

impl Feeds {
    pub async fn serve(answers: impl IntoIterator<Item = Served>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/feed", listener.local_addr().unwrap());
        let inner = Arc::new(Inner {
            answers: Mutex::new(answers.into_iter().collect()),
            asked: Mutex::default(),
            open: tokio::sync::watch::channel(false).0,
        });
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&inner));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = TowerToHyperService::new(router.clone());
                let http = hyper::server::conn::http1::Builder::new();
                tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { url, inner }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.inner.asked.lock().unwrap().clone()
    }

    pub fn go_on(&self) {
        self.inner.open.send_replace(true);
    }
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    inner.asked.lock().unwrap().push(Asked {
        target: request.uri().to_string(),
        headers: request.headers().clone(),
    });
    let served = {
        let mut answers = inner.answers.lock().unwrap();
        match answers.len() {
            0 => Served::status(404),
            1 => answers[0].clone(),
            _ => answers.pop_front().unwrap(),
        }
    };
    let mut response = Response::builder().status(StatusCode::from_u16(served.status).unwrap());
    for (name, value) in &served.headers {
        response = response.header(*name, value);
    }
    if served.cut_at.is_none() && served.hold_at.is_none() {
        return response.body(Body::from(served.body)).unwrap();
    }
    response = response.header("content-length", served.body.len());
    response
        .body(Body::from_stream(pieces(inner, served)))
        .unwrap()
}

/// The body in pieces, up to where it breaks or is held.
fn pieces(
    inner: Arc<Inner>,
    served: Served,
) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    futures_util::stream::unfold((inner, served, 0_usize), |(inner, served, at)| async move {
        let (stop, cut) = match (served.cut_at, served.hold_at) {
            (Some(cut), _) => (cut, true),
            (None, Some(hold)) if !*inner.open.borrow() => (hold, false),
            _ => (served.body.len(), false),
        };
        if at >= served.body.len() {
            return None;
        }
        if at >= stop {
            if cut {
                // What was sent must arrive before the connection breaks.
                tokio::time::sleep(Duration::from_millis(100)).await;
                let error = std::io::Error::other("the server falls over");
                return Some((Err(error), (inner, served, at)));
            }
            let mut open = inner.open.subscribe();
            let _open = open.wait_for(|open| *open).await;
        }
        let stop = if *inner.open.borrow() && !cut {
            served.body.len()
        } else {
            stop
        };
        let end = (at + 16 * 1024)
            .min(stop.max(at + 1))
            .min(served.body.len());
        let piece = served.body.slice(at..end);
        Some((Ok(piece), (inner, served, end)))
    })
}
