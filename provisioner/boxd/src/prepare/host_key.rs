//! The SSH host key: made once, on the box, and kept for good.

use super::{Report, StepError};
use crate::disk::{Access, Change, Disk};
use crate::openssh;
use onebox_model::paths::{SSH_HOST_KEY, SSH_HOST_KEY_PUB};

pub(super) fn ensure(disk: &Disk, report: &mut Report) -> Result<(), StepError> {
    let (private, public) = match usable(disk, report)? {
        Some(pair) => pair,
        None => make()?,
    };
    let access = Access::root(0o600);
    report.note(
        SSH_HOST_KEY,
        disk.write(SSH_HOST_KEY, private.as_bytes(), access)?,
    );
    // The public half follows from the private one, so it comes second.
    let access = Access::root(0o644);
    let change = match disk.read(SSH_HOST_KEY_PUB)? {
        // A comment of the operator's own is none of our business.
        Some(old) if body(&old) == body(public.as_bytes()) => Change::Kept,
        _ => disk.write(SSH_HOST_KEY_PUB, public.as_bytes(), access)?,
    };
    report.note(SSH_HOST_KEY_PUB, change);
    Ok(())
}

fn make() -> Result<(String, String), StepError> {
    let private = openssh::generate().map_err(|error| StepError::HostKey(error.to_string()))?;
    let public =
        openssh::public_of(&private).map_err(|error| StepError::HostKey(error.to_string()))?;
    Ok((private, public))
}

/// The key that is there. One that no server could use is moved aside: with it
/// nobody can log in, and the only cost of a new one is a known_hosts line.
fn usable(disk: &Disk, report: &mut Report) -> Result<Option<(String, String)>, StepError> {
    let Some(bytes) = disk.read(SSH_HOST_KEY)? else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match openssh::public_of(&text) {
        Ok(public) => Ok(Some((text, public))),
        Err(why) => {
            let aside = disk.set_aside(SSH_HOST_KEY)?;
            report.warnings.push(format!(
                "{SSH_HOST_KEY} is no use: {why}; it is now {}, and a new one is made: clients will see a changed host key",
                aside.display()
            ));
            Ok(None)
        }
    }
}

/// Type and key of a `.pub` line.
fn body(line: &[u8]) -> Vec<&[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|part| !part.is_empty())
        .take(2)
        .collect()
}
