//! `GET /api/auth/sessions`, `DELETE /api/auth/sessions/{session_id}`: where one is signed in.

use axum::extract::State;
use http::StatusCode;
use http_kit::{Json, Path, Problem, SignedIn};
use store::sessions;
use uuid::Uuid;

use crate::Shared;
use crate::view::{ErrorView, SessionItemView, SessionList};

/// Where the user is signed in, newest first.
#[utoipa::path(
    get, path = "/api/auth/sessions", tag = "accounts", operation_id = "listSessions", security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The sessions", body = SessionList),
        (status = 401, description = "NOT_SIGNED_IN", body = ErrorView),
    ),
)]
pub(crate) async fn list(State(api): State<Shared>, SignedIn(me): SignedIn) -> Result<Json<SessionList>, Problem> {
    let living = sessions::living(&mut *api.store.acquire().await?, me.user, api.now()).await?;
    let items = living.iter().map(|session| SessionItemView::new(session, me.session)).collect();
    Ok(Json(SessionList { items, next_cursor: None }))
}

/// Ends one of the user's sessions.
#[utoipa::path(
    delete, path = "/api/auth/sessions/{session_id}", tag = "accounts", operation_id = "endSession", security(("bearer" = []), ("cookie" = [])),
    params(("session_id" = Uuid, Path, description = "Which session")),
    responses(
        (status = 204, description = "It has ended"),
        (status = 401, description = "NOT_SIGNED_IN", body = ErrorView),
        (status = 404, description = "NOT_FOUND: no living session of the user", body = ErrorView),
    ),
)]
pub(crate) async fn end(
    State(api): State<Shared>,
    SignedIn(me): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    let id = id.into();
    let ended = sessions::revoke(&mut *api.store.acquire().await?, me.user, id, api.now()).await?;
    if !ended {
        return Err(Problem::nothing_here());
    }
    api.mark_ended(&[id]).await;
    Ok(StatusCode::NO_CONTENT)
}
