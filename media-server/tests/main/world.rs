//! A media server with an open door for whoever has the right token, and its HTTP without a network.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use domain::{Caller, Kind, StreamId};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use http_kit::Problem;
use media_server::{Config, Event, Gate, MediaServer};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// The token that opens every stream.
pub(crate) const TOKEN: &str = "let-me-in";
/// The longest that anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

struct TokenGate {
    key_stream: StreamId,
    private: StreamId,
}

impl Gate for TokenGate {
    fn may_publish<'a>(&'a self, _: StreamId, bearer: &'a str) -> BoxFuture<'a, Result<(), Problem>> {
        let verdict = (bearer == TOKEN).then_some(());
        Box::pin(async move { verdict.ok_or_else(|| Problem::new(Kind::Unknown, "TOKEN_INVALID", "no")) })
    }

    fn stream_for_key<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<StreamId, Problem>> {
        let verdict = (key == TOKEN).then_some(self.key_stream);
        Box::pin(async move { verdict.ok_or_else(|| Problem::new(Kind::Unknown, "KEY_INVALID", "no")) })
    }

    fn may_watch<'a>(&'a self, stream: StreamId, _: &'a Caller) -> BoxFuture<'a, Result<(), Problem>> {
        let verdict = (stream != self.private).then_some(());
        Box::pin(async move { verdict.ok_or_else(|| Problem::new(Kind::NotFound, "STREAM_NOT_FOUND", "no")) })
    }
}

/// A running media server.
pub(crate) struct World {
    pub(crate) server: MediaServer,
    events: mpsc::Receiver<Event>,
    pub(crate) key_stream: StreamId,
    pub(crate) private: StreamId,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header is text"))
    }

    /// The answer with another address in place of the server's.
    pub(crate) fn by(mut self, world: &World, way: SocketAddr) -> Self {
        let port = world.server.udp_addr().port();
        self.body = self.body.replace(&format!("127.0.0.1 {port} "), &format!("127.0.0.1 {} ", way.port()));
        self
    }

    /// The error code of a problem.
    pub(crate) fn code(&self) -> &str {
        self.body.split("\"code\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("")
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With other numbers.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { udp_listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() };
        change(&mut config);
        let (key_stream, private) = (StreamId::new(), StreamId::new());
        let gate = Arc::new(TokenGate { key_stream, private });
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let (server, events) =
            MediaServer::start(config, gate, &tasks, stop.clone()).await.expect("a port of loopback is free");
        Self { server, events, key_stream, private, tasks, stop }
    }

    pub(crate) async fn request(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).expect("it is a request");
        let response = self.server.router().oneshot(request).await.expect("a router does not fail");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the body is in memory").to_bytes();
        let body = String::from_utf8(body.into()).expect("bodies are text");
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn post_whip(&self, stream: StreamId, offer: &str) -> Answer {
        let headers = [("content-type", "application/sdp"), ("authorization", &format!("Bearer {TOKEN}"))];
        self.request(Method::POST, &format!("/api/streams/{stream}/whip"), &headers, offer).await
    }

    pub(crate) async fn post_whep(&self, stream: StreamId, offer: &str) -> Answer {
        let headers = [("content-type", "application/sdp")];
        self.request(Method::POST, &format!("/api/streams/{stream}/whep"), &headers, offer).await
    }

    pub(crate) async fn delete(&self, location: &str) -> Answer {
        let headers = [("authorization", &*format!("Bearer {TOKEN}"))];
        self.request(Method::DELETE, location, &headers, "").await
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Event {
        tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("an event in time").expect("the server runs")
    }

    pub(crate) fn has_no_event(&mut self) -> bool {
        self.events.try_recv().is_err()
    }

    /// Waits until the server counts so many watchers of a stream.
    pub(crate) async fn counts(&self, stream: StreamId, watchers: u32) {
        let counted = || self.server.watchers().into_iter().find(|(of, _)| *of == stream).map_or(0, |(_, n)| n);
        until(&format!("{watchers} watchers"), || counted() == watchers).await;
    }

    /// Stops the server; fails if it leaves a task behind.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        tokio::time::timeout(PATIENCE, self.tasks.wait()).await.expect("the server stops");
        assert!(self.server.crashed().now_or_never().is_none(), "it was stopped");
    }
}

/// Waits for something that nobody announces.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let looks = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        while !is_so() {
            ticks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, looks).await.unwrap_or_else(|_| panic!("{what}: not in time"));
}
