//! What clients may send and will receive: the JSON of `livestream.chat.v1`. `docs/chat.md` is its description.

use axum::extract::ws::Utf8Bytes;
use domain::{ArchiveId, Fault, Identity, StreamStatus, UserId};
use serde::{Deserialize, Serialize};

use crate::position::Position;
use crate::rooms::Room;

/// The WebSocket subprotocol.
pub(crate) const SUBPROTOCOL: &str = "livestream.chat.v1";

/// A frame from a client.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Asked {
    /// The first frame: where the client left off, if it was here before.
    Join {
        #[serde(default)]
        epoch: Option<String>,
        #[serde(default)]
        offset: Option<u64>,
    },
    /// A message; `id` is the client's own and makes a repeat harmless.
    Say { id: String, text: String },
}

/// Reads a client's frame. The error is a sentence for its developer.
pub(crate) fn parse(text: &str) -> Result<Asked, String> {
    serde_json::from_str(text).map_err(|error| format!("that is no frame of {SUBPROTOCOL}: {error}"))
}

impl Asked {
    /// Where the client left off, if it says so completely.
    pub(crate) fn position(epoch: Option<String>, offset: Option<u64>) -> Option<Position> {
        Some(Position { epoch: epoch.filter(|epoch| !epoch.is_empty())?.into(), offset: offset? })
    }
}

/// Who a user is, as others see it.
#[derive(Debug, Serialize)]
pub(crate) struct Author<'a> {
    user_id: UserId,
    username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_creator: Option<bool>,
}

impl<'a> Author<'a> {
    /// The user to himself.
    pub(crate) fn you(identity: &'a Identity) -> Self {
        Self { user_id: identity.user, username: identity.username.as_str(), is_creator: None }
    }
}

/// An event as the log keeps it: without its position, which it only gets there.
#[derive(Serialize)]
struct Message<'a> {
    kind: &'static str,
    by: Author<'a>,
    text: &'a str,
    client_id: &'a str,
}

/// The JSON object of a message before it has a position.
pub(crate) fn message(by: &Identity, is_creator: bool, text: &str, client_id: &str) -> String {
    let by = Author { is_creator: Some(is_creator), ..Author::you(by) };
    json(&Message { kind: "message", by, text, client_id })
}

/// One event of a log, ready for the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its position.
    pub(crate) offset: u64,
    /// Its JSON.
    pub(crate) json: String,
}

impl Event {
    /// Puts position and time in front of what the log kept.
    pub(crate) fn new(offset: u64, ms: u64, kept: &str) -> Option<Self> {
        let fields = kept.strip_prefix('{').filter(|fields| fields.len() > 1)?;
        let json = format!(r#"{{"offset":{offset},"id":"{ms}-{offset}","at":{ms},{fields}"#);
        Some(Self { offset, json })
    }
}

/// The frame that carries these events.
pub(crate) fn events(events: &[Event]) -> Utf8Bytes {
    Utf8Bytes::from(format!(r#"{{"type":"events","events":{}}}"#, list(events)))
}

fn list(events: &[Event]) -> String {
    let mut text = String::with_capacity(2 + events.iter().map(|event| event.json.len() + 1).sum::<usize>());
    text.push('[');
    for (at, event) in events.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&event.json);
    }
    text.push(']');
    text
}

/// Where a stream stands, as the chat tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// No picture yet.
    Starting,
    /// On air.
    Live,
    /// The publisher is away and may be back.
    Reconnecting,
    /// Over.
    Ended,
}

impl From<Room> for Status {
    fn from(room: Room) -> Self {
        match room.status {
            StreamStatus::Starting => Self::Starting,
            StreamStatus::Live if room.is_publisher_away => Self::Reconnecting,
            StreamStatus::Live => Self::Live,
            StreamStatus::Ended => Self::Ended,
        }
    }
}

/// News about the stream for those who are in its chat now; it is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Where the stream stands.
    pub status: Status,
    /// Viewers now, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewer_count: Option<u32>,
    /// The archive, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive_id: Option<ArchiveId>,
}

/// The answer to a join, but for the events, which are JSON already.
#[derive(Debug, Serialize)]
pub(crate) struct Joined<'a> {
    pub(crate) epoch: &'a str,
    pub(crate) offset: u64,
    pub(crate) recovered: bool,
    /// `unavailable` when the log could not be read; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) history: Option<&'static str>,
    pub(crate) you: Option<Author<'a>>,
    pub(crate) may_speak: bool,
    pub(crate) max_chars: usize,
    pub(crate) server_time: i64,
    pub(crate) status: Status,
    pub(crate) viewer_count: Option<u32>,
}

/// The frame that answers a join.
pub(crate) fn joined(joined: &Joined<'_>, events: &[Event]) -> Utf8Bytes {
    let mut text = json(&Typed { kind: "joined", body: joined });
    text.pop();
    text.push_str(r#","events":"#);
    text.push_str(&list(events));
    text.push('}');
    Utf8Bytes::from(text)
}

/// The frame that tells of a message's place in the log.
pub(crate) fn ack(id: &str, offset: u64) -> Utf8Bytes {
    #[derive(Serialize)]
    struct Ack<'a> {
        id: &'a str,
        offset: u64,
    }
    Utf8Bytes::from(json(&Typed { kind: "ack", body: &Ack { id, offset } }))
}

/// The frame that tells of a refusal; `id` is the message's, if it is about one.
pub(crate) fn error(fault: &dyn Fault, id: Option<&str>) -> Utf8Bytes {
    #[derive(Serialize)]
    struct Error<'a> {
        code: &'a str,
        error: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    }
    let retry_after_ms = match fault.kind() {
        domain::Kind::TooMany(wait) => Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        domain::Kind::Unavailable => Some(1000),
        _ => None,
    };
    let error = Error { code: fault.code(), error: fault.to_string(), id, retry_after_ms };
    Utf8Bytes::from(json(&Typed { kind: "error", body: &error }))
}

/// The frame of a notice.
pub(crate) fn stream(notice: &Notice) -> Utf8Bytes {
    Utf8Bytes::from(json(&Typed { kind: "stream", body: notice }))
}

#[derive(Serialize)]
struct Typed<'a, T> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain structs with string keys always have a JSON form")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_join_may_say_where_it_left_off() {
        assert_eq!(parse(r#"{"type":"join"}"#), Ok(Asked::Join { epoch: None, offset: None }));
        let back = parse(r#"{"type":"join","epoch":"e","offset":12}"#);
        assert_eq!(back, Ok(Asked::Join { epoch: Some("e".into()), offset: Some(12) }));
        assert_eq!(Asked::position(Some(String::new()), Some(1)), None);
        assert_eq!(Asked::position(Some("e".into()), None), None);
    }

    #[test]
    fn fields_of_later_versions_are_ignored_and_other_frames_refused() {
        assert!(parse(r#"{"type":"say","id":"1","text":"hi","colour":"red"}"#).is_ok());
        for bad in [
            "",
            "{}",
            "[]",
            "null",
            "{\"type\":\"dance\"}",
            r#"{"type":"say","id":"1"}"#,
            r#"{"type":"say","id":1,"text":""}"#,
            r#"{"type":"join","offset":-1}"#,
            r#"{"type":"join""#,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&"[".repeat(10_000)).is_err());
    }

    #[test]
    fn an_event_is_what_the_log_kept_with_its_position_in_front() {
        let event = Event::new(43, 1_700_000_000_123, r#"{"kind":"message","text":"}\"<"}"#).expect("an object");
        assert_eq!(
            event.json,
            r#"{"offset":43,"id":"1700000000123-43","at":1700000000123,"kind":"message","text":"}\"<"}"#
        );
        assert_eq!(events(&[event.clone(), event]).as_str().matches("\"offset\":43").count(), 2);
        assert_eq!(Event::new(1, 1, ""), None);
    }

    #[test]
    fn a_notice_leaves_out_what_it_does_not_know() {
        let notice = Notice { status: Status::Reconnecting, viewer_count: None, archive_id: None };
        assert_eq!(stream(&notice).as_str(), r#"{"type":"stream","status":"reconnecting"}"#);
    }
}
