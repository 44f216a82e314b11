//! The certificate changes under a running server.

use crate::support::client::{Client, write_certificate};
use crate::support::eventually;
use crate::support::process::{Env, Notify};
use crate::support::redis;
use rustix::process::Signal;
use std::net::TcpListener;

fn env() -> Env {
    Env::new(
        "postgres://nobody@localhost/x?host=/nonexistent",
        &redis::private_url(),
    )
}

#[tokio::test]
async fn a_reload_serves_the_new_certificate_and_a_broken_one_changes_nothing() {
    let (env, notify) = (env(), Notify::new());
    let [http, https] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let address = https.local_addr().unwrap();
    write_certificate(env.dir.path());
    let old = Client::new(address, env.dir.path());
    let order = [(0, "http"), (1, "https")];
    let web = env.start_activated([&http, &https], &order, Some(&notify));
    notify.until("READY=1").await;
    assert!(old.get("/version").await.unwrap().contains("200 OK"));

    write_certificate(env.dir.path());
    let new = Client::new(address, env.dir.path());
    assert!(
        new.get("/version").await.is_err(),
        "nobody has said to reload"
    );
    web.signal(Signal::HUP);
    let said = notify.until("READY=1").await;
    let reloading = said
        .iter()
        .find(|message| message.text.contains("RELOADING=1"))
        .unwrap();
    assert!(reloading.text.contains("MONOTONIC_USEC="));
    assert!(new.get("/version").await.unwrap().contains("200 OK"));
    assert!(old.get("/version").await.is_err());

    // A chain that does not belong to the key.
    let other = tempfile::tempdir().unwrap();
    write_certificate(other.path());
    std::fs::copy(
        other.path().join("privkey.pem"),
        env.dir.path().join("privkey.pem"),
    )
    .unwrap();
    web.signal(Signal::HUP);
    let said = notify.until("READY=1").await;
    assert!(
        said.iter()
            .any(|message| message.text.contains("certificate not reloaded"))
    );
    assert!(new.get("/version").await.unwrap().contains("200 OK"));
    assert!(
        env.said().contains("the certificate in use stays"),
        "{}",
        env.said()
    );
}

#[tokio::test]
async fn a_server_without_a_certificate_starts_and_takes_the_first_one_it_finds() {
    let (env, notify) = (env(), Notify::new());
    let [http, https] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let order = [(0, "http"), (1, "https")];
    let _web = env.start_activated([&http, &https], &order, Some(&notify));
    notify.until("READY=1").await;
    write_certificate(env.dir.path());
    let client = Client::new(https.local_addr().unwrap(), env.dir.path());
    eventually("the certificate is served", || async {
        client.get("/version").await.is_ok()
    })
    .await;
}
