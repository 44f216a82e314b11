//! The WebSocket of live news, over real connections and a real Redis.

use crate::support::app::{EMAIL, TestApp};
use crate::support::eventually;
use crate::support::jobs::{Script, put, put_script, registry, row};
use crate::support::redis::Server;
use futures_util::{SinkExt, StreamExt};
use onebox_model::QueueName;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use wizamart::domain::ids::{OrderId, VendorId};
use wizamart::domain::money::{Currency, Money};
use wizamart::events::{self, Event};
use wizamart::lifecycle::{self, Trigger};
use wizamart::queue::enqueue::NewJob;
use wizamart::queue::worker::{Worker, WorkerOptions};
use wizamart::storage::jobs::JobState;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A box whose web process hears events.
/// On a Redis of its own: what is published is heard in all of a server's
/// databases, and other tests' jobs are not this one's news. It ends with the
/// test process.
async fn hearing() -> (TestApp, SocketAddr, Trigger) {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let server: &'static Server = Box::leak(Box::new(server));
    let app = TestApp::with_redis(&server.url(0)).await.with_admin().await;
    let (trigger, shutdown) = lifecycle::shutdown();
    tokio::spawn(app.state.hub.clone().run(shutdown));
    let address = app.serve().await;
    (app, address, trigger)
}

async fn open(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Socket, Error> {
    let mut request = format!("ws://{address}/ws").into_client_request()?;
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    Ok(connect_async(request).await?.0)
}

async fn open_as(address: SocketAddr, token: &str) -> Socket {
    let bearer = format!("Bearer {token}");
    open(address, &[("authorization", &bearer)]).await.unwrap()
}

fn status(refused: Result<Socket, Error>) -> u16 {
    match refused {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was opened"),
    }
}

/// The next text or close; pings are answered on the way.
async fn next(socket: &mut Socket) -> Message {
    loop {
        let received = tokio::time::timeout(Duration::from_secs(30), socket.next());
        match received.await.expect("a message").expect("no end").unwrap() {
            Message::Ping(_) | Message::Pong(_) => {}
            message => return message,
        }
    }
}

async fn next_json(socket: &mut Socket) -> Value {
    match next(socket).await {
        Message::Text(text) => serde_json::from_str(&text).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Reads until the server says that events arrive.
async fn until_live(socket: &mut Socket) {
    while next_json(socket).await["degraded"] != false {}
}

fn order(vendor: i64, order: i64) -> Event {
    let currency: Currency = "EUR".parse().unwrap();
    Event::NewOrder {
        vendor: VendorId(vendor),
        order: OrderId(order),
        total: Money::new(1_250, currency),
    }
}

async fn staff_of(app: &TestApp, vendor: i64) -> String {
    sqlx::query("INSERT INTO vendors (id, slug, name) VALUES ($1, 'shop', 'Shop')")
        .bind(vendor)
        .execute(&app.database.pool)
        .await
        .unwrap();
    sqlx::query("UPDATE users SET role = 'staff', vendor_id = $1 WHERE email = $2")
        .bind(vendor)
        .bind(EMAIL)
        .execute(&app.database.pool)
        .await
        .unwrap();
    app.token().await
}

#[tokio::test]
async fn an_administrator_sees_a_jobs_progress_and_its_end() {
    let (app, address, _trigger) = hearing().await;
    let mut socket = open_as(address, &app.token().await).await;
    until_live(&mut socket).await;
    let job = NewJob::of(&Script::Tell { done: 4, total: 4 }).unwrap();
    let id = put(&app.database.pool, &*app.clock, job)
        .await
        .into_row()
        .id;
    let options = WorkerOptions::new(vec![QueueName::Default], 1);
    let mut worker = Worker::new(app.state.services.clone(), registry(), options);
    worker.run_due().await.unwrap();
    let progress = next_json(&mut socket).await;
    assert_eq!(progress["type"], "job_progress");
    assert_eq!(progress["job"], id.to_string());
    assert_eq!(progress["progress"]["done"], 4);
    let end = next_json(&mut socket).await;
    assert_eq!(
        (&end["type"], &end["state"]),
        (&json!("job_finished"), &json!("done"))
    );
}

#[tokio::test]
async fn a_job_that_is_cancelled_has_ended_for_those_who_watch() {
    let (app, address, _trigger) = hearing().await;
    let token = app.token().await;
    let mut socket = open_as(address, &token).await;
    until_live(&mut socket).await;
    let pool = &app.database.pool;
    let cancel = async |id| {
        let path = format!("/api/v1/jobs/{id}/cancel");
        let answer = app.post_as(&token, &path, &json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    let is_its_end = |news: &Value, id: uuid::Uuid| {
        assert_eq!(news["type"], "job_finished", "{news}");
        assert_eq!(news["job"], id.to_string());
        assert_eq!(
            (&news["state"], &news["error"]),
            (&json!("dead"), &json!("cancelled"))
        );
    };
    // One that waits.
    let id = put_script(pool, &*app.clock, Script::Succeed).await;
    cancel(id).await;
    is_its_end(&next_json(&mut socket).await, id);
    // One that runs.
    let id = put_script(pool, &*app.clock, Script::Take { millis: 600_000 }).await;
    let options = WorkerOptions::new(vec![QueueName::Default], 1);
    let (trigger, shutdown) = lifecycle::shutdown();
    let worker = Worker::new(app.state.services.clone(), registry(), options);
    let running = tokio::spawn(worker.run(shutdown));
    eventually("the job runs", || async {
        row(pool, id).await.state == JobState::Running
    })
    .await;
    cancel(id).await;
    is_its_end(&next_json(&mut socket).await, id);
    trigger.stop();
    running.await.unwrap();
}

#[tokio::test]
async fn a_vendors_user_hears_of_the_vendors_orders_only() {
    let (app, address, _trigger) = hearing().await;
    let token = staff_of(&app, 7).await;
    let mut socket = open_as(address, &token).await;
    until_live(&mut socket).await;
    for event in [order(8, 1), order(7, 2)] {
        events::publish(&app.state.services, &event).await.unwrap();
    }
    let heard = next_json(&mut socket).await;
    assert_eq!(heard["type"], "new_order");
    assert_eq!(heard["order"], 2);
}

#[tokio::test]
async fn a_token_may_come_in_the_first_message() {
    let (app, address, _trigger) = hearing().await;
    let mut socket = open(address, &[]).await.unwrap();
    let greeting = json!({"token": app.token().await}).to_string();
    socket.send(Message::text(greeting)).await.unwrap();
    assert_eq!(next_json(&mut socket).await["type"], "hello");

    let mut stranger = open(address, &[]).await.unwrap();
    stranger
        .send(Message::text("{\"token\": \"x\"}"))
        .await
        .unwrap();
    match next(&mut stranger).await {
        Message::Close(Some(frame)) => assert_eq!(frame.code, CloseCode::Policy),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_session_opens_it_from_our_own_pages_only() {
    let (app, address, _trigger) = hearing().await;
    let cookie = app.log_in().await;
    let ours = format!("https://{address}");
    let mut socket = open(address, &[("cookie", &cookie), ("origin", &ours)])
        .await
        .unwrap();
    assert_eq!(next_json(&mut socket).await["type"], "hello");
    let foreign = [
        ("cookie", cookie.as_str()),
        ("origin", "https://evil.example"),
    ];
    assert_eq!(status(open(address, &foreign).await), 403);
    assert_eq!(status(open(address, &[("cookie", &cookie)]).await), 403);
    let wrong = [("authorization", "Bearer nonsense")];
    assert_eq!(status(open(address, &wrong).await), 401);
}

#[tokio::test]
async fn a_process_that_stops_says_so() {
    let (app, address, trigger) = hearing().await;
    let mut socket = open_as(address, &app.token().await).await;
    until_live(&mut socket).await;
    trigger.stop();
    match next(&mut socket).await {
        Message::Close(Some(frame)) => assert_eq!(frame.code, CloseCode::Away),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_redis_a_connection_is_told_that_it_hears_nothing() {
    let nowhere = "redis+unix:///nonexistent/redis.sock";
    let app = TestApp::with_redis(nowhere).await.with_admin().await;
    let (_trigger, shutdown) = lifecycle::shutdown();
    tokio::spawn(app.state.hub.clone().run(shutdown));
    let address = app.serve().await;
    let token = app.token().await;
    let mut socket = open_as(address, &token).await;
    let hello = next_json(&mut socket).await;
    assert_eq!(
        (&hello["type"], &hello["degraded"]),
        (&json!("hello"), &json!(true))
    );
}

#[tokio::test]
async fn a_client_that_does_not_read_is_told_and_left() {
    let (app, address, _trigger) = hearing().await;
    let mut slow = open_as(address, &app.token().await).await;
    until_live(&mut slow).await;
    // It reads nothing while far more is sent than anyone keeps for it.
    let long = "x".repeat(64 * 1024);
    for n in 0..600 {
        let event = Event::JobFinished {
            job: uuid::Uuid::from_u128(n),
            kind: long.clone(),
            vendor: None,
            state: JobState::Done,
            error: None,
        };
        events::publish(&app.state.services, &event).await.unwrap();
    }
    let mut last = json!({});
    loop {
        match tokio::time::timeout(Duration::from_secs(30), slow.next())
            .await
            .expect("an end")
        {
            Some(Ok(Message::Text(text))) => last = serde_json::from_str(&text).unwrap(),
            Some(Ok(Message::Close(frame))) => {
                assert_eq!(frame.unwrap().code, CloseCode::Again);
                break;
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => break,
        }
    }
    assert_eq!(last["type"], "lagged", "{}", last["type"]);
}

#[tokio::test]
async fn a_message_too_large_ends_the_connection() {
    let (app, address, _trigger) = hearing().await;
    let mut socket = open_as(address, &app.token().await).await;
    assert_eq!(next_json(&mut socket).await["type"], "hello");
    let _refused = socket.send(Message::text("x".repeat(64 * 1024))).await;
    eventually("the connection ends", || async {
        app.state.hub.connections() == 0
    })
    .await;
}
