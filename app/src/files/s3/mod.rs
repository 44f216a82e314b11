//! Files in a bucket of an S3 service. What R2 asks beyond S3 is kept
//! everywhere: at most one write a second to a name (names are random and
//! written once), parts of one size except the last, at most 10,000 of them,
//! no checksums in trailers, path-style addresses.

mod multipart;

use super::FileError;
use super::key::Key;
use super::store::{Bytestream, FileStore, Grant, Listed, Part, StoreKind};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use onebox_model::Config;
use std::collections::VecDeque;
use std::time::Duration;

/// Attempts of one request; the waits between them grow.
const ATTEMPTS: u32 = 4;

/// A bucket.
#[derive(Clone, Debug)]
pub struct S3 {
    client: Client,
    bucket: String,
}

impl S3 {
    /// The bucket that the configuration names.
    ///
    /// # Errors
    /// What is missing, in words for the operator.
    pub fn from_config(config: &Config) -> Result<Self, String> {
        let storage = &config.storage;
        let missing = |key: &str| format!("storage.{key} is not set");
        let endpoint = storage.s3_endpoint.as_ref();
        let endpoint = endpoint.ok_or_else(|| missing("s3_endpoint"))?;
        let bucket = storage.s3_bucket.as_ref();
        let bucket = bucket.ok_or_else(|| missing("s3_bucket"))?;
        let access_key = storage.s3_access_key.as_ref();
        let access_key = access_key.ok_or_else(|| missing("s3_access_key"))?;
        let secret_key = storage.s3_secret_key.as_ref();
        let secret_key = secret_key.ok_or_else(|| missing("s3_secret_key"))?;
        let secret_key = config
            .reveal(secret_key)
            .map_err(|error| error.to_string())?;
        let credentials = Credentials::new(access_key, secret_key, None, None, "configuration");
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            // From the request's first byte to the answer's: a part on a slow
            // line. A request that hangs is tried again.
            .read_timeout(Duration::from_secs(120))
            .build();
        let settings = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(storage.s3_region.clone()))
            .endpoint_url(endpoint)
            .force_path_style(true)
            .credentials_provider(credentials)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts)
            .build();
        Ok(Self {
            client: Client::from_conf(settings),
            bucket: bucket.clone(),
        })
    }

    async fn read(&self, key: &Key, part: Option<Part>) -> Result<Bytestream<'static>, FileError> {
        let range = part.map(|part| {
            let last = part.start + part.length.saturating_sub(1);
            format!("bytes={}-{last}", part.start)
        });
        let request = self.client.get_object().bucket(&self.bucket);
        let sent = request.key(key.as_str()).set_range(range).send().await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) if absent(&error) => {
                return Err(FileError::NotFound {
                    key: key.to_string(),
                });
            }
            Err(error) => return Err(failed("read", key.as_str(), &error)),
        };
        let name = key.to_string();
        let pieces = stream::try_unfold(answer.body, move |mut body| {
            let name = name.clone();
            async move {
                match body.try_next().await {
                    Ok(piece) => Ok(piece.map(|piece| (piece, body))),
                    Err(error) => Err(FileError::S3 {
                        action: "read",
                        key: name,
                        detail: DisplayErrorContext(&error).to_string(),
                    }),
                }
            }
        });
        Ok(pieces.boxed())
    }

    async fn page(
        &self,
        after: Option<String>,
    ) -> Result<(VecDeque<Listed>, Option<String>), FileError> {
        let request = self.client.list_objects_v2().bucket(&self.bucket);
        let sent = request.set_continuation_token(after).send().await;
        let page = sent.map_err(|error| failed("list", "the files", &error))?;
        let listed = page.contents().iter().map(|object| Listed {
            name: object.key().unwrap_or_default().to_owned(),
            size: object
                .size()
                .and_then(|size| u64::try_from(size).ok())
                .unwrap_or_default(),
        });
        let next = page.next_continuation_token().map(str::to_owned);
        Ok((listed.collect(), next))
    }
}

impl FileStore for S3 {
    fn kind(&self) -> StoreKind {
        StoreKind::S3
    }

    fn put<'a>(
        &'a self,
        key: &'a Key,
        content_type: &'a str,
        body: Bytestream<'a>,
    ) -> BoxFuture<'a, Result<(), FileError>> {
        multipart::put(&self.client, &self.bucket, key, content_type, body).boxed()
    }

    fn open<'a>(
        &'a self,
        key: &'a Key,
        part: Option<Part>,
    ) -> BoxFuture<'a, Result<Bytestream<'static>, FileError>> {
        self.read(key, part).boxed()
    }

    fn size<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<u64>, FileError>> {
        async move {
            let request = self.client.head_object().bucket(&self.bucket);
            match request.key(key.as_str()).send().await {
                Ok(found) => Ok(found
                    .content_length()
                    .and_then(|size| u64::try_from(size).ok())),
                Err(error) if absent(&error) => Ok(None),
                Err(error) => Err(failed("look at", key.as_str(), &error)),
            }
        }
        .boxed()
    }

    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), FileError>> {
        async move {
            let request = self.client.delete_object().bucket(&self.bucket);
            match request.key(key.as_str()).send().await {
                Ok(_) => Ok(()),
                Err(error) if absent(&error) => Ok(()),
                Err(error) => Err(failed("delete", key.as_str(), &error)),
            }
        }
        .boxed()
    }

    fn list(&self) -> BoxStream<'_, Result<Listed, FileError>> {
        stream::try_unfold(Some(None), |state| async {
            let Some(after) = state else {
                return Ok::<_, FileError>(None);
            };
            let (listed, next) = self.page(after).await?;
            let files = stream::iter(listed.into_iter().map(Ok));
            Ok(Some((files, next.map(Some))))
        })
        .try_flatten()
        .boxed()
    }

    fn signed_url<'a>(
        &'a self,
        key: &'a Key,
        grant: &'a Grant<'a>,
    ) -> BoxFuture<'a, Result<Option<String>, FileError>> {
        async move {
            let refused = |detail: String| FileError::S3 {
                action: "sign an address of",
                key: key.to_string(),
                detail,
            };
            let lasting = PresigningConfig::expires_in(grant.lasts);
            let lasting = lasting.map_err(|error| refused(error.to_string()))?;
            let request = self
                .client
                .get_object()
                .bucket(&self.bucket)
                .key(key.as_str());
            let signed = request
                .response_content_type(grant.content_type)
                .response_content_disposition(&grant.disposition)
                .presigned(lasting)
                .await
                .map_err(|error| failed("sign an address of", key.as_str(), &error))?;
            Ok(Some(signed.uri().to_owned()))
        }
        .boxed()
    }
}

/// Whether the service says that there is no such file.
fn absent<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    let named = matches!(error.code(), Some("NoSuchKey" | "NotFound"));
    // An answer to HEAD has no body that could name the error.
    let missing = error
        .raw_response()
        .is_some_and(|response| response.status().as_u16() == 404);
    named || (missing && error.code().is_none())
}

fn failed<E>(action: &'static str, key: &str, error: &SdkError<E>) -> FileError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    FileError::S3 {
        action,
        key: key.to_owned(),
        detail: DisplayErrorContext(error).to_string(),
    }
}
