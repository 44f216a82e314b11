//! `[storage]`: where uploaded files are.

use crate::config::error::Finding;
use crate::secret::Secret;
use serde::{Deserialize, Serialize};

/// Files that people upload and that the application makes for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// Where new files go.
    pub store: StoreChoice,
    /// Largest file that is taken, in bytes.
    pub max_upload_bytes: u64,
    /// How many days a picture that no product shows is kept; 0 is for ever.
    pub keep_unused_pictures_days: u16,
    /// Address of an S3 service, such as R2's.
    pub s3_endpoint: Option<String>,
    /// Bucket, which must exist.
    pub s3_bucket: Option<String>,
    /// Region; R2 has one, `auto`.
    pub s3_region: String,
    /// Name of the key pair.
    pub s3_access_key: Option<String>,
    /// Its secret half.
    pub s3_secret_key: Option<Secret>,
}

/// The kinds of stores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreChoice {
    /// A directory of the box.
    #[default]
    Local,
    /// An S3 service.
    S3,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            store: StoreChoice::Local,
            max_upload_bytes: 25 * 1024 * 1024,
            keep_unused_pictures_days: 90,
            s3_endpoint: None,
            s3_bucket: None,
            s3_region: "auto".to_owned(),
            s3_access_key: None,
            s3_secret_key: None,
        }
    }
}

/// The largest limit: 5 GiB is what one part-wise upload to S3 surely bears.
const MOST_UPLOAD: u64 = 5 * 1024 * 1024 * 1024;

impl Storage {
    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        if !(1..=MOST_UPLOAD).contains(&self.max_upload_bytes) {
            found.push(Finding::new(
                "storage.max_upload_bytes",
                &self.max_upload_bytes.to_string(),
                "this is no useful limit",
                "write a number of bytes from 1 to 5368709120",
            ));
        }
        let web = |url: &String| {
            let host = url
                .strip_prefix("https://")
                .or_else(|| url.strip_prefix("http://"));
            host.is_some_and(|host| !host.is_empty() && !host.contains(['@', '?', '#', ' ']))
        };
        if self.s3_endpoint.as_ref().is_some_and(|url| !web(url)) {
            found.push(Finding::hidden(
                "storage.s3_endpoint",
                "this is not the address of a service",
                r#"write a URL such as "https://ACCOUNT.r2.cloudflarestorage.com""#,
            ));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_keep_files_on_the_box() {
        let storage = Storage::default();
        assert_eq!(storage.store, StoreChoice::Local);
        assert!(storage.validate().is_empty());
    }

    #[test]
    fn an_endpoint_that_is_no_address_is_refused_and_not_shown() {
        for bad in ["r2.example", "s3://bucket", "https://", "https://u:pw@host"] {
            let storage = Storage {
                s3_endpoint: Some(bad.to_owned()),
                ..Storage::default()
            };
            let found = storage.validate();
            assert_eq!((found.len(), &found[0].value), (1, &None), "{bad}");
        }
    }

    #[test]
    fn a_limit_of_nothing_is_refused() {
        let storage = Storage {
            max_upload_bytes: 0,
            ..Storage::default()
        };
        assert_eq!(storage.validate().len(), 1);
    }
}
