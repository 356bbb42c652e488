//! `GET /api/streams/{stream_id}` and `GET /api/streams`.

use axum::extract::State;
use http_kit::{Json, Page, PageQuery, Path, Problem, Query, Viewer};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::Shared;
use crate::view::{ErrorView, StreamList, StreamStatus, StreamView};

/// Which streams.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// Only those that stand here.
    #[param(inline)]
    status: Option<StreamStatus>,
    /// Only this creator's.
    user_id: Option<Uuid>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100; 20 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// One stream. A stranger's private one is not found.
#[utoipa::path(
    get, path = "/api/streams/{stream_id}", tag = "streams", operation_id = "stream",
    params(("stream_id" = Uuid, Path, description = "Which stream")),
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The stream", body = StreamView),
        (status = 404, description = "STREAM_NOT_FOUND, NOT_FOUND", body = ErrorView),
    ),
)]
pub(crate) async fn one(
    State(api): State<Shared>,
    Viewer(caller): Viewer,
    Path(id): Path<Uuid>,
) -> Result<Json<StreamView>, Problem> {
    let stream = api.streams.find(&caller, id.into()).await?;
    Ok(Json(api.stream_view(stream).await?))
}

/// Streams, newest first: public ones that went live, and all of one's own.
#[utoipa::path(
    get, path = "/api/streams", tag = "streams", operation_id = "listStreams", params(StreamQuery),
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "A page of streams", body = StreamList),
        (status = 400, description = "QUERY_INVALID, CURSOR_INVALID, LIMIT_INVALID", body = ErrorView),
    ),
)]
pub(crate) async fn list(
    State(api): State<Shared>,
    Viewer(caller): Viewer,
    Query(query): Query<StreamQuery>,
) -> Result<Json<StreamList>, Problem> {
    let (cursor, limit) = PageQuery { cursor: query.cursor, limit: query.limit }.parse()?;
    let wanted = stream_manager::Query {
        status: query.status.map(Into::into),
        owner: query.user_id.map(Into::into),
        before: cursor.map(|cursor| cursor.0.into()),
        limit: limit + 1,
    };
    let streams = api.streams.list(&caller, &wanted).await?;
    let page = Page::cut(streams, limit, |stream| stream.id.uuid(), |stream| stream);
    let items = api.stream_views(&page.items).await?;
    Ok(Json(StreamList { items, next_cursor: page.next_cursor }))
}
