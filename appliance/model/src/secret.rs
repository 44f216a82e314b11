//! Secrets: passwords and keys that the operator's file gives or only names.
//!
//! A secret is text, or `{ secret = "name" }`: then its value is the file of
//! that name in the directory of [`Credentials`], which systemd fills
//! (`LoadCredential=`) and only the service may read. Neither form is shown by
//! `Debug` or serialization.

use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The key of the form that names a file.
const KEY: &str = "secret";

/// A password or key, or the name of one.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Form);

#[derive(Clone, PartialEq, Eq)]
enum Form {
    Given(String),
    Named(String),
}

/// Where named secrets are. Empty where the process was given none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials(Option<PathBuf>);

/// A named secret cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is no directory.
    #[error(
        "the secret {name:?} cannot be read: this process was given no credentials; add LoadCredential={name}:FILE to its unit, or write the value in place of the name"
    )]
    NoDirectory {
        /// Its name.
        name: String,
    },
    /// The file cannot be read.
    #[error("the secret {name:?} cannot be read from {}: {source}", path.display())]
    Read {
        /// Its name.
        name: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file has nothing in it.
    #[error("the secret {name:?} is empty: {} has nothing in it", path.display())]
    Empty {
        /// Its name.
        name: String,
        /// The file.
        path: PathBuf,
    },
}

impl Credentials {
    /// Secrets are files in this directory.
    #[must_use]
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self(Some(directory.into()))
    }

    /// The directory, if there is one.
    #[must_use]
    pub fn directory(&self) -> Option<&Path> {
        self.0.as_deref()
    }
}

impl Secret {
    /// The name, where the secret is only named.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.0 {
            Form::Given(_) => None,
            Form::Named(name) => Some(name),
        }
    }

    /// The secret with the given value.
    #[must_use]
    pub fn given(value: impl Into<String>) -> Self {
        Self(Form::Given(value.into()))
    }

    /// The secret that is stored under a name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self(Form::Named(name.into()))
    }

    /// Its value, for using and not for showing. A named one is read now; one
    /// line break at the end of its file does not count.
    ///
    /// # Errors
    /// When a named one cannot be read.
    pub fn reveal(&self, credentials: &Credentials) -> Result<String, SecretError> {
        let name = match &self.0 {
            Form::Given(value) => return Ok(value.clone()),
            Form::Named(name) => name.clone(),
        };
        let Some(directory) = credentials.directory() else {
            return Err(SecretError::NoDirectory { name });
        };
        let path = directory.join(&name);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let value = text.strip_suffix('\n').unwrap_or(&text);
                let value = value.strip_suffix('\r').unwrap_or(value);
                if value.is_empty() {
                    return Err(SecretError::Empty { name, path });
                }
                Ok(value.to_owned())
            }
            Err(source) => Err(SecretError::Read { name, path, source }),
        }
    }
}

/// Whether a secret may have this name. It is one plain file: it must not lead
/// out of the directory.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=255).contains(&text.len()) && !text.starts_with('.') && text.chars().all(plain)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Given(_) => f.write_str("Secret(…)"),
            Form::Named(name) => write!(f, "Secret({KEY} = {name:?})"),
        }
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Given(_) => serializer.serialize_str("…"),
            Form::Named(name) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(KEY, name)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"text in quotes, or { secret = "name" }"#)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Secret, E> {
        if value.is_empty() {
            return Err(E::custom("this is empty"));
        }
        Ok(Secret::given(value))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Secret, A::Error> {
        let mut named = None;
        while let Some(key) = map.next_key::<String>()? {
            if key != KEY {
                return Err(de::Error::custom("the only key of a secret is \"secret\""));
            }
            named = Some(map.next_value::<String>()?);
        }
        match named {
            Some(name) if is_name(&name) => Ok(Secret(Form::Named(name))),
            Some(_) => Err(de::Error::custom(
                "a secret's name has letters, digits, dots, dashes and underscores only",
            )),
            None => Err(de::Error::missing_field(KEY)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Result<Secret, toml::de::Error> {
        #[derive(Deserialize)]
        struct Holder {
            key: Secret,
        }
        toml::from_str::<Holder>(toml).map(|holder| holder.key)
    }

    #[test]
    fn a_value_is_given_back_and_never_shown() {
        let secret = read("key = \"hunter2\"").unwrap();
        let none = Credentials::default();
        assert_eq!(secret.reveal(&none).unwrap(), "hunter2");
        let shown = format!("{secret:?} {}", serde_json::to_string(&secret).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_named_one_is_the_file_of_that_name() {
        let directory = tempfile::tempdir().unwrap();
        let credentials = Credentials::at(directory.path());
        let secret = read("key = { secret = \"smtp\" }").unwrap();
        assert!(matches!(
            secret.reveal(&credentials),
            Err(SecretError::Read { .. })
        ));
        std::fs::write(directory.path().join("smtp"), "\n").unwrap();
        assert!(matches!(
            secret.reveal(&credentials),
            Err(SecretError::Empty { .. })
        ));
        std::fs::write(directory.path().join("smtp"), " hunter2 \n").unwrap();
        assert_eq!(secret.reveal(&credentials).unwrap(), " hunter2 ");
        assert_eq!(
            serde_json::to_string(&secret).unwrap(),
            "{\"secret\":\"smtp\"}"
        );
    }

    #[test]
    fn without_credentials_a_named_one_says_what_to_do() {
        let secret = read("key = { secret = \"smtp\" }").unwrap();
        let error = secret.reveal(&Credentials::default()).unwrap_err();
        assert!(
            error.to_string().contains("LoadCredential=smtp:"),
            "{error}"
        );
    }

    #[test]
    fn a_name_cannot_lead_out_of_the_directory() {
        for name in ["", "..", "../smtp", "/etc/passwd", "a/b", ".hidden", "a\0b"] {
            assert!(!is_name(name), "{name:?}");
        }
        assert!(read("key = { secret = \"../smtp\" }").is_err());
        assert!(read("key = { secret = \"a\", other = \"b\" }").is_err());
        assert!(read("key = {}").is_err());
        assert!(read("key = \"\"").is_err());
    }
}
