//! `cargo xtask css`: compiles the style sheet with Tailwind, from npm.
//!
//! The result is committed, so that neither `cargo build` nor the image needs
//! Node; the suite compiles it again and compares. Tailwind is installed by its
//! lock file into the cache, never into the checkout.

use std::process::Command;

use crate::{
    files::{self, FileError},
    npm::{self, NpmError},
    process::{self, ProcessError},
    workspace::Workspace,
};

/// Where the source is.
const SOURCE: &str = "app/assets/css";
/// What is made of it.
const RESULT: &str = "app/assets/dist/app.css";
/// Whose classes count.
const TEMPLATES: &str = "app/templates";

/// `cargo xtask css`
#[derive(Debug, clap::Args)]
pub(crate) struct CssArgs {
    /// Compare with the committed style sheet instead of writing it.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Why there is no style sheet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CssError {
    /// Tailwind is not there.
    #[error("cannot get Tailwind: {0}")]
    Npm(#[from] NpmError),
    /// A program failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The committed file is not what the sources make.
    #[error(
        "{RESULT} is not what {SOURCE} and the templates make; run `cargo xtask css` and commit it"
    )]
    Stale,
}

/// Compiles, and writes or compares.
pub(crate) fn run(workspace: &Workspace, args: &CssArgs) -> Result<(), CssError> {
    let made = compile(workspace)?;
    let path = workspace.path(RESULT);
    if args.check {
        return if files::read(&path)? == made {
            Ok(())
        } else {
            Err(CssError::Stale)
        };
    }
    files::replace(&path, made.as_bytes())?;
    println!("{RESULT}: {} bytes", made.len());
    Ok(())
}

fn compile(workspace: &Workspace) -> Result<String, CssError> {
    let source = workspace.path(SOURCE);
    let dir = npm::install(&source, "css")?;
    // The templates are named by hand: what else lies around must not matter.
    let mut entry = format!(
        "@import \"tailwindcss\" source(none);\n@source {:?};\n",
        workspace.path(TEMPLATES)
    );
    entry += &files::read(&source.join("app.css"))?;
    let (input, output) = (dir.join("entry.css"), dir.join("app.css"));
    files::replace(&input, entry.as_bytes())?;
    let mut command = Command::new(dir.join("node_modules/.bin/tailwindcss"));
    command
        .arg("--minify")
        .arg("--input")
        .arg(&input)
        .arg("--output")
        .arg(&output)
        .current_dir(&dir);
    process::output(&mut command, "compile the style sheet")?;
    Ok(files::read(&output)?)
}
