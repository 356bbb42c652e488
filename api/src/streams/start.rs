//! `POST /api/streams`: a stream and a place for it on a media server.

use axum::extract::State;
use domain::{Title, UserId};
use http::StatusCode;
use http_kit::{Json, Problem, SignedIn};
use serde::Deserialize;
use stream_manager::{NewStream, Started};
use utoipa::ToSchema;

use crate::Shared;
use crate::view::{Beside, ErrorView, StartedView, StreamView, Visibility};

/// A new stream.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamWish {
    /// 1 to 140 characters on one line.
    #[schema(example = "Evening jam")]
    title: String,
    /// Public unless said otherwise.
    visibility: Option<Visibility>,
}

/// Makes a stream. It is live once its publisher's first picture arrives at `whip_url`.
#[utoipa::path(
    post, path = "/api/streams", tag = "streams", operation_id = "startStream", request_body = StreamWish,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "The stream, and the token to publish it", body = StartedView),
        (status = 400, description = "TITLE_INVALID", body = ErrorView),
        (status = 401, description = "NOT_SIGNED_IN", body = ErrorView),
        (status = 409, description = "STREAM_LIMIT", body = ErrorView),
        (status = 429, description = "STREAM_RATE, TOO_MANY_REQUESTS", body = ErrorView),
        (status = 503, description = "MEDIA_UNAVAILABLE", body = ErrorView),
    ),
)]
pub(crate) async fn start(
    State(api): State<Shared>,
    SignedIn(me): SignedIn,
    Json(wish): Json<StreamWish>,
) -> Result<(StatusCode, Json<StartedView>), Problem> {
    let title = Title::parse(&wish.title)?;
    let visibility = wish.visibility.unwrap_or(Visibility::Public).into();
    let Started { stream, publish_token, session } = api.streams.start(&me, NewStream { title, visibility }).await?;
    let owner = api.owners(std::iter::once(me.user)).await?.remove(&me.user).ok_or_else(|| gone(me.user))?;
    let beside = Beside { owner, viewers: 0, archive: None, node: session.base_url };
    let view = StartedView {
        stream: StreamView::new(&stream, beside, &api.config),
        publish_token: publish_token.expose().clone(),
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Its account was deleted a moment ago.
fn gone(_: UserId) -> Problem {
    domain::NotSignedIn.into()
}
