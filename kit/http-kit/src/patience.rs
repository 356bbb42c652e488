//! How long an answer may take, and whose fault it is when it takes longer.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http_body::{Frame, SizeHint};

/// Middleware: gives up a request without an answer after so long. 408 if we were waiting for the rest of its body,
/// else 503; [`tidy`](crate::tidy::tidy) words both.
pub(crate) async fn in_time(State(patience): State<Duration>, request: Request, next: Next) -> Response {
    let waits = Arc::new(AtomicBool::new(false));
    let request = request.map(|body| Body::new(Watched { body, waits: Arc::clone(&waits) }));
    // Kept until it is known what it waits for: with the answer goes the body.
    let mut answer = pin!(next.run(request));
    match tokio::time::timeout(patience, answer.as_mut()).await {
        Ok(response) => response,
        Err(_) if waits.load(Ordering::Relaxed) => StatusCode::REQUEST_TIMEOUT.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// A body that notes whether its reader waits for the client.
struct Watched {
    body: Body,
    waits: Arc<AtomicBool>,
}

impl HttpBody for Watched {
    type Data = axum::body::Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        self.waits.store(polled.is_pending(), Ordering::Relaxed);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    /// Whoever puts a body away unread no longer waits for it.
    fn drop(&mut self) {
        self.waits.store(false, Ordering::Relaxed);
    }
}
