//! The way out that leads nowhere: mail is written into the table of mails,
//! with its text, and for developers also as a file each.

use super::message::Letter;
use super::transport::{SendError, Transport};
use futures_util::future::BoxFuture;
use std::path::PathBuf;

/// Writes down.
#[derive(Debug)]
pub struct Outbox {
    /// Where files go, if they are wanted.
    pub directory: Option<PathBuf>,
}

impl Transport for Outbox {
    fn name(&self) -> &'static str {
        "outbox"
    }

    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let Some(directory) = &self.directory else {
                return Ok(());
            };
            let name = letter.message_id.trim_start_matches('<');
            let name = name.split('@').next().unwrap_or(name);
            let path = directory.join(format!("{name}.eml"));
            let failed =
                |error| SendError::temporary(format!("cannot write {}: {error}", path.display()));
            tokio::fs::create_dir_all(directory).await.map_err(failed)?;
            tokio::fs::write(&path, letter.message.formatted())
                .await
                .map_err(failed)
        })
    }

    fn keeps_text(&self) -> bool {
        true
    }
}
