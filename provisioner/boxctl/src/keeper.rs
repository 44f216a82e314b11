//! Asking `boxd`.

use std::path::PathBuf;

use onebox_api::client::Client;
use onebox_model::paths;

/// Where `boxd` listens.
#[derive(Debug, clap::Args)]
pub(crate) struct Keeper {
    /// Another socket than the box's own
    #[arg(long, value_name = "FILE", default_value = paths::BOXD_SOCKET, hide = true)]
    socket: PathBuf,
}

impl Keeper {
    /// A client of it.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.socket)
    }
}
