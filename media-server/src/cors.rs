//! Lets pages of any origin publish and watch: those of another node of ours, and those that others embed a player in.
//! Nothing is given away by it, as no cookies are taken along: whoever publishes shows its token, and whoever watches from
//! elsewhere is a stranger.
//!
//! Not `tower_http`'s layer: it answers `OPTIONS` itself, and ours says what may be posted and patched.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, header};

/// What a script may read of an answer, besides what it always may.
const READABLE: HeaderValue = HeaderValue::from_static("location, etag, link, retry-after, accept-patch, accept-post");
/// What a script may send along.
const SENDABLE: HeaderValue = HeaderValue::from_static("authorization, content-type, if-match");
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PATCH, DELETE, OPTIONS");
/// Two hours, the longest that browsers keep it.
const KEPT: HeaderValue = HeaderValue::from_static("7200");

/// Middleware: says so on every answer, and what may be sent on the answer to a preflight.
pub(crate) async fn any_origin(request: Request, next: Next) -> Response {
    let is_preflight = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut say = |name: HeaderName, value| headers.insert(name, value);
    say(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    say(header::ACCESS_CONTROL_EXPOSE_HEADERS, READABLE);
    if is_preflight {
        say(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        say(header::ACCESS_CONTROL_ALLOW_HEADERS, SENDABLE);
        say(header::ACCESS_CONTROL_MAX_AGE, KEPT);
    }
    response
}
