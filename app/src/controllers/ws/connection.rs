//! One WebSocket, from its first message to its close.
//!
//! The server says `{"type": "hello", "degraded": …}`, then sends events as
//! they come ([`crate::events::Event`]), `{"type": "degraded", "degraded": …}`
//! when Redis goes or comes back, and `{"type": "lagged", "missed": n}` before
//! it closes on a client that is too slow: such a client reads the present
//! state again and reconnects. Who may no longer log in is closed on within a
//! minute.

use crate::auth::identity::Identity;
use crate::domain::ids::VendorId;
use crate::events::hub::{Hearing, Listener, News};
use crate::state::AppState;
use crate::storage::users::Role;
use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use axum::http::{Request, header};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// The first message must come within this time.
const GREETING: Duration = Duration::from_secs(10);
/// A client is pinged this often.
const PING: Duration = Duration::from_secs(20);
/// A client not heard of for this long is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// A client must take a message within this time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a connection ends.
enum End {
    /// The client is gone, or does not take what is sent.
    Gone,
    /// The server says why (RFC 6455, section 7.4.1).
    Close(u16, &'static str),
}

/// What a connection may see.
#[derive(Clone, Copy)]
enum Sight {
    All,
    Of(VendorId),
}

#[derive(Deserialize)]
struct Greeting {
    token: String,
}

pub(super) async fn run(
    mut socket: WebSocket,
    state: AppState,
    identity: Option<Identity>,
    mut listener: Listener,
) {
    let ended = match identity {
        // A cookie's session ends with its browser's; a token is asked again.
        Some(identity) => live(&mut socket, &state, None, &identity, &mut listener).await,
        None => match greeted(&mut socket, &state).await {
            Ok((token, identity)) => {
                live(&mut socket, &state, Some(token), &identity, &mut listener).await
            }
            Err(end) => Err(end),
        },
    };
    if let Err(End::Close(code, reason)) = ended {
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        let _gone = timeout(PATIENCE, socket.send(Message::Close(Some(frame)))).await;
    }
}

/// Waits for the first message and who it says is there.
async fn greeted(socket: &mut WebSocket, state: &AppState) -> Result<(String, Identity), End> {
    let refused = End::Close(close_code::POLICY, "log in and send the token you get");
    let first = match timeout(GREETING, socket.recv()).await {
        Ok(Some(Ok(Message::Text(text)))) => text,
        Ok(Some(Ok(_))) | Err(_) => return Err(refused),
        Ok(_) => return Err(End::Gone),
    };
    let Ok(Greeting { token }) = serde_json::from_str(&first) else {
        return Err(refused);
    };
    match by_token(state, &token).await {
        Some(identity) => Ok((token, identity)),
        None => Err(refused),
    }
}

/// Who a token stands for, by the same way as for requests.
async fn by_token(state: &AppState, token: &str) -> Option<Identity> {
    let request = Request::get("/ws")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(())
        .ok()?;
    let (mut parts, ()) = request.into_parts();
    Identity::from_request_parts(&mut parts, state).await.ok()
}

fn sight(identity: &Identity) -> Option<Sight> {
    match (identity.session.role, identity.session.vendor_id) {
        (Role::Admin, _) => Some(Sight::All),
        (Role::Owner | Role::Staff, vendor) => vendor.map(Sight::Of),
    }
}

fn sees(sight: Sight, news: &News) -> bool {
    match sight {
        Sight::All => true,
        Sight::Of(vendor) => news.vendor == Some(vendor),
    }
}

async fn live(
    socket: &mut WebSocket,
    state: &AppState,
    token: Option<String>,
    identity: &Identity,
    listener: &mut Listener,
) -> Result<(), End> {
    let Some(sight) = sight(identity) else {
        return Err(End::Close(
            close_code::POLICY,
            "this account belongs to no vendor",
        ));
    };
    let hearing = *listener.hearing.borrow_and_update();
    say(
        socket,
        &json!({"type": "hello", "degraded": hearing == Hearing::Not}),
    )
    .await?;
    let mut heard = Instant::now();
    let mut pings = tokio::time::interval_at(heard + PING, PING);
    loop {
        tokio::select! {
            () = closed(&mut listener.closing) => {
                return Err(End::Close(close_code::AWAY, "the server restarts"));
            }
            changed = listener.hearing.changed() => {
                if changed.is_err() {
                    return Err(End::Close(close_code::AWAY, "the server stops"));
                }
                let degraded = *listener.hearing.borrow_and_update() == Hearing::Not;
                say(socket, &json!({"type": "degraded", "degraded": degraded})).await?;
            }
            news = listener.news.recv() => match news {
                Ok(news) if sees(sight, &news) => {
                    send(socket, Message::text(news.text.as_ref())).await?;
                }
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => {
                    say(socket, &json!({"type": "lagged", "missed": missed})).await?;
                    return Err(End::Close(close_code::AGAIN, "too slow; read anew and reconnect"));
                }
                Err(RecvError::Closed) => {
                    return Err(End::Close(close_code::AWAY, "the server stops"));
                }
            },
            received = socket.recv() => match received {
                Some(Ok(Message::Close(_))) | Some(Err(_)) | None => return Err(End::Gone),
                Some(Ok(_)) => heard = Instant::now(),
            },
            _ = pings.tick() => {
                if heard.elapsed() > SILENCE {
                    return Err(End::Gone);
                }
                if let Some(token) = &token
                    && by_token(state, token).await.is_none()
                {
                    return Err(End::Close(close_code::POLICY, "the token has ended"));
                }
                send(socket, Message::Ping(Vec::new().into())).await?;
            }
        }
    }
}

/// Waits until the process is about to stop.
async fn closed(closing: &mut watch::Receiver<bool>) {
    let _closing = closing.wait_for(|closing| *closing).await.is_ok();
}

async fn say(socket: &mut WebSocket, value: &Value) -> Result<(), End> {
    send(socket, Message::text(value.to_string())).await
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    match timeout(PATIENCE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}
