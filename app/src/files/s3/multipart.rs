//! Sending a file of unknown length: in one request when it fits one part,
//! else in parts of one size. One part is in memory at a time; a part that
//! fails is sent again from there.

use super::failed;
use crate::files::FileError;
use crate::files::key::Key;
use crate::files::store::Bytestream;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;

/// Size of every part but the last. S3 wants at least 5 MiB; R2 wants all of
/// them alike; 10,000 of these are 78 GiB, more than an upload may have.
const PART: usize = 8 * 1024 * 1024;

/// An upload that was begun. Until it is complete the service keeps (and
/// bills) its parts, so it is taken back when whoever sends it goes away.
struct Begun {
    client: Client,
    bucket: String,
    key: String,
    id: Option<String>,
}

pub(super) async fn put(
    client: &Client,
    bucket: &str,
    key: &Key,
    content_type: &str,
    body: Bytestream<'_>,
) -> Result<(), FileError> {
    let mut parts = Parts {
        body,
        left: BytesMut::new(),
    };
    let first = parts.next().await?;
    if first.len() < PART {
        let request = client.put_object().bucket(bucket).key(key.as_str());
        return request
            .content_type(content_type)
            .body(ByteStream::from(first))
            .send()
            .await
            .map(drop)
            .map_err(|error| failed("write", key.as_str(), &error));
    }
    let mut begun = Begun::new(client, bucket, key, content_type).await?;
    let sent = begun.send(first, &mut parts).await;
    match sent {
        Ok(()) => begun.id = None,
        Err(_) => begun.abort().await,
    }
    sent
}

/// Cuts a stream into pieces of one size.
struct Parts<'a> {
    body: Bytestream<'a>,
    left: BytesMut,
}

impl Parts<'_> {
    /// The next part: a short one is the last, an empty one comes after it.
    async fn next(&mut self) -> Result<Bytes, FileError> {
        while self.left.len() < PART {
            match self.body.try_next().await? {
                Some(piece) => self.left.extend_from_slice(&piece),
                None => break,
            }
        }
        let length = self.left.len().min(PART);
        Ok(self.left.split_to(length).freeze())
    }
}

impl Begun {
    async fn new(
        client: &Client,
        bucket: &str,
        key: &Key,
        content_type: &str,
    ) -> Result<Self, FileError> {
        let request = client.create_multipart_upload().bucket(bucket);
        let begun = request
            .key(key.as_str())
            .content_type(content_type)
            .send()
            .await
            .map_err(|error| failed("begin to write", key.as_str(), &error))?;
        Ok(Self {
            client: client.clone(),
            bucket: bucket.to_owned(),
            key: key.to_string(),
            id: begun.upload_id().map(str::to_owned),
        })
    }

    async fn send(&self, first: Bytes, parts: &mut Parts<'_>) -> Result<(), FileError> {
        let mut done = Vec::new();
        let mut part = first;
        let mut number = 1;
        while !part.is_empty() {
            let last = part.len() < PART;
            done.push(self.part(number, part).await?);
            if last {
                break;
            }
            number += 1;
            part = parts.next().await?;
        }
        let all = CompletedMultipartUpload::builder()
            .set_parts(Some(done))
            .build();
        let request = self.client.complete_multipart_upload();
        let request = request.bucket(&self.bucket).key(&self.key);
        request
            .set_upload_id(self.id.clone())
            .multipart_upload(all)
            .send()
            .await
            .map(drop)
            .map_err(|error| failed("finish writing", &self.key, &error))
    }

    async fn part(&self, number: i32, bytes: Bytes) -> Result<CompletedPart, FileError> {
        let request = self.client.upload_part().bucket(&self.bucket);
        let sent = request
            .key(&self.key)
            .set_upload_id(self.id.clone())
            .part_number(number)
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(|error| failed("write a part of", &self.key, &error))?;
        Ok(CompletedPart::builder()
            .part_number(number)
            .set_e_tag(sent.e_tag().map(str::to_owned))
            .build())
    }

    async fn abort(&mut self) {
        let Some(id) = self.id.take() else {
            return;
        };
        let request = self.client.abort_multipart_upload().bucket(&self.bucket);
        if let Err(error) = request.key(&self.key).upload_id(id).send().await {
            // The bucket's own rule for unfinished uploads gets it in the end.
            tracing::warn!("{}", failed("take back", &self.key, &error));
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if self.id.is_none() {
            return;
        }
        let mut left = Self {
            client: self.client.clone(),
            bucket: self.bucket.clone(),
            key: self.key.clone(),
            id: self.id.take(),
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { left.abort().await });
        }
    }
}
