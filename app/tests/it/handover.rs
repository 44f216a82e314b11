//! A restart that no client notices. The test plays systemd: it owns the
//! listening sockets, passes them to one process after the other, and keeps
//! what the process puts into the descriptor store.

use crate::support::client::{Client, read_answer, read_to_end, write_certificate};
use crate::support::postgres::Database;
use crate::support::process::{Env, Notify};
use crate::support::redis;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

const ORDER: [(usize, &str); 2] = [(0, "http"), (1, "https")];

struct Stage {
    env: Env,
    notify: Notify,
    http: TcpListener,
    https: TcpListener,
    client: Client,
}

impl Stage {
    /// Most of what is handed over here needs no database.
    fn new() -> Self {
        Self::with("postgres://nobody@localhost/x?host=/nonexistent")
    }

    fn with(database: &str) -> Self {
        let env = Env::new(database, &redis::private_url());
        write_certificate(env.dir.path());
        let [http, https] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let client = Client::new(https.local_addr().unwrap(), env.dir.path());
        Self {
            env,
            notify: Notify::new(),
            http,
            https,
            client,
        }
    }

    async fn start(&self, order: &[(usize, &str)]) -> crate::support::process::Process {
        let sockets = [&self.http, &self.https];
        let process = self.env.start_activated(sockets, order, Some(&self.notify));
        self.notify.until("READY=1").await;
        process
    }
}

#[tokio::test]
async fn the_sockets_go_into_the_descriptor_store_under_their_names() {
    let stage = Stage::new();
    let sockets = [&stage.http, &stage.https];
    let _web = stage
        .env
        .start_activated(sockets, &ORDER, Some(&stage.notify));
    let messages = stage.notify.until("READY=1").await;
    for (name, socket) in [("http", &stage.http), ("https", &stage.https)] {
        let stored = messages
            .iter()
            .find(|message| {
                message
                    .text
                    .lines()
                    .any(|line| line == format!("FDNAME=stored-{name}"))
            })
            .expect("stored");
        assert!(stored.text.contains("FDSTORE=1"));
        let fd = stored
            .fds
            .first()
            .expect("a descriptor came along")
            .try_clone()
            .unwrap();
        let listener = TcpListener::from(fd);
        assert_eq!(listener.local_addr().unwrap(), socket.local_addr().unwrap());
    }
}

#[tokio::test]
async fn a_restart_refuses_and_resets_nobody() {
    let stage = Stage::new();
    let mut web = stage.start(&ORDER).await;
    let (stop, answered) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let rate = {
        let (stop, answered, client) = (stop.clone(), answered.clone(), stage.client.clone());
        tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while !stop.load(Ordering::Relaxed) {
                let (client, answered) = (client.clone(), answered.clone());
                open.spawn(async move {
                    let answer = client.get("/version").await?;
                    assert!(answer.contains("200 OK"), "{answer}");
                    answered.fetch_add(1, Ordering::Relaxed);
                    Ok::<(), std::io::Error>(())
                });
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            open.join_all().await
        })
    };
    for round in 0..3 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        web.terminate();
        stage.notify.until("STOPPING=1").await;
        assert!(web.ended().await.success(), "{}", stage.env.said());
        // A moment in which nobody accepts, as long as a real restart's.
        tokio::time::sleep(Duration::from_millis(200)).await;
        // systemd passes both what is stored and what the units hold.
        let both = [
            (0, "http"),
            (1, "https"),
            (0, "stored-http"),
            (1, "stored-https"),
        ];
        web = stage
            .start(if round == 0 { &both } else { &both[2..] })
            .await;
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    stop.store(true, Ordering::Relaxed);
    let results = rate.await.unwrap();
    let failures: Vec<_> = results
        .iter()
        .filter_map(|result| result.as_ref().err())
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {}: {failures:?}",
        failures.len(),
        results.len()
    );
    assert!(answered.load(Ordering::Relaxed) > 50);
}

#[tokio::test]
async fn a_client_that_keeps_its_connection_is_told_before_it_ends() {
    let stage = Stage::new();
    let web = stage.start(&ORDER).await;
    let mut stream = stage.client.connect().await.unwrap();
    let request = b"GET /version HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    assert!(
        !read_answer(&mut stream)
            .await
            .unwrap()
            .contains("connection: close")
    );
    web.terminate();
    stage.notify.until("STOPPING=1").await;
    stream.write_all(request).await.unwrap();
    let answer = read_to_end(&mut stream).await.unwrap();
    assert!(
        answer.contains("200 OK") && answer.contains("connection: close"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_request_whose_body_is_still_coming_is_finished() {
    let database = Database::migrated().await;
    let stage = Stage::with(&database.url);
    let mut web = stage.start(&ORDER).await;
    let mut stream = stage.client.connect().await.unwrap();
    stream
        .write_all(
            b"POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\n\
              content-type: application/json\r\ncontent-length: 27\r\n\r\n{\"email\":\"\",",
        )
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    web.terminate();
    stage.notify.until("STOPPING=1").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    stream.write_all(b"\"password\":\"x\"}").await.unwrap();
    let answer = read_to_end(&mut stream).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
    assert!(web.ended().await.success());
}

#[tokio::test]
async fn plain_http_is_sent_to_https_through_the_same_handover() {
    let stage = Stage::new();
    let _web = stage.start(&ORDER).await;
    let mut stream = tokio::net::TcpStream::connect(stage.http.local_addr().unwrap())
        .await
        .unwrap();
    let request = b"GET /admin?x=1 HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let answer = read_to_end(&mut stream).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 308"), "{answer}");
    assert!(
        answer.contains("location: https://shop.example/admin?x=1"),
        "{answer}"
    );
}
