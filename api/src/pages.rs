//! The pages: files of `web/dist` inside the binary, and the shell that every address of a page gets.
//!
//! The shell carries the title and preview of what the address shows, and the state that spares the page its first
//! questions. What the visitor may not know of is in neither.

mod files;
mod route;
mod shell;

use axum::extract::{Request, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use domain::Caller;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_kit::Problem;
use store::users;

use crate::auth::cookies;
use crate::view::SessionView;
use crate::{Api, Shared};

use route::Route;
pub(crate) use shell::escape;
use shell::{Content, Shell};

/// Whatever no other route took: a file, a page, or nothing.
pub(crate) async fn page(State(api): State<Shared>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let path = parts.uri.path();
    if path == "/api" || path.starts_with("/api/") {
        return Problem::nothing_here().into_response();
    }
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return Problem::nothing_here().into_response();
    }
    match files::answer(path, &parts.headers) {
        Some(response) => response,
        None => api.shell(&parts).await,
    }
}

/// The visitor, and the cookies to set if a session was renewed on the way.
struct Visitor {
    caller: Caller,
    cookies: Vec<(HeaderName, HeaderValue)>,
}

impl Api {
    async fn shell(&self, parts: &Parts) -> Response {
        let Some(template) = files::shell() else {
            return (StatusCode::SERVICE_UNAVAILABLE, "The pages are not built yet: run ./dev web and build again.\n")
                .into_response();
        };
        let visitor = self.visitor(parts).await;
        let route = Route::of(parts.uri.path());
        let (content, status) = self.content(&visitor.caller, &route).await;
        let shell = Shell { session: self.session_of(&visitor.caller).await, content };
        let address = self.config.address(parts.uri.path().trim_start_matches('/'));
        let html = shell.fill(&template, &address);
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (status, headers, AppendHeaders(visitor.cookies), html).into_response()
    }

    /// Who visits. A browser whose access cookie has run out gets a new one here, so that no page begins signed out.
    async fn visitor(&self, parts: &Parts) -> Visitor {
        let nobody = Visitor { caller: Caller::Anonymous, cookies: Vec::new() };
        match self.authenticator.identify(parts).await {
            Ok(caller) => return Visitor { caller, ..nobody },
            Err(problem) if problem.status() != StatusCode::UNAUTHORIZED => return nobody,
            Err(_) => (),
        }
        let token = cookies::find(&parts.headers, cookies::REFRESH).filter(|_| parts.method == Method::GET);
        let Some(token) = token else { return nobody };
        match self.renew_session(token).await {
            Ok(opened) => Visitor { cookies: self.cookies(&opened), caller: Caller::User(opened.identity) },
            Err(_) => nobody,
        }
    }

    /// What the address shows. While the database is away the page comes without it and asks by itself.
    async fn content(&self, caller: &Caller, route: &Route) -> (Content, StatusCode) {
        let found = match *route {
            Route::Plain(title) => return (Content::Plain(title), StatusCode::OK),
            Route::Unknown => return (Content::Nothing, StatusCode::NOT_FOUND),
            Route::Watch(id) => match self.streams.find(caller, id).await {
                Ok(stream) => {
                    self.stream_view(stream).await.map(|view| Content::Stream(Box::new(view))).map_err(Problem::from)
                }
                Err(error) => Err(error.into()),
            },
            Route::Archive(id) => {
                self.archive_view(caller, id).await.map(|view| Content::Archive(Box::new(view))).map_err(Problem::from)
            }
        };
        match found {
            Ok(content) => (content, StatusCode::OK),
            Err(problem) if problem.status() == StatusCode::NOT_FOUND => (Content::Nothing, StatusCode::NOT_FOUND),
            Err(_) => (Content::Plain(""), StatusCode::OK),
        }
    }

    async fn session_of(&self, caller: &Caller) -> Option<SessionView> {
        let me = caller.user()?;
        let mut db = self.store.acquire().await.ok()?;
        let user = users::find(&mut db, me).await.ok()??;
        Some(SessionView::from(&user))
    }
}
