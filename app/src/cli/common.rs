//! What commands about files in the state directory have in common.

use onebox_model::paths;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Common {
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Where the application keeps files
    #[arg(long, value_name = "DIR", default_value = paths::APP_STATE_DIR)]
    pub(super) state_dir: PathBuf,
}
