//! A node with its recordings, a bucket and a database, an HTTP server over all of it, and judges.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use archive::{Archives, Config};
use axum::Extension;
use domain::{
    Archive, ArchiveId, ArchiveStatus, Bio, Caller, Email, Identity, SessionId, Stream, StreamId, StreamStatus,
    SystemClock, Title, User, UserId, Username, Visibility,
};
use http::request::Parts;
use http_kit::{Authenticate, Problem, SharedAuthenticate};
use local_s3::LocalS3;
use store::{Store, archives, streams, users};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::samples::run;

/// A part that can be stopped by itself.
pub(crate) struct Part {
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Part {
    fn new() -> Self {
        Self { tasks: TaskTracker::new(), stop: CancellationToken::new() }
    }

    pub(crate) async fn end(&self) {
        self.stop.cancel();
        self.tasks.close();
        tokio::time::timeout(Duration::from_secs(10), self.tasks.wait()).await.expect("all tasks end");
    }
}

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) folder: TempDir,
    bucket: TempDir,
    s3_addr: SocketAddr,
    pub(crate) s3: Part,
    pub(crate) archives: Archives,
    pub(crate) node: Part,
    pub(crate) owner: UserId,
}

/// Who asks is told by a header; only in tests.
struct ByHeader;

impl Authenticate for ByHeader {
    fn caller<'a>(&'a self, parts: &'a Parts) -> Pin<Box<dyn Future<Output = Result<Caller, Problem>> + Send + 'a>> {
        let user = parts.headers.get("x-test-user").and_then(|value| value.to_str().ok()?.parse::<UserId>().ok());
        let identity = |user| Identity {
            user,
            username: Username::trusted("mika".to_owned()),
            session: SessionId::new(),
            is_operator: false,
        };
        Box::pin(std::future::ready(Ok(user.map_or(Caller::Anonymous, |user| Caller::User(identity(user))))))
    }
}

async fn start_s3(folder: &Path, addr: SocketAddr) -> (SocketAddr, Part) {
    let listener = TcpListener::bind(addr).await.unwrap();
    let part = Part::new();
    let secret = "a secret of the test".to_owned();
    let s3 = LocalS3::start(folder, listener, "test".to_owned(), secret, &part.tasks, part.stop.clone()).unwrap();
    (s3.addr(), part)
}

async fn start_node(store: &Store, s3: SocketAddr, folder: &Path) -> (Archives, Part) {
    let client = archive::s3::client(Some(&format!("http://{s3}")), "local", "test", "a secret of the test");
    let part = Part::new();
    let config = Config { keep_uploaded_secs: 0, ..Config::default() };
    let clock = Arc::new(SystemClock);
    let (tasks, stop) = (part.tasks.clone(), part.stop.clone());
    let archives = Archives::start(store.clone(), client, config, folder.to_owned(), clock, tasks, stop).await.unwrap();
    (archives, part)
}

impl World {
    pub(crate) async fn new() -> Self {
        let store = store::testing::store().await;
        let (folder, bucket) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (s3_addr, s3) = start_s3(bucket.path(), "127.0.0.1:0".parse().unwrap()).await;
        let (archives, node) = start_node(&store, s3_addr, folder.path()).await;
        let owner = UserId::new();
        let user = User {
            id: owner,
            username: Username::trusted("mika".to_owned()),
            email: Email::trusted("mika@example.org".to_owned()),
            display_name: None,
            bio: Bio::parse("").unwrap(),
            is_operator: false,
            created_at: now(),
        };
        let mut db = store.acquire().await.unwrap();
        users::insert(&mut db, &user, "no hash").await.unwrap().unwrap();
        Self { store, folder, bucket, s3_addr, s3, archives, node, owner }
    }

    /// The object store is away.
    pub(crate) async fn stop_s3(&self) {
        self.s3.end().await;
    }

    /// And back, at the same address.
    pub(crate) async fn start_s3(&mut self) {
        (_, self.s3) = start_s3(self.bucket.path(), self.s3_addr).await;
    }

    /// The process dies: nothing is said, nothing is flushed. What it holds in memory is gone.
    pub(crate) async fn crash(&mut self) {
        self.node.end().await;
        self.archives = Archives::start(
            self.store.clone(),
            archive::s3::client(None, "nowhere", "", ""),
            Config::default(),
            None,
            Arc::new(SystemClock),
            TaskTracker::new(),
            CancellationToken::new(),
        )
        .await
        .unwrap();
    }

    /// And starts again over what is on the disk.
    pub(crate) async fn restart(&mut self) {
        (self.archives, self.node) = start_node(&self.store, self.s3_addr, self.folder.path()).await;
    }

    pub(crate) async fn live_stream(&self, visibility: Visibility) -> StreamId {
        let id = StreamId::new();
        let stream = Stream {
            id,
            owner: self.owner,
            title: Title::trusted("Evening jam / 夜".to_owned()),
            status: StreamStatus::Live,
            visibility,
            node: None,
            started_at: now(),
            ended_at: None,
            publisher_left_at: None,
            created_at: now(),
        };
        let mut db = self.store.acquire().await.unwrap();
        streams::insert(&mut db, &stream, b"hash").await.unwrap();
        id
    }

    /// The stream is over, in the database alone.
    pub(crate) async fn end(&self, stream: StreamId) {
        let mut db = self.store.acquire().await.unwrap();
        let found = streams::find(&mut db, stream).await.unwrap().unwrap();
        streams::save(&mut db, &found.end(now())).await.unwrap();
    }

    pub(crate) async fn archive(&self, stream: StreamId) -> Option<Archive> {
        let mut db = self.store.acquire().await.unwrap();
        archives::find_by_stream(&mut db, stream).await.unwrap()
    }

    /// Waits until the stream's archive can be watched.
    pub(crate) async fn ready(&self, stream: StreamId) -> Archive {
        self.until("the archive is ready", async || {
            self.archive(stream).await.filter(|archive| archive.status != ArchiveStatus::Recording)
        })
        .await
    }

    pub(crate) async fn until<T>(&self, what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        let mut every = tokio::time::interval(Duration::from_millis(20));
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            assert!(tokio::time::Instant::now() < deadline, "20 s passed before {what}");
            every.tick().await;
        }
    }

    /// Serves the archives over HTTP; returns the address.
    pub(crate) async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let authenticate: SharedAuthenticate = Arc::new(ByHeader);
        let app = self.archives.router().layer(Extension(authenticate));
        let stop = self.node.stop.clone();
        self.node.tasks.spawn(async move {
            axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await.unwrap();
        });
        format!("http://{addr}")
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = http::Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(request.body(axum::body::Body::empty()).unwrap()).await
    }

    pub(crate) async fn answer(&self, request: http::Request<axum::body::Body>) -> Answer {
        let authenticate: SharedAuthenticate = Arc::new(ByHeader);
        let app = self.archives.router().layer(Extension(authenticate));
        let response = tower::ServiceExt::oneshot(app, request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body: body.to_vec() }
    }

    pub(crate) fn s3_client(&self) -> aws_sdk_s3::Client {
        archive::s3::client(Some(&format!("http://{}", self.s3_addr)), "local", "test", "a secret of the test")
    }

    pub(crate) fn recording_folder(&self, stream: StreamId) -> PathBuf {
        self.folder.path().join(stream.to_string())
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

pub(crate) fn now() -> time::OffsetDateTime {
    domain::Clock::now(&SystemClock)
}

pub(crate) fn playlist_of(base: &str, archive: ArchiveId) -> String {
    format!("{base}/api/archives/{archive}/hls/index.m3u8")
}

/// What `ffprobe` says of one kind of stream: the number of frames it decodes, first and last time stamp.
pub(crate) async fn probe(url: &str, kind: &str) -> (usize, f64, f64) {
    let url = url.to_owned();
    let kind = kind.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut command = Command::new("ffprobe");
        command.args([
            "-v",
            "error",
            "-select_streams",
            &kind,
            "-show_entries",
            "frame=pts_time",
            "-of",
            "csv=p=0",
            &url,
        ]);
        let text = run(&mut command);
        let stamp = |line: &str| line.trim_end_matches(',').parse::<f64>().ok();
        let stamps: Vec<f64> = text.lines().filter_map(stamp).collect();
        (stamps.len(), stamps.first().copied().unwrap_or(-1.0), stamps.last().copied().unwrap_or(-1.0))
    })
    .await
    .unwrap()
}

/// Decodes all of it; `ffmpeg` must have nothing to complain about.
pub(crate) async fn decodes(url: &str) {
    let url = url.to_owned();
    let play =
        move || run(Command::new("ffmpeg").args(["-nostdin", "-v", "error", "-xerror", "-i", &url, "-f", "null", "-"]));
    tokio::task::spawn_blocking(play).await.unwrap();
}
