//! The book is built and every link leads somewhere.

use super::runner::Runner;
use crate::{build, files::FileError, links};

/// Runs the group.
pub(crate) fn run(runner: &mut Runner<'_>) -> Result<(), FileError> {
    let workspace = runner.workspace();
    runner.own("docs-links", || match links::check(workspace) {
        Ok(broken) if broken.is_empty() => Ok(()),
        Ok(broken) => Err(broken.join("\n") + "\n"),
        Err(error) => Err(format!("{error}\n")),
    })?;
    runner.check("docs-book", &mut build::command(workspace, "book")?)?;
    Ok(())
}
