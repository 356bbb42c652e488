//! `GET /api/streams/{stream_id}/chat`: who may open a connection, and from which page.

use axum::extract::rejection::PathRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, State, WebSocketUpgrade};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use domain::{Fault, Kind, StreamId};
use http_kit::{Problem, Viewer};
use url::Url;

use crate::Chat;
use crate::frame::SUBPROTOCOL;
use crate::socket::Connection;

/// Why no connection was opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("this address speaks WebSocket only")]
    NotWebSocket,
    #[error("none of the subprotocols offered is {SUBPROTOCOL}")]
    OtherSubprotocol,
    #[error("there is no such stream")]
    NoSuchStream,
    #[error("the chat may not be opened from this page")]
    ForeignPage,
    #[error("this server has no room for more viewers of chats")]
    Full,
}

impl Fault for OpenError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotWebSocket | Self::OtherSubprotocol => Kind::Invalid,
            Self::NoSuchStream => Kind::NotFound,
            Self::ForeignPage => Kind::Forbidden,
            Self::Full => Kind::Unavailable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotWebSocket => "WEBSOCKET_REQUIRED",
            Self::OtherSubprotocol => "SUBPROTOCOL_UNKNOWN",
            Self::NoSuchStream => "STREAM_NOT_FOUND",
            Self::ForeignPage => "FOREIGN_PAGE",
            Self::Full => "CHAT_FULL",
        }
    }
}

/// tungstenite allocates its read buffer at once, 128 KiB by default: most of a connection's memory.
const READ_BUFFER_BYTES: usize = 1024;
/// What is gathered before one write to the socket.
const WRITE_BUFFER_BYTES: usize = 4096;
/// The largest frame and message taken: the longest text with every character escaped, and some more.
const MOST_BYTES: usize = 16 * 1024;

pub(crate) async fn open(
    State(chat): State<Chat>,
    stream: Result<Path<StreamId>, PathRejection>,
    headers: HeaderMap,
    Viewer(caller): Viewer,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let Path(stream) = stream.map_err(|_| OpenError::NoSuchStream)?;
    let upgrade = upgrade.map_err(|_| OpenError::NotWebSocket)?;
    if !may_open(&headers, &chat.config().allowed_origins) {
        return Err(OpenError::ForeignPage.into());
    }
    let upgrade = upgrade.protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() && upgrade.requested_protocols().next().is_some() {
        return Err(OpenError::OtherSubprotocol.into());
    }
    let permit = chat.permit().ok_or(OpenError::Full)?;
    let room = chat.rooms().room(stream, &caller).await?;
    let response = upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_frame_size(MOST_BYTES)
        .max_message_size(MOST_BYTES)
        .on_upgrade(move |socket| {
            let tasks = chat.tasks().clone();
            tasks.track_future(async move {
                Connection { chat, stream, room, caller }.serve(socket).await;
                drop(permit);
            })
        });
    Ok(response)
}

/// A browser names the page: it has to be one of ours. Programs name none; they carry no cookies by accident.
fn may_open(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Some(origin) = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok()) else { return false };
    let is_listed =
        allowed.iter().filter_map(|page| Url::parse(page).ok()).any(|page| page.origin() == origin.origin());
    is_listed || is_same_host(&origin, headers)
}

/// Whether the page comes from the address that this request went to.
fn is_same_host(origin: &Url, headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let here = Url::parse(&format!("{}://{host}", origin.scheme()));
    matches!(origin.scheme(), "http" | "https") && here.is_ok_and(|here| here.origin() == origin.origin())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(origin: Option<&'static str>, host: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        headers
    }

    #[test]
    fn our_own_pages_and_listed_ones_may_open_a_chat() {
        let allowed = ["https://embed.example/".to_owned()];
        for origin in [None, Some("http://here:8080"), Some("https://embed.example"), Some("https://EMBED.example:443")]
        {
            assert!(may_open(&headers(origin, "here:8080"), &allowed), "{origin:?}");
        }
    }

    #[test]
    fn foreign_pages_may_not() {
        let allowed = ["https://embed.example".to_owned()];
        for origin in [
            "http://evil.example",
            "http://here:9090",
            "http://here",
            "null",
            "http://embed.example",
            "https://embed.example.evil.example",
            "file://here:8080",
            "",
            "https://here:8080.evil.example",
        ] {
            assert!(!may_open(&headers(Some(origin), "here:8080"), &allowed), "{origin:?}");
        }
    }
}
