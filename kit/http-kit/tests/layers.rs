//! What every route gets from `http_kit::layers`, whatever it does itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use domain::{Caller, Identity, SessionId, UserId, Username};
use futures_util::StreamExt as _;
use http::request::Parts;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use http_kit::{
    Authenticate, Config, Edge, Json, Path, Problem, Query, Quota, RateLimit, SignedIn, limited_by_address,
};

/// Knows everybody who shows the word "mika".
struct Doorman;

impl Authenticate for Doorman {
    fn caller<'a>(&'a self, parts: &'a Parts) -> Pin<Box<dyn Future<Output = Result<Caller, Problem>> + Send + 'a>> {
        let identity = Identity {
            user: UserId::new(),
            username: Username::trusted("mika".into()),
            session: SessionId::new(),
            is_operator: false,
        };
        let known = parts.headers.get(header::AUTHORIZATION).is_some();
        Box::pin(async move { Ok(if known { Caller::User(identity) } else { Caller::Anonymous }) })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    count: u8,
}

fn app(public_url: &str) -> Router {
    let limited = RateLimit::new(Quota::new(1, 2));
    let router = Router::new()
        .route("/api/things/{id}", get(async |Path(id): Path<uuid::Uuid>| id.to_string()))
        .route("/api/wish", post(async |Json(wish): Json<Wish>| wish.count.to_string()))
        .route("/api/ask", get(async |Query(wish): Query<Wish>| wish.count.to_string()))
        .route("/api/me", get(async |SignedIn(me): SignedIn| me.username.to_string()))
        .route("/api/costly", get(async || "dear").route_layer(from_fn_with_state(limited, limited_by_address)))
        .route("/api/plain", get(async || (StatusCode::PRECONDITION_FAILED, [(header::ETAG, "\"1\"")])))
        .route("/api/range", get(nothing_in_that_range))
        .route("/api/panic", get(async || -> String { panic!("ouch") }))
        .route("/api/slow", get(async || std::future::pending::<String>().await))
        .method_not_allowed_fallback(async || StatusCode::METHOD_NOT_ALLOWED.into_response());
    let config = Config { timeout_secs: 1, ..Config::default() };
    let public_url = public_url.parse().unwrap();
    http_kit::layers(router, Edge { config, public_url, authenticate: Arc::new(Doorman) })
}

/// What a file server answers of a range beyond the end of a video.
async fn nothing_in_that_range() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "video/mp4"),
        (header::CONTENT_RANGE, "bytes */100"),
        (header::CACHE_CONTROL, "public, max-age=31536000"),
        (header::CONTENT_DISPOSITION, "attachment"),
    ];
    (StatusCode::RANGE_NOT_SATISFIABLE, headers)
}

async fn send(request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let response = app("https://live.example").oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn fetch(path: &str) -> (StatusCode, HeaderMap, String) {
    send(Request::get(path).body(Body::empty()).unwrap()).await
}

fn code(body: &str) -> Value {
    serde_json::from_str::<Value>(body).unwrap()["code"].clone()
}

async fn wish(body: String, kind: &str) -> (StatusCode, Value) {
    let request = Request::post("/api/wish").header(header::CONTENT_TYPE, kind).body(body.into()).unwrap();
    let (status, _, body) = send(request).await;
    (status, serde_json::from_str::<Value>(&body).map_or(Value::Null, |body| body["code"].clone()))
}

#[tokio::test]
async fn every_answer_carries_an_id_and_the_headers_for_browsers() {
    for path in ["/api/me", "/api/nowhere", "/api/panic", "/api/things/1"] {
        let (_, headers, body) = fetch(path).await;
        assert_eq!(headers["x-request-id"].len(), 32, "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["strict-transport-security"], "max-age=63072000");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(code(&body).is_string(), "{path}: {body}");
    }
    let plain = app("http://127.0.0.1:8080");
    let answer = plain.oneshot(Request::get("/api/me").body(Body::empty()).unwrap()).await.unwrap();
    assert!(!answer.headers().contains_key("strict-transport-security"));
}

#[tokio::test]
async fn what_no_handler_wrote_is_a_problem_too() {
    let (status, _, body) = fetch("/api/nowhere").await;
    assert_eq!((status, code(&body)), (StatusCode::NOT_FOUND, json!("NOT_FOUND")));
    let (status, headers, body) = send(Request::delete("/api/me").body(Body::empty()).unwrap()).await;
    assert_eq!((status, code(&body)), (StatusCode::METHOD_NOT_ALLOWED, json!("METHOD_NOT_ALLOWED")));
    assert_eq!(headers[header::ALLOW], "GET,HEAD");
    let (status, headers, body) = fetch("/api/plain").await;
    assert_eq!((status, code(&body)), (StatusCode::PRECONDITION_FAILED, json!("PRECONDITION_FAILED")));
    assert_eq!(headers[header::ETAG], "\"1\"");
    let (status, headers, body) = fetch("/api/range").await;
    assert_eq!((status, code(&body)), (StatusCode::RANGE_NOT_SATISFIABLE, json!("RANGE_INVALID")));
    assert_eq!(headers[header::CONTENT_RANGE], "bytes */100");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(headers[header::CONTENT_TYPE], "application/json");
    assert!(!headers.contains_key(header::CONTENT_DISPOSITION));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_its_clients_fault() {
    let wish = |body: Body| Request::post("/api/wish").header(header::CONTENT_TYPE, "application/json").body(body);
    let stalled = futures_util::stream::iter([Ok::<_, std::io::Error>(r#"{"count":"#)]);
    let stalled = Body::from_stream(stalled.chain(futures_util::stream::pending()));
    let (status, _, body) = send(wish(stalled).unwrap()).await;
    assert_eq!((status, code(&body)), (StatusCode::REQUEST_TIMEOUT, json!("TIMEOUT")));
    let unread = Body::from_stream(futures_util::stream::pending::<std::io::Result<&str>>());
    let (status, _, body) = send(Request::get("/api/slow").body(unread).unwrap()).await;
    assert_eq!((status, code(&body)), (StatusCode::SERVICE_UNAVAILABLE, json!("UNAVAILABLE")));
}

#[tokio::test]
async fn our_own_mistakes_say_one_fixed_sentence() {
    let (status, _, body) = fetch("/api/panic").await;
    assert_eq!((status, code(&body)), (StatusCode::INTERNAL_SERVER_ERROR, json!("INTERNAL")));
    assert!(!body.contains("ouch"));
    let (status, _, body) = fetch("/api/slow").await;
    assert_eq!((status, code(&body)), (StatusCode::SERVICE_UNAVAILABLE, json!("UNAVAILABLE")));
}

#[tokio::test]
async fn paths_queries_and_bodies_are_refused_in_our_words() {
    let (status, _, body) = fetch("/api/things/12").await;
    assert_eq!((status, code(&body)), (StatusCode::NOT_FOUND, json!("NOT_FOUND")));
    for query in ["", "?count=x", "?count=1&more=2", "?count=300"] {
        let (status, _, body) = fetch(&format!("/api/ask{query}")).await;
        assert_eq!((status, code(&body)), (StatusCode::BAD_REQUEST, json!("QUERY_INVALID")), "{query}");
        assert!(!body.contains("::"), "{body}");
    }
    let json = "application/json";
    assert_eq!(wish(r#"{"count":1}"#.into(), json).await, (StatusCode::OK, Value::Null));
    assert_eq!(wish("{".into(), json).await, (StatusCode::BAD_REQUEST, json!("BODY_NOT_JSON")));
    assert_eq!(wish(r#"{"count":1}"#.into(), "text/plain").await, (StatusCode::BAD_REQUEST, json!("BODY_NOT_JSON")));
    for shape in [r#"{}"#, r#"{"count":"1"}"#, r#"{"count":1,"owner":2}"#, "[]", "null"] {
        let refused = (StatusCode::UNPROCESSABLE_ENTITY, json!("BODY_UNEXPECTED"));
        assert_eq!(wish(shape.into(), json).await, refused, "{shape}");
    }
    let large = format!(r#"{{"count":1{}}}"#, " ".repeat(70_000));
    assert_eq!(wish(large, json).await, (StatusCode::PAYLOAD_TOO_LARGE, json!("BODY_TOO_LARGE")));
}

#[tokio::test]
async fn a_costly_route_is_limited_per_client() {
    let app = app("https://live.example");
    let ask = || app.clone().oneshot(Request::get("/api/costly").body(Body::empty()).unwrap());
    assert_eq!(ask().await.unwrap().status(), StatusCode::OK);
    assert_eq!(ask().await.unwrap().status(), StatusCode::OK);
    let refused = ask().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = refused.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
}
