//! When the certificate is read again: on SIGHUP (`systemctl reload`), and
//! within seconds of its files being written, should nobody tell us.

use super::tls::Certificates;
use crate::systemd::notify;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

const LOOK: Duration = Duration::from_secs(10);
/// While there is none at all, every handshake fails: look more often.
const LOOK_WITHOUT: Duration = Duration::from_secs(2);

/// Starts watching.
///
/// # Errors
/// When the process cannot listen for signals.
pub fn start(certificates: Arc<Certificates>) -> io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            let pause = if certificates.is_loaded() {
                LOOK
            } else {
                LOOK_WITHOUT
            };
            tokio::select! {
                _ = hangup.recv() => {
                    notify::reloading();
                    let status = reload(&certificates);
                    notify::ready(&status);
                }
                () = tokio::time::sleep(pause) => {
                    if certificates.changed() {
                        notify::status(&reload(&certificates));
                    }
                }
            }
        }
    });
    Ok(())
}

fn reload(certificates: &Certificates) -> String {
    match certificates.reload() {
        Ok(()) => {
            tracing::info!("new certificate in use");
            "certificate reloaded".to_owned()
        }
        Err(error) => {
            tracing::error!("{error}; the certificate in use stays");
            format!("certificate not reloaded: {error}")
        }
    }
}
