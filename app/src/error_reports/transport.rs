//! Sends reports from a thread of its own, so that neither a request nor a job
//! waits for it, and the last ones are sent while the runtime is gone. When
//! reports come faster than they leave, the newest are dropped.

use crate::outbound::{Outbound, Reach};
use sentry::types::Dsn;
use sentry::{Envelope, Transport};
use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

/// Reports that may wait.
const ROOM: usize = 64;
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to keep quiet when the server asks for it without saying how long.
const QUIET: u64 = 60;

/// The way to the thread.
#[derive(Debug)]
pub(super) struct Post(SyncSender<Order>);

enum Order {
    Send(Box<Envelope>),
    Tell(Sender<()>),
}

struct Address {
    url: String,
    auth: String,
}

impl Post {
    pub(super) fn start(dsn: &Dsn) -> io::Result<Self> {
        let (sender, orders) = sync_channel(ROOM);
        let address = Address {
            url: dsn.envelope_api_url().to_string(),
            auth: dsn.to_auth(Some("wizamart")).to_string(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        std::thread::Builder::new()
            .name("reports".to_owned())
            .spawn(move || runtime.block_on(carry(&orders, &address)))?;
        Ok(Self(sender))
    }
}

impl Transport for Post {
    fn send_envelope(&self, envelope: Envelope) {
        if self.0.try_send(Order::Send(Box::new(envelope))).is_err() {
            tracing::debug!("a report was dropped: too many are waiting");
        }
    }

    fn flush(&self, timeout: Duration) -> bool {
        let (done, told) = channel();
        self.0.try_send(Order::Tell(done)).is_ok() && told.recv_timeout(timeout).is_ok()
    }
}

/// Works off orders until nobody can give any. Waiting for one blocks this
/// thread, which has nothing else to do.
async fn carry(orders: &Receiver<Order>, address: &Address) {
    // Its own, because connections belong to the runtime they were made in.
    let outbound = Outbound::new(Reach::Everywhere);
    let mut quiet_until = Instant::now();
    while let Ok(order) = orders.recv() {
        match order {
            Order::Tell(done) => {
                // Whoever asked may have gone.
                let _gone = done.send(());
            }
            Order::Send(_) if Instant::now() < quiet_until => {}
            Order::Send(envelope) => match send(&outbound, address, &envelope).await {
                Ok(None) => {}
                Ok(Some(pause)) => quiet_until = Instant::now() + pause,
                // Not an error: that would be reported.
                Err(error) => tracing::debug!("a report was not sent: {error}"),
            },
        }
    }
}

/// Gives how long the server wants to be left alone, if it does.
async fn send(
    outbound: &Outbound,
    address: &Address,
    envelope: &Envelope,
) -> Result<Option<Duration>, Box<dyn std::error::Error + Send + Sync>> {
    let mut body = Vec::new();
    envelope.to_writer(&mut body)?;
    let response = outbound
        .trusted()?
        .post(&address.url)
        .header("x-sentry-auth", &address.auth)
        .header("content-type", "application/x-sentry-envelope")
        .timeout(PATIENCE)
        .body(body)
        .send()
        .await?;
    if response.status() != 429 {
        return Ok(None);
    }
    let after = response.headers().get("retry-after");
    let seconds = after
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok())
        .unwrap_or(QUIET);
    Ok(Some(Duration::from_secs(seconds.min(3600))))
}
