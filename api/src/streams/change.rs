//! `PUT /api/streams/{stream_id}` and `PUT /api/streams/{stream_id}/end`.

use axum::extract::State;
use domain::{Caller, Title};
use http_kit::{Json, Path, Problem, SignedIn};
use serde::Deserialize;
use stream_manager::Change;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Shared;
use crate::view::{ErrorView, StreamView, Visibility};

/// What changes; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamChange {
    /// 1 to 140 characters on one line.
    title: Option<String>,
    /// Who may see the stream, and its archive, from now on.
    visibility: Option<Visibility>,
}

/// Changes a stream's title or visibility, also after its end.
#[utoipa::path(
    put, path = "/api/streams/{stream_id}", tag = "streams", operation_id = "changeStream", request_body = StreamChange,
    params(("stream_id" = Uuid, Path, description = "One of one's own streams")),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The stream as it is now", body = StreamView),
        (status = 400, description = "TITLE_INVALID", body = ErrorView),
        (status = 401, description = "NOT_SIGNED_IN", body = ErrorView),
        (status = 403, description = "NOT_YOUR_STREAM", body = ErrorView),
        (status = 404, description = "STREAM_NOT_FOUND, NOT_FOUND", body = ErrorView),
    ),
)]
pub(crate) async fn update(
    State(api): State<Shared>,
    SignedIn(me): SignedIn,
    Path(id): Path<Uuid>,
    Json(wish): Json<StreamChange>,
) -> Result<Json<StreamView>, Problem> {
    let title = wish.title.as_deref().map(Title::parse).transpose()?;
    let change = Change { title, visibility: wish.visibility.map(Into::into) };
    let stream = api.streams.update(&Caller::User(me), id.into(), change).await?;
    Ok(Json(api.stream_view(stream).await?))
}

/// Ends a stream; its recording becomes an archive. Ending twice is fine.
#[utoipa::path(
    put, path = "/api/streams/{stream_id}/end", tag = "streams", operation_id = "endStream",
    params(("stream_id" = Uuid, Path, description = "One of one's own streams")),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The stream, ended", body = StreamView),
        (status = 401, description = "NOT_SIGNED_IN", body = ErrorView),
        (status = 403, description = "NOT_YOUR_STREAM", body = ErrorView),
        (status = 404, description = "STREAM_NOT_FOUND, NOT_FOUND", body = ErrorView),
    ),
)]
pub(crate) async fn end(
    State(api): State<Shared>,
    SignedIn(me): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<StreamView>, Problem> {
    let stream = api.streams.end(&Caller::User(me), id.into()).await?;
    Ok(Json(api.stream_view(stream).await?))
}
