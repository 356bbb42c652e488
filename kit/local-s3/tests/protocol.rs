//! The AWS SDK against the local server: what the archive relies on.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use local_s3::LocalS3;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

struct Server {
    s3: LocalS3,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Server {
    async fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let secret = "a long secret".into();
        let s3 = LocalS3::start(folder, listener, "mine".into(), secret, &tasks, stop.clone()).unwrap();
        Self { s3, tasks, stop }
    }

    fn client(&self, secret: &str) -> Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("local"))
            .endpoint_url(self.s3.endpoint())
            .force_path_style(true)
            .credentials_provider(Credentials::new("mine", secret, None, None, "test"))
            .build();
        Client::from_conf(config)
    }

    async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    error.as_service_error().and_then(|e| e.code()).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn objects_survive_a_restart_and_are_read_whole_and_by_range() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let client = server.client("a long secret");
    client.create_bucket().bucket("archives").send().await.unwrap();
    let put = client.put_object().bucket("archives").key("a/b/000001.m4s").body(ByteStream::from_static(b"0123456789"));
    put.content_type("video/mp4").send().await.unwrap();
    drop(client);
    server.end().await;

    let server = Server::start(folder.path()).await;
    let client = server.client("a long secret");
    let again = client.create_bucket().bucket("archives").send().await.unwrap_err();
    assert_eq!(code(&again), "BucketAlreadyExists");
    let head = client.head_object().bucket("archives").key("a/b/000001.m4s").send().await.unwrap();
    assert_eq!((head.content_length(), head.content_type()), (Some(10), Some("video/mp4")));
    let some = client.get_object().bucket("archives").key("a/b/000001.m4s").range("bytes=2-4").send().await.unwrap();
    assert_eq!(some.content_range(), Some("bytes 2-4/10"));
    assert_eq!(some.body.collect().await.unwrap().to_vec(), b"234");
    let missing = client.get_object().bucket("archives").key("a/none").send().await.unwrap_err();
    assert_eq!(code(&missing), "NoSuchKey");
    drop(client);
    server.end().await;
}

#[tokio::test]
async fn multipart_uploads_become_one_object() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let client = server.client("a long secret");
    client.create_bucket().bucket("archives").send().await.unwrap();
    let begun = client.create_multipart_upload().bucket("archives").key("big.mp4").send().await.unwrap();
    let upload = begun.upload_id().unwrap();
    let mut parts = Vec::new();
    for (number, byte) in [(1, b'a'), (2, b'b')] {
        let body = ByteStream::from(vec![byte; 5 * 1024 * 1024]);
        let part = client.upload_part().bucket("archives").key("big.mp4").upload_id(upload).part_number(number);
        let part = part.body(body).send().await.unwrap();
        parts.push(CompletedPart::builder().part_number(number).set_e_tag(part.e_tag).build());
    }
    let done = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let complete = client.complete_multipart_upload().bucket("archives").key("big.mp4").upload_id(upload);
    complete.multipart_upload(done).send().await.unwrap();
    let head = client.head_object().bucket("archives").key("big.mp4").send().await.unwrap();
    assert_eq!(head.content_length(), Some(10 * 1024 * 1024));
    drop(client);
    server.end().await;
}

#[tokio::test]
async fn a_wrong_secret_and_a_wrong_checksum_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let client = server.client("a long secret");
    client.create_bucket().bucket("archives").send().await.unwrap();
    let stranger = server.client("a guess").list_buckets().send().await.unwrap_err();
    assert_eq!(code(&stranger), "SignatureDoesNotMatch");
    let put = client.put_object().bucket("archives").key("x").body(ByteStream::from_static(b"data"));
    let broken = put.checksum_crc32("AAAAAA==").send().await.unwrap_err();
    assert_eq!(code(&broken), "BadDigest");
    drop(client);
    server.end().await;
}
