//! `POST /api/auth/refresh`, `POST /api/auth/logout`, `GET /api/auth/session`: the session of this client.

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use domain::{Caller, NotSignedIn};
use http::{HeaderMap, Method, StatusCode};
use http_kit::{Json, Problem, SignedIn};
use store::{sessions, users};

use super::session::{Client, RenewError};
use super::{cookies, origin};
use crate::Shared;
use crate::view::{ErrorView, SessionView, TokenView};

/// Renews a browser's session by its refresh cookie. The cookie changes each time; an old one ends the session.
#[utoipa::path(
    post, path = "/api/auth/refresh", tag = "accounts", operation_id = "refresh", security(("refresh" = [])),
    responses(
        (status = 200, description = "Renewed; the cookies are set anew", body = TokenView),
        (status = 401, description = "NOT_SIGNED_IN, SESSION_ENDED, SESSION_REUSED; the cookies are removed", body = ErrorView),
        (status = 403, description = "FOREIGN_PAGE, PAGE_HEADER_MISSING", body = ErrorView),
    ),
)]
pub(crate) async fn refresh(
    State(api): State<Shared>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = cookies::find(&headers, cookies::REFRESH).ok_or(RenewError::NoToken)?;
    origin::must_be_ours(&method, &headers, &api.config.public_url)?;
    match api.renew_session(token).await {
        Ok(opened) => Ok(api.signed_in(&opened, Client::Pages).into_response()),
        Err(error @ RenewError::Store(_)) => Err(error.into()),
        Err(error) => Ok((AppendHeaders(cookies::forget()), Problem::from(error)).into_response()),
    }
}

/// Ends the session that the request is made with, whether by cookie or by token.
#[utoipa::path(
    post, path = "/api/auth/logout", tag = "accounts", operation_id = "logOut", security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "Signed out; the token no longer works and the cookies are removed"),
        (status = 401, description = "NOT_SIGNED_IN, TOKEN_EXPIRED, TOKEN_INVALID, SESSION_ENDED", body = ErrorView),
    ),
)]
pub(crate) async fn logout(State(api): State<Shared>, request: axum::extract::Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let gone = || (StatusCode::NO_CONTENT, AppendHeaders(cookies::forget())).into_response();
    let identity = match api.authenticator.identify(&parts).await {
        Ok(Caller::User(identity)) => identity,
        Ok(Caller::Anonymous) => return Err(NotSignedIn.into()),
        Err(problem) if problem.code() != "SESSION_EXPIRED" && problem.code() != "TOKEN_EXPIRED" => {
            return Err(problem);
        }
        // Only the refresh cookie still lives: it says which session to end.
        Err(problem) => {
            let token = cookies::find(&parts.headers, cookies::REFRESH).ok_or(problem)?;
            match api.renew_session(token).await {
                Ok(opened) => opened.identity,
                Err(error @ RenewError::Store(_)) => return Err(error.into()),
                Err(_) => return Ok(gone()),
            }
        }
    };
    let mut db = api.store.acquire().await?;
    sessions::revoke(&mut db, identity.user, identity.session, api.now()).await?;
    api.mark_ended(&[identity.session]).await;
    tracing::info!(user.id = %identity.user, session.id = %identity.session, "a user signed out");
    Ok(gone())
}

/// Who is signed in.
#[utoipa::path(
    get, path = "/api/auth/session", tag = "accounts", operation_id = "session", security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The user", body = SessionView),
        (status = 401, description = "NOT_SIGNED_IN, TOKEN_EXPIRED, TOKEN_INVALID, SESSION_ENDED, SESSION_EXPIRED", body = ErrorView),
    ),
)]
pub(crate) async fn session(State(api): State<Shared>, SignedIn(me): SignedIn) -> Result<Json<SessionView>, Problem> {
    let user = users::find(&mut *api.store.acquire().await?, me.user).await?;
    Ok(Json(SessionView::from(&user.ok_or(NotSignedIn)?)))
}
