//! The support bundle: an archive of what somebody who helps needs to see.
//!
//! Nothing in it is worth anything to a thief: the configuration is written
//! without secrets by its types, and every file passes the [`Blackout`], which
//! knows the secrets of this box and what secrets and customers' data look
//! like in logs. What cannot be had is named and left out; a box that is ill
//! must still give a bundle.

mod blackout;
mod contents;

pub use blackout::Blackout;

use crate::disk::Disk;
use crate::doctor::Doctor;
use crate::effective;
use crate::secrets;
use crate::steps::Steps;
use base64::Engine as _;
use flate2::Compression;
use flate2::write::GzEncoder;
use onebox_api::support::{Bundle, File};
use onebox_model::{Secret, config, paths};
use std::io;
use time::OffsetDateTime;
use time::macros::format_description;

/// Longer files lose their beginning: the end of a log says what happened.
const LARGEST: usize = 4 << 20;

/// A file before it is blacked out.
pub(crate) struct Draft {
    pub(crate) path: String,
    pub(crate) text: Result<String, String>,
}

/// Makes a bundle with so many hours of logs.
///
/// # Errors
/// When it cannot be packed.
pub async fn bundle(doctor: &Doctor, hours: u32, steps: &Steps) -> Result<Bundle, io::Error> {
    let now = OffsetDateTime::now_utc();
    let mut blackout = blackout(&doctor.disk).await;
    let drafts = contents::collect(doctor, hours, steps).await;
    steps.tell("blacking out secrets and personal data");
    let (mut files, mut missing) = (Vec::new(), Vec::new());
    for draft in drafts {
        match draft.text {
            Ok(text) => files.push((draft.path, blackout.apply(tail(&text)))),
            Err(why) => missing.push(format!("{}: {}", draft.path, blackout.apply(&why))),
        }
    }
    let redactions = blackout.count();
    let name = name(now);
    files.insert(
        0,
        ("README.txt".to_owned(), readme(now, redactions, &missing)),
    );
    steps.tell(format!("packing {} files", files.len()));
    let content = pack(&name, &files, now)?;
    let shown = files.iter().map(|(path, text)| File {
        path: path.clone(),
        bytes: text.len() as u64,
    });
    Ok(Bundle {
        files: shown.collect(),
        name: format!("{name}.tar.gz"),
        redactions,
        missing,
        content: base64::engine::general_purpose::STANDARD.encode(content),
    })
}

/// Knows every secret of the box that the keeper can read.
async fn blackout(disk: &Disk) -> Blackout {
    let mut known = Vec::new();
    let chosen = effective::choose(disk);
    known.extend(config::inline_secrets(&chosen.text));
    // An edit that was not applied may hold another one.
    let file = disk.read(paths::CONFIG).ok().flatten().unwrap_or_default();
    known.extend(config::inline_secrets(&String::from_utf8_lossy(&file)));
    for name in secrets::stored(disk).unwrap_or_default().into_keys() {
        let secret = Secret::named(&name);
        known.extend(secrets::reveal(disk, &secret).ok());
    }
    for path in [paths::INITIAL_ADMIN, paths::SEAL_KEYS, paths::BACKUP_CIPHER] {
        let bytes = disk.read(path).ok().flatten().unwrap_or_default();
        known.extend(words(&String::from_utf8_lossy(&bytes)));
    }
    Blackout::new(known)
}

/// What in a file of the box's own secrets is long enough to be one.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || "\"{},:".contains(c))
        .filter(|word| word.len() >= 12)
        .map(str::to_owned)
        .collect()
}

fn tail(text: &str) -> &str {
    let from = text.len().saturating_sub(LARGEST);
    let from = text
        .char_indices()
        .map(|(at, _)| at)
        .find(|at| *at >= from)
        .unwrap_or(0);
    text.get(from..).unwrap_or(text)
}

/// Without the box's name, which may be a customer's.
fn name(now: OffsetDateTime) -> String {
    let form = format_description!("[year][month][day]T[hour][minute][second]Z");
    let stamp = now.format(&form).unwrap_or_default();
    format!("onebox-support-{stamp}")
}

fn readme(now: OffsetDateTime, redactions: u64, missing: &[String]) -> String {
    let mut text = format!(
        "Support bundle of a Onebox, made {now} by boxd {}.\n\n\
         Start with doctor.json and status.json; journal/ has the logs.\n\
         Secrets, passwords in addresses, tokens, cookies, mail addresses and\n\
         visitors' addresses were blacked out {redactions} times. Look yourself\n\
         before you give it away: what a program writes into its log in a way\n\
         that nobody foresaw is still there.\n",
        env!("CARGO_PKG_VERSION")
    );
    if !missing.is_empty() {
        text += "\nThis could not be had:\n";
        for line in missing {
            text += &format!("  {line}\n");
        }
    }
    text
}

fn pack(name: &str, files: &[(String, String)], now: OffsetDateTime) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(now.unix_timestamp()).unwrap_or_default());
        archive.append_data(&mut header, format!("{name}/{path}"), text.as_bytes())?;
    }
    archive.into_inner()?.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn what_is_packed_can_be_unpacked() {
        let files = [("a/b.txt".to_owned(), "hello".to_owned())];
        let bytes = pack("bundle", &files, OffsetDateTime::UNIX_EPOCH).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap().to_str(), Some("bundle/a/b.txt"));
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello");
    }

    #[test]
    fn long_texts_keep_their_end() {
        let text = "é".repeat(LARGEST) + "end";
        let cut = tail(&text);
        assert!(
            cut.ends_with("end") && cut.len() <= LARGEST,
            "{}",
            cut.len()
        );
        assert_eq!(tail("short"), "short");
        assert_eq!(
            name(OffsetDateTime::UNIX_EPOCH),
            "onebox-support-19700101T000000Z"
        );
    }

    #[test]
    fn the_boxes_own_secrets_are_taken_out_of_their_files() {
        let found = words("{\"email\":\"admin@localhost\",\"password\":\"q8H2-very-long-one\"}");
        assert!(
            found.contains(&"q8H2-very-long-one".to_owned()),
            "{found:?}"
        );
    }
}
