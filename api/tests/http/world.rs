//! An installation of its own for each test, and the clients that talk to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use domain::{Clock, Secret, SystemClock};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use store::Store;
use store::redis::Redis;
use stream_manager::StreamManager;
use stream_manager::testing::FakeMedia;
use time::{Duration, OffsetDateTime};
use tower::ServiceExt as _;

pub(crate) const URL: &str = "https://live.example";
pub(crate) const KEY: &str = "a key of thirty-two bytes and more for tests";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The machine's clock, moved by hand.
#[derive(Debug, Default)]
pub(crate) struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now() + Duration::seconds(self.0.load(Ordering::SeqCst))
    }
}

impl Moved {
    pub(crate) fn forward(&self, by: Duration) {
        self.0.fetch_add(by.whole_seconds(), Ordering::SeqCst);
    }
}

/// An object store that answers.
struct Answers;

impl api::Dependency for Answers {
    fn answers(&self) -> futures_util::future::BoxFuture<'_, bool> {
        Box::pin(std::future::ready(true))
    }
}

/// One installation.
pub(crate) struct World {
    pub(crate) app: Router,
    pub(crate) store: Store,
    pub(crate) media: Arc<FakeMedia>,
    pub(crate) clock: Arc<Moved>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(store::testing::store().await, store::testing::redis().await, generous())
    }

    pub(crate) async fn with_settings(settings: api::Settings) -> Self {
        Self::with(store::testing::store().await, store::testing::redis().await, settings)
    }

    pub(crate) fn with(store: Store, redis: Redis, settings: api::Settings) -> Self {
        let clock = Arc::new(Moved::default());
        let media = Arc::new(FakeMedia::new());
        let config = stream_manager::Config::default();
        let streams = StreamManager::new(store.clone(), redis.clone(), media.clone(), config, clock.clone());
        let mut config = api::Config::new(URL.parse().unwrap(), Secret::new(KEY.to_owned()));
        config.settings = settings;
        let object_store = Arc::new(Answers);
        let parts = api::Parts { store: store.clone(), redis, streams, object_store, clock: clock.clone(), config };
        let authenticate = Arc::new(api::Authenticator::new(&parts));
        let edge =
            http_kit::Edge { config: http_kit::Config::default(), public_url: URL.parse().unwrap(), authenticate };
        Self { app: http_kit::layers(api::router(parts), edge), store, media, clock }
    }

    /// Somebody who has not signed in.
    pub(crate) fn stranger(&self) -> Client {
        Client { app: self.app.clone(), bearer: None, cookies: BTreeMap::new(), is_page: false }
    }

    /// A program with an account and a bearer token.
    pub(crate) async fn program(&self, name: &str) -> Client {
        let mut client = self.stranger();
        client.register(name).await;
        client.log_in(name).await.must_be(StatusCode::OK);
        client
    }

    /// A browser on our pages, signed in.
    pub(crate) async fn browser(&self, name: &str) -> Client {
        let mut client = Client { is_page: true, ..self.stranger() };
        client.register(name).await;
        client.log_in(name).await.must_be(StatusCode::OK);
        client
    }
}

/// Limits that no test of something else meets.
pub(crate) fn generous() -> api::Settings {
    api::Settings {
        logins_per_minute: 10_000,
        tries_per_account_per_minute: 10_000,
        tries_from_everywhere_per_minute: 10_000,
        registrations_per_minute: 10_000,
        renewals_per_minute: 10_000,
        streams_per_minute: 10_000,
        ..api::Settings::default()
    }
}

/// One client. A page keeps cookies and sends what our pages send; a program shows its token.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) app: Router,
    pub(crate) bearer: Option<String>,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) is_page: bool,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Answer {
    #[track_caller]
    pub(crate) fn must_be(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn must_refuse(self, status: u16, code: &str) {
        let json = self.json.clone();
        assert_eq!((self.status.as_u16(), json["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert!(json["error"].as_str().is_some_and(|sentence| !sentence.is_empty()));
        assert!(self.headers.contains_key("x-request-id"));
        assert_eq!(self.headers.contains_key(header::RETRY_AFTER), matches!(status, 429 | 503));
    }
}

impl Client {
    pub(crate) async fn register(&self, name: &str) -> Answer {
        let body = json!({ "username": name, "email": format!("{name}@example.com"), "password": PASSWORD });
        self.post("/api/auth/register", body).await
    }

    pub(crate) async fn log_in(&mut self, name: &str) -> Answer {
        let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
        let answer = self.send(Method::POST, "/api/auth/login", Some(body)).await;
        if !self.is_page {
            self.bearer = answer.json["access_token"].as_str().map(ToOwned::to_owned);
        }
        self.keep_cookies(&answer);
        answer
    }

    pub(crate) fn keep_cookies(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub(crate) async fn fetch(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path);
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.answer(request.body(body).unwrap()).await
    }

    /// A request as this kind of client makes it.
    pub(crate) fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "live.example");
        if let Some(bearer) = &self.bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if self.is_page {
            request = request.header("x-livestream", "1").header("sec-fetch-site", "same-origin").header("origin", URL);
        }
        request
    }

    pub(crate) async fn answer(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, text, json }
    }

    pub(crate) async fn user_id(&self) -> String {
        let me = self.fetch("/api/users/me").await.must_be(StatusCode::OK);
        me.json["user_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn start_stream(&self, title: &str, visibility: &str) -> Value {
        let wish = json!({ "title": title, "visibility": visibility });
        self.post("/api/streams", wish).await.must_be(StatusCode::CREATED).json
    }
}
