//! The error body: `{"error": "sentence", "code": "ERROR_CODE"}`, and which status goes with which kind.

use std::time::Duration;

use axum::Json;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::{Fault, Kind};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// An error on its way out. Made from any [`Fault`]; what is our own mistake says one fixed sentence outside,
/// and [`log_problems`] logs the chain of causes once.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: Kind,
    code: &'static str,
    sentence: String,
    /// The chain of causes, for the log alone.
    causes: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    code: &'a str,
}

impl Problem {
    /// A problem that the edge itself finds, before any use case is asked.
    pub fn new(kind: Kind, code: &'static str, sentence: impl Into<String>) -> Self {
        Self { kind, code, sentence: sentence.into(), causes: None }
    }

    /// There is nothing at this address, or nothing that the caller may know of.
    pub fn nothing_here() -> Self {
        Self::new(Kind::NotFound, "NOT_FOUND", "there is nothing at this address")
    }

    /// The stable word for programs.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The status that goes with the kind.
    pub fn status(&self) -> StatusCode {
        match self.kind {
            Kind::Invalid => StatusCode::BAD_REQUEST,
            Kind::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::Unknown => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            Kind::TooMany(wait) => Some(wait),
            Kind::Unavailable => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}

impl<F: Fault> From<F> for Problem {
    fn from(fault: F) -> Self {
        let kind = fault.kind();
        let sentence = match kind {
            Kind::Broken => "something went wrong on our side".to_owned(),
            _ => fault.to_string(),
        };
        let causes = matches!(kind, Kind::Broken | Kind::Unavailable).then(|| chain(&fault));
        Self { kind, code: fault.code(), sentence, causes }
    }
}

/// The error and its causes, outermost first, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Json(Body { error: &self.sentence, code: self.code });
        let mut response = (self.status(), body).into_response();
        if let Some(wait) = self.retry_after() {
            let seconds = HeaderValue::from(wait.as_secs().max(1));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        if self.kind == Kind::Unknown {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Middleware that logs the causes of a 5xx, once.
pub async fn log_problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Some(problem) = response.extensions().get::<Problem>()
        && let Some(causes) = &problem.causes
    {
        match problem.kind {
            Kind::Unavailable => tracing::warn!(code = problem.code, "a part we need is away: {causes}"),
            _ => tracing::error!(code = problem.code, "a request failed by our mistake: {causes}"),
        }
    }
    response
}
