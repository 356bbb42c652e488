//! All that is common, laid over a finished router in the right order.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use domain::Kind;
use serde::Deserialize;
use tower_http::catch_panic::CatchPanicLayer;
use url::Url;

use crate::address::Network;
use crate::headers::{Fixed, secure};
use crate::patience::in_time;
use crate::tidy::tidy;
use crate::trace::trace;
use crate::{Problem, SharedAuthenticate, log_problems};

/// How requests are received.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Networks of the proxies whose `X-Forwarded-For` is believed. None by default.
    pub trusted_proxies: Vec<Network>,
    /// Bytes that a request body may have, where a route does not say otherwise.
    pub max_body_bytes: usize,
    /// Seconds until a request without an answer is given up: 503, or 408 while its body is still on its way.
    pub timeout_secs: u64,
    /// Other origins that our pages may load media from and talk to: media nodes, a CDN, an object store.
    pub media_origins: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self { trusted_proxies: Vec::new(), max_body_bytes: 64 * 1024, timeout_secs: 30, media_origins: Vec::new() }
    }
}

/// What [`layers`] needs to know.
#[derive(Clone)]
pub struct Edge {
    /// How requests are received.
    pub config: Config,
    /// Where browsers find us; with `https` they are told to insist on it.
    pub public_url: Url,
    /// Tells who is behind a request.
    pub authenticate: SharedAuthenticate,
}

/// Lays request ids, the log line, security headers, the catching of panics, limits of size and time, and the
/// question who is asking over all routes. Serve the result with
/// `into_make_service_with_connect_info::<SocketAddr>()`, else all clients look like one.
pub fn layers(router: Router, edge: Edge) -> Router {
    let Edge { config, public_url, authenticate } = edge;
    let trusted: Arc<[Network]> = config.trusted_proxies.into();
    let fixed = Fixed::new(public_url.scheme() == "https", &config.media_origins);
    let timeout = Duration::from_secs(config.timeout_secs.max(1));
    // The last one laid is the first one a request meets.
    router
        .layer(Extension(authenticate))
        .layer(DefaultBodyLimit::max(config.max_body_bytes))
        .layer(from_fn_with_state(timeout, in_time))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(tidy))
        .layer(from_fn(log_problems))
        .layer(from_fn_with_state(fixed, secure))
        .layer(from_fn_with_state(trusted, trace))
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref().cloned());
    tracing::error!("a request made us panic: {}", text.as_deref().unwrap_or("without a word"));
    Problem::new(Kind::Broken, "INTERNAL", "something went wrong on our side").into_response()
}
