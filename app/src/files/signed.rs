//! Addresses that open a private file for a while: the file's name and the
//! end of the grant, with an HMAC-SHA256 over both.

use super::FileError;
use super::key::Key;
use crate::random;
use aws_lc_rs::hmac;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use time::OffsetDateTime;

/// Makes and checks signatures. The key is a file beside the store's, made
/// when the first address is signed; every process of the box shares it.
pub struct Signer {
    file: PathBuf,
    key: OnceLock<hmac::Key>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("file", &self.file).finish()
    }
}

impl Signer {
    /// The key is in this file, or will be.
    #[must_use]
    pub const fn new(file: PathBuf) -> Self {
        Self {
            file,
            key: OnceLock::new(),
        }
    }

    /// The path and query that open a file until a moment.
    ///
    /// # Errors
    /// When there is no key and none can be made.
    pub fn sign(&self, key: &Key, until: OffsetDateTime) -> Result<String, FileError> {
        let expires = until.unix_timestamp();
        let tag = hmac::sign(self.key()?, message(key, expires).as_bytes());
        let signature = random::hex(tag.as_ref());
        Ok(format!(
            "/uploads/{key}?expires={expires}&signature={signature}"
        ))
    }

    /// Whether a signature opens a file now.
    ///
    /// # Errors
    /// When there is no key and none can be made.
    pub fn opens(
        &self,
        key: &Key,
        expires: i64,
        signature: &str,
        now: OffsetDateTime,
    ) -> Result<bool, FileError> {
        let tag = hmac::sign(self.key()?, message(key, expires).as_bytes());
        let good = random::same(&random::hex(tag.as_ref()), signature);
        Ok(good && now.unix_timestamp() < expires)
    }

    fn key(&self) -> Result<&hmac::Key, FileError> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let disk = |source| FileError::Disk {
            action: "make the key of signed addresses",
            key: self.file.display().to_string(),
            source,
        };
        let secret = match std::fs::read(&self.file) {
            Ok(secret) => secret,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let new = random::bytes::<32>()?;
                make(&self.file, &new).map_err(disk)?
            }
            Err(error) => return Err(disk(error)),
        };
        if secret.len() != 32 {
            return Err(disk(io::Error::other("it is not 32 bytes long")));
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        Ok(self.key.get_or_init(|| key))
    }
}

fn message(key: &Key, expires: i64) -> String {
    format!("{key}\n{expires}")
}

/// Writes the key unless another process was first; gives the one that stays.
fn make(file: &Path, secret: &[u8]) -> io::Result<Vec<u8>> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut new = tempfile(folder)?;
    new.1.write_all(secret)?;
    new.1.sync_all()?;
    // A link fails where a name is taken, and the file is whole from the start.
    let linked = std::fs::hard_link(&new.0, file);
    std::fs::remove_file(&new.0)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => {
            std::fs::File::open(folder)?.sync_all()?;
            std::fs::read(file)
        }
    }
}

fn tempfile(folder: &Path) -> io::Result<(PathBuf, std::fs::File)> {
    use std::os::unix::fs::OpenOptionsExt;
    let path = folder.join(format!(".{}", uuid::Uuid::now_v7()));
    let file = std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    Ok((path, file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-24 10:00 UTC);

    fn parts(url: &str) -> (i64, String) {
        let query = url.split_once("?expires=").unwrap().1;
        let (expires, signature) = query.split_once("&signature=").unwrap();
        (expires.parse().unwrap(), signature.to_owned())
    }

    #[test]
    fn an_address_opens_its_file_until_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let signer = Signer::new(dir.path().join("state/files.key"));
        let key: Key = "v1/ab/cd".parse().unwrap();
        let end = NOW + time::Duration::minutes(5);
        let (expires, signature) = parts(&signer.sign(&key, end).unwrap());
        let opens = |key: &Key, expires, signature: &str, now| {
            signer.opens(key, expires, signature, now).unwrap()
        };
        assert!(opens(&key, expires, &signature, NOW));
        assert!(!opens(&key, expires, &signature, end));
        assert!(!opens(&key, expires + 1, &signature, NOW));
        assert!(!opens(
            &"v1/ab/ce".parse().unwrap(),
            expires,
            &signature,
            NOW
        ));
        assert!(!opens(&key, expires, "", NOW));
    }

    #[test]
    fn processes_share_one_key_that_others_cannot_read() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("files.key");
        let key: Key = "v1/ab/cd".parse().unwrap();
        let sign = || Signer::new(file.clone()).sign(&key, NOW).unwrap();
        let urls: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(sign)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(urls.iter().all(|url| *url == urls[0]));
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
