//! Refusals that no handler of ours wrote, brought into the one form of errors.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Kind;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::Problem;

/// The fallback for addresses that do not exist: 404 as a [`Problem`].
pub async fn not_found() -> Problem {
    Problem::nothing_here()
}

/// Middleware: an error that is neither JSON nor a page, such as the framework's plain text or a 416 dressed as the
/// video it is not, becomes a [`Problem`] of the same status. Headers stay, such as `Content-Range` and `Allow`, but
/// for those about the body that was replaced.
pub(crate) async fn tidy(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    let is_ours = response.extensions().get::<Problem>().is_some();
    if !is_error || is_ours || !is_bare(response.headers()) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let body = Problem::new(Kind::Invalid, code(parts.status), sentence(parts.status)).into_response();
    for about_the_body in [CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_DISPOSITION, CACHE_CONTROL] {
        parts.headers.remove(about_the_body);
    }
    parts.headers.extend(body.headers().clone());
    if matches!(parts.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        parts.headers.entry(RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
    }
    Response::from_parts(parts, Body::new(body.into_body()))
}

/// Whether nobody wrote a body for people or programs.
fn is_bare(headers: &HeaderMap) -> bool {
    let written: [&[u8]; 2] = [b"application/json", b"text/html"];
    headers.get(CONTENT_TYPE).is_none_or(|kind| !written.iter().any(|start| kind.as_bytes().starts_with(start)))
}

/// The word for programs.
fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "NOT_SIGNED_IN",
        StatusCode::FORBIDDEN => "FORBIDDEN",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::METHOD_NOT_ALLOWED => "METHOD_NOT_ALLOWED",
        StatusCode::NOT_ACCEPTABLE => "NOT_ACCEPTABLE",
        StatusCode::REQUEST_TIMEOUT => "TIMEOUT",
        StatusCode::PRECONDITION_FAILED => "PRECONDITION_FAILED",
        StatusCode::PAYLOAD_TOO_LARGE => "BODY_TOO_LARGE",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "MEDIA_TYPE_UNSUPPORTED",
        StatusCode::RANGE_NOT_SATISFIABLE => "RANGE_INVALID",
        StatusCode::UNPROCESSABLE_ENTITY => "UNPROCESSABLE",
        StatusCode::UPGRADE_REQUIRED => "UPGRADE_REQUIRED",
        StatusCode::PRECONDITION_REQUIRED => "PRECONDITION_REQUIRED",
        StatusCode::TOO_MANY_REQUESTS => "TOO_MANY_REQUESTS",
        StatusCode::SERVICE_UNAVAILABLE => "UNAVAILABLE",
        status if status.is_server_error() => "INTERNAL",
        _ => "BAD_REQUEST",
    }
}

/// The sentence for people.
fn sentence(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "sign in first",
        StatusCode::FORBIDDEN => "that is not allowed",
        StatusCode::NOT_FOUND => "there is nothing at this address",
        StatusCode::METHOD_NOT_ALLOWED => "this address does not take that method",
        StatusCode::NOT_ACCEPTABLE => "there is no answer in a form that was asked for",
        StatusCode::REQUEST_TIMEOUT => "the request came too slowly",
        StatusCode::PRECONDITION_FAILED => "it has changed since",
        StatusCode::PAYLOAD_TOO_LARGE => "the body is too large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "this address does not take that content type",
        StatusCode::RANGE_NOT_SATISFIABLE => "there are no bytes in that range",
        StatusCode::UNPROCESSABLE_ENTITY => "the request makes no sense here",
        StatusCode::UPGRADE_REQUIRED => "this address speaks WebSocket",
        StatusCode::PRECONDITION_REQUIRED => "say which version is meant, by If-Match",
        StatusCode::TOO_MANY_REQUESTS => "that was too often; wait a moment",
        StatusCode::SERVICE_UNAVAILABLE => "a part we need is away; try again soon",
        status if status.is_server_error() => "something went wrong on our side",
        _ => "the request cannot be understood",
    }
}
