//! The book is built and every link leads somewhere.

use super::runner::Runner;
use crate::{files::FileError, links, nix_env};

/// Runs the group.
pub(crate) fn run(runner: &mut Runner<'_>) -> Result<(), FileError> {
    let workspace = runner.workspace();
    runner.own("docs-links", || match links::check(workspace) {
        Ok(broken) if broken.is_empty() => Ok(()),
        Ok(broken) => Err(broken.join("\n") + "\n"),
        Err(error) => Err(format!("{error}\n")),
    })?;
    runner.check("docs-book", &mut nix_env::build(workspace, "book"))?;
    Ok(())
}
