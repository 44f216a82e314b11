//! `boxctl config edit`: a draft beside the file is edited, and takes the
//! file's place when it is sound. Nothing of the operator's is thrown away: a
//! draft that was not saved stays, and is named.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::error::{Error, IoContext};
use crate::output;

pub(super) fn run(path: &Path) -> Result<ExitCode, Error> {
    let before = super::read(path)?;
    let draft = Draft::create(path, &before)?;
    loop {
        draft.edit()?;
        let after = draft.read()?;
        if after == before {
            draft.discard()?;
            output::text_line("nothing was changed")?;
            return Ok(ExitCode::SUCCESS);
        }
        match super::parse(&after, path) {
            Ok(_) => break,
            Err(error) => {
                eprintln!("{error}");
                if !again()? {
                    return Err(draft.kept("it has mistakes"));
                }
            }
        }
    }
    if super::read(path)? != before {
        return Err(draft.kept("the file was changed by somebody else meanwhile"));
    }
    draft.replace(path)?;
    output::text_line(&format!(
        "saved {}; it takes effect at the next boot",
        path.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Asks whether to go on editing; where nobody can be asked, no.
fn again() -> Result<bool, Error> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    eprint!("edit it again? [Y/n] ");
    io::stderr().flush().doing("write to the terminal")?;
    let mut answer = String::new();
    let read = io::stdin()
        .read_line(&mut answer)
        .doing("read the answer")?;
    Ok(read > 0 && !matches!(answer.trim(), "n" | "N" | "no"))
}

/// A copy that becomes the file, or stays beside it.
struct Draft(PathBuf);

impl Draft {
    fn create(path: &Path, text: &str) -> Result<Self, Error> {
        let mode = fs::metadata(path)
            .doing("look at the file")?
            .permissions()
            .mode();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let draft = path.with_file_name(format!("{name}.draft-{}", std::process::id()));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .doing("make a draft beside the file")?;
        file.write_all(text.as_bytes()).doing("write the draft")?;
        file.set_permissions(fs::Permissions::from_mode(mode & 0o7777))
            .doing("give the draft the file's mode")?;
        Ok(Self(draft))
    }

    /// Lets the person change it. The editor's command may have arguments.
    fn edit(&self) -> Result<(), Error> {
        let chosen = ["VISUAL", "EDITOR"].iter().find_map(env::var_os);
        let editor = chosen.filter(|editor| !editor.is_empty());
        let editor = editor.unwrap_or_else(|| "vi".into());
        let status = Command::new("/bin/sh")
            .args(["-c", "eval \"$1 \\\"\\$2\\\"\"", "boxctl"])
            .arg(&editor)
            .arg(&self.0)
            .status()
            .doing("run the editor")?;
        match status.success() {
            true => Ok(()),
            false => Err(self.kept("the editor failed")),
        }
    }

    fn read(&self) -> Result<String, Error> {
        fs::read_to_string(&self.0).doing("read the draft")
    }

    fn discard(self) -> Result<(), Error> {
        fs::remove_file(self.0).doing("remove the draft")
    }

    /// Puts it in the file's place; whoever reads meanwhile, or after a power
    /// cut, finds the one or the other whole.
    fn replace(self, path: &Path) -> Result<(), Error> {
        let doing = "put the draft in the file's place";
        let sync = |path: &Path| fs::File::open(path)?.sync_all();
        sync(&self.0).doing(doing)?;
        fs::rename(&self.0, path).doing(doing)?;
        let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        sync(parent.unwrap_or(Path::new("."))).doing(doing)
    }

    fn kept(&self, why: &'static str) -> Error {
        Error::Draft {
            why,
            draft: self.0.clone(),
        }
    }
}
