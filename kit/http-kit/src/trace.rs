//! One span and one log line per request: method, route, status, duration, user. Never addresses, queries or tokens.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument as _, field};

use crate::address::{Network, client_address};
use crate::request_id::{HEADER, RequestId};

/// Middleware: gives the request its id and its client's address, and tells the log how it went.
pub(crate) async fn trace(
    State(trusted): State<std::sync::Arc<[Network]>>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId::of(request.headers());
    let client = client_address(request.extensions(), request.headers(), &trusted);
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("-", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!(
        "request", %method, path = route, request.id = id.as_str(), user.id = field::Empty, status = field::Empty
    );
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let took_ms = begun.elapsed().as_millis();
    span.record("status", status);
    let _in_span = span.enter();
    if is_probe(&route) {
        tracing::debug!(took_ms, "{method} {route} answered {status}");
    } else {
        tracing::info!(took_ms, "{method} {route} answered {status}");
    }
    response.headers_mut().insert(HEADER, id.header());
    response
}

/// Health checks come every few seconds and say nothing new.
fn is_probe(route: &str) -> bool {
    matches!(route, "/healthz" | "/readyz")
}
