//! Headers that every answer carries for the browser's sake.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue};

/// Values that depend on the installation, made once.
#[derive(Debug, Clone)]
pub(crate) struct Fixed {
    content_security_policy: HeaderValue,
    transport_security: Option<HeaderValue>,
}

/// Two years, as the preload lists want at least one.
const TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=63072000");

impl Fixed {
    /// `origins` may be reached from our pages besides our own: media nodes, object stores, a CDN.
    pub(crate) fn new(is_https: bool, origins: &[String]) -> Self {
        let policy = HeaderValue::from_str(&policy(origins)).unwrap_or_else(|_| {
            HeaderValue::from_str(&policy(&[])).expect("the policy of our own origin is plain text")
        });
        Self { content_security_policy: policy, transport_security: is_https.then_some(TRANSPORT_SECURITY) }
    }
}

fn policy(origins: &[String]) -> String {
    let more: String = origins.iter().map(|origin| format!(" {origin}")).collect();
    format!(
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:{more}; \
         media-src 'self' blob:{more}; connect-src 'self'{more}; font-src 'self'; worker-src 'self' blob:; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// Middleware: adds what the route did not decide itself.
pub(crate) async fn secure(State(fixed): State<Fixed>, request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    unless_set(headers, X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    unless_set(headers, X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    unless_set(headers, REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    let opener = HeaderName::from_static("cross-origin-opener-policy");
    unless_set(headers, opener, HeaderValue::from_static("same-origin"));
    let permissions = HeaderName::from_static("permissions-policy");
    unless_set(headers, permissions, HeaderValue::from_static(PERMISSIONS));
    unless_set(headers, CONTENT_SECURITY_POLICY, fixed.content_security_policy);
    if let Some(value) = fixed.transport_security {
        unless_set(headers, STRICT_TRANSPORT_SECURITY, value);
    }
    if is_api {
        unless_set(headers, CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Camera, microphone and screen are for our own pages; nothing else of the kind is used.
const PERMISSIONS: &str = "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), \
                           autoplay=(self), picture-in-picture=(self), geolocation=(), payment=(), usb=()";

fn unless_set(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}
