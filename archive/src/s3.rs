//! The bucket: the only place that speaks to S3.

use std::path::Path;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumMode, CompletedMultipartUpload, CompletedPart};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::{Fault, Kind};
use tokio::io::AsyncReadExt as _;

/// Larger files go up in parts of this size, so that memory stays bounded.
const PART_BYTES: u64 = 16 * 1024 * 1024;

/// S3 could not do what we asked.
#[derive(Debug, thiserror::Error)]
pub enum S3Error {
    /// It is away, or too busy. Worth another try.
    #[error("the object store does not answer: {0}")]
    Unavailable(String),
    /// There is no such object.
    #[error("there is no such object")]
    Missing,
    /// There is no such bucket.
    #[error("there is no such bucket")]
    NoBucket,
    /// It refused; another try will not help.
    #[error("the object store refused: {0}")]
    Refused(String),
    /// What is in the bucket is not what was sent.
    #[error("the object {key} is not what was sent")]
    Corrupt {
        /// Which object.
        key: String,
    },
    /// A file on our side could not be read or written.
    #[error("a local file failed")]
    File(#[from] std::io::Error),
}

impl Fault for S3Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Unavailable(_) | Self::NoBucket | Self::Corrupt { .. } | Self::File(_) => Kind::Unavailable,
            Self::Missing | Self::Refused(_) => Kind::Broken,
        }
    }

    fn code(&self) -> &'static str {
        match self.kind() {
            Kind::Unavailable => "S3_UNAVAILABLE",
            _ => "INTERNAL",
        }
    }
}

impl<E, R> From<SdkError<E, R>> for S3Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    fn from(error: SdkError<E, R>) -> Self {
        let text = DisplayErrorContext(&error).to_string();
        let SdkError::ServiceError(service) = &error else { return Self::Unavailable(text) };
        match service.err().code() {
            Some("NoSuchKey" | "NotFound") => Self::Missing,
            Some("NoSuchBucket") => Self::NoBucket,
            Some("AccessDenied" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidArgument") => {
                Self::Refused(text)
            }
            _ => Self::Unavailable(text),
        }
    }
}

/// A client for AWS or any store that speaks its protocol; `endpoint` is `None` for AWS.
pub fn client(endpoint: Option<&str>, region: &str, access_key: &str, secret_key: &str) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .read_timeout(Duration::from_secs(15))
        .operation_attempt_timeout(Duration::from_secs(60))
        .build();
    let mut config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(Credentials::new(access_key, secret_key, None, None, "config"))
        .retry_config(RetryConfig::standard().with_max_attempts(2))
        .timeout_config(timeouts);
    if let Some(endpoint) = endpoint {
        config = config.endpoint_url(endpoint).force_path_style(true);
    }
    Client::from_conf(config.build())
}

/// An object, or a stretch of one, on its way to us.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) body: ByteStream,
    /// Bytes that will come.
    pub(crate) bytes: u64,
}

/// The bucket that holds the archives. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    pub(crate) const fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// Whether the bucket is there and lets us in.
    pub(crate) async fn answers(&self) -> bool {
        self.client.head_bucket().bucket(&self.name).send().await.is_ok()
    }

    /// Makes the bucket if it is missing.
    pub(crate) async fn ensure(&self) -> Result<(), S3Error> {
        match self.client.head_bucket().bucket(&self.name).send().await.map_err(S3Error::from) {
            Ok(_) => return Ok(()),
            Err(S3Error::Missing | S3Error::NoBucket) => {}
            Err(error) => return Err(error),
        }
        match self.client.create_bucket().bucket(&self.name).send().await {
            Ok(_) => {
                tracing::info!("made the bucket {}", self.name);
                Ok(())
            }
            Err(error) => match error.as_service_error().and_then(ProvideErrorMetadata::code) {
                Some("BucketAlreadyExists" | "BucketAlreadyOwnedByYou") => Ok(()),
                _ => Err(error.into()),
            },
        }
    }

    /// Puts a small object. Its checksum is known beforehand: what arrives otherwise is refused, and what is stored is
    /// looked at again.
    pub(crate) async fn put(&self, key: &str, body: Bytes, crc: u32, content_type: &str) -> Result<(), S3Error> {
        let bytes = body.len() as u64;
        let checksum = STANDARD.encode(crc.to_be_bytes());
        self.client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(content_type)
            .checksum_crc32(&checksum)
            .body(body.into())
            .send()
            .await?;
        let head = self.client.head_object().bucket(&self.name).key(key).checksum_mode(ChecksumMode::Enabled).send();
        let head = head.await?;
        let is_same = head.content_length().and_then(|length| u64::try_from(length).ok()) == Some(bytes)
            && head.checksum_crc32().is_none_or(|stored| stored == checksum);
        if !is_same {
            return Err(S3Error::Corrupt { key: key.to_owned() });
        }
        Ok(())
    }

    /// Puts a file of any size; returns its size.
    pub(crate) async fn put_file(&self, key: &str, path: &Path, content_type: &str) -> Result<u64, S3Error> {
        let size = tokio::fs::metadata(path).await?.len();
        if size <= PART_BYTES {
            let body = Bytes::from(tokio::fs::read(path).await?);
            let crc = crc32fast::hash(&body);
            self.put(key, body, crc, content_type).await?;
            return Ok(size);
        }
        let begun = self.client.create_multipart_upload().bucket(&self.name).key(key).content_type(content_type);
        let begun = begun.send().await?;
        let upload = begun.upload_id().unwrap_or_default();
        let result = self.put_parts(key, upload, path).await;
        if result.is_err() {
            let abort = self.client.abort_multipart_upload().bucket(&self.name).key(key).upload_id(upload);
            if let Err(error) = abort.send().await {
                tracing::warn!("an unfinished upload of {key} stays behind: {}", DisplayErrorContext(&error));
            }
        }
        result?;
        let head = self.client.head_object().bucket(&self.name).key(key).send().await?;
        if head.content_length().and_then(|length| u64::try_from(length).ok()) != Some(size) {
            return Err(S3Error::Corrupt { key: key.to_owned() });
        }
        Ok(size)
    }

    async fn put_parts(&self, key: &str, upload: &str, path: &Path) -> Result<(), S3Error> {
        let mut file = tokio::fs::File::open(path).await?;
        let mut parts = Vec::new();
        for number in 1.. {
            let mut body = Vec::new();
            (&mut file).take(PART_BYTES).read_to_end(&mut body).await?;
            if body.is_empty() {
                break;
            }
            let part = self.client.upload_part().bucket(&self.name).key(key).upload_id(upload).part_number(number);
            let part = part.body(body.into()).send().await?;
            parts.push(CompletedPart::builder().part_number(number).set_e_tag(part.e_tag).build());
        }
        let whole = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let done = self.client.complete_multipart_upload().bucket(&self.name).key(key).upload_id(upload);
        done.multipart_upload(whole).send().await?;
        Ok(())
    }

    /// Gets an object, or the bytes of it from `first` to `last`.
    pub(crate) async fn get(&self, key: &str, range: Option<(u64, u64)>) -> Result<Object, S3Error> {
        let range = range.map(|(first, last)| format!("bytes={first}-{last}"));
        let got = self.client.get_object().bucket(&self.name).key(key).set_range(range).send().await?;
        let bytes = got.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or(0);
        Ok(Object { body: got.body, bytes })
    }

    /// Appends an object to a file.
    pub(crate) async fn append_to(&self, key: &str, file: &mut tokio::fs::File) -> Result<(), S3Error> {
        let object = self.get(key, None).await?;
        let copied = tokio::io::copy(&mut object.body.into_async_read(), file).await;
        let copied = copied.map_err(|error| S3Error::Unavailable(error.to_string()))?;
        if copied != object.bytes {
            return Err(S3Error::Unavailable(format!("{key} broke off after {copied} bytes")));
        }
        Ok(())
    }
}
