//! Stream keys: what OBS and the like show in place of a publish token.

use axum::extract::State;
use http::StatusCode;
use http_kit::{Json, Path, Problem, SignedIn};
use serde::Deserialize;
use stream_manager::Label;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Shared;
use crate::view::{ErrorView, NewKeyView, StreamKeyList, StreamKeyView};

/// A new key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyWish {
    /// What you call it: 1 to 50 characters on one line.
    #[schema(example = "OBS at home")]
    label: String,
}

/// Makes a stream key.
#[utoipa::path(
    post, path = "/api/stream-keys", tag = "stream keys", operation_id = "createStreamKey", request_body = KeyWish,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "The key, shown this once", body = NewKeyView),
        (status = 400, description = "LABEL_INVALID", body = ErrorView),
        (status = 401, description = "NOT_SIGNED_IN", body = ErrorView),
        (status = 409, description = "STREAM_KEY_LIMIT", body = ErrorView),
    ),
)]
pub(crate) async fn create(
    State(api): State<Shared>,
    SignedIn(me): SignedIn,
    Json(wish): Json<KeyWish>,
) -> Result<(StatusCode, Json<NewKeyView>), Problem> {
    let new = api.streams.create_key(&me, Label::parse(&wish.label)?).await?;
    Ok((StatusCode::CREATED, Json(NewKeyView::new(&new, &api.config))))
}

/// One's stream keys, without their texts.
#[utoipa::path(
    get, path = "/api/stream-keys", tag = "stream keys", operation_id = "listStreamKeys", security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The keys", body = StreamKeyList),
        (status = 401, description = "NOT_SIGNED_IN", body = ErrorView),
    ),
)]
pub(crate) async fn list(State(api): State<Shared>, SignedIn(me): SignedIn) -> Result<Json<StreamKeyList>, Problem> {
    let keys = api.streams.keys(&me).await?;
    Ok(Json(StreamKeyList { items: keys.iter().map(StreamKeyView::from).collect(), next_cursor: None }))
}

/// Gives a key a new text. The old one stops working at once, and what is published with it ends.
#[utoipa::path(
    post, path = "/api/stream-keys/{stream_key_id}/rotate", tag = "stream keys", operation_id = "rotateStreamKey",
    params(("stream_key_id" = Uuid, Path, description = "One of one's own keys")),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The key, shown this once", body = NewKeyView),
        (status = 401, description = "NOT_SIGNED_IN", body = ErrorView),
        (status = 404, description = "STREAM_KEY_NOT_FOUND, NOT_FOUND", body = ErrorView),
    ),
)]
pub(crate) async fn rotate(
    State(api): State<Shared>,
    SignedIn(me): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<NewKeyView>, Problem> {
    let new = api.streams.rotate_key(&me, id.into()).await?;
    Ok(Json(NewKeyView::new(&new, &api.config)))
}

/// Revokes a key for good. What is published with it ends.
#[utoipa::path(
    delete, path = "/api/stream-keys/{stream_key_id}", tag = "stream keys", operation_id = "revokeStreamKey",
    params(("stream_key_id" = Uuid, Path, description = "One of one's own keys")),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "Revoked"),
        (status = 401, description = "NOT_SIGNED_IN", body = ErrorView),
        (status = 404, description = "STREAM_KEY_NOT_FOUND, NOT_FOUND", body = ErrorView),
    ),
)]
pub(crate) async fn revoke(
    State(api): State<Shared>,
    SignedIn(me): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    api.streams.revoke_key(&me, id.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}
