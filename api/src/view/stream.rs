//! Streams and stream keys.

use domain::{ArchiveId, Stream};
use serde::{Deserialize, Serialize};
use stream_manager::{NewKey, StreamKey};
use time::OffsetDateTime;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{OwnerView, list, moment, moment_or_null, words};
use crate::config::{Config, below};

words! {
    /// Who may see a stream and its archive.
    Visibility = domain::Visibility {
        /// Everybody; it is listed.
        Public,
        /// Whoever has the link.
        Unlisted,
        /// Its creator alone.
        Private,
    }
}
words! {
    /// Where a stream stands.
    StreamStatus = domain::StreamStatus {
        /// Created; no picture yet.
        Starting,
        /// On air.
        Live,
        /// Over.
        Ended,
    }
}
/// A stream.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StreamView {
    stream_id: Uuid,
    user_id: Uuid,
    user: OwnerView,
    title: String,
    status: StreamStatus,
    /// Whether the publisher is away at the moment; back within the grace time, the stream goes on.
    reconnecting: bool,
    visibility: Visibility,
    /// When it was created, and once it is live: when it went live.
    #[serde(serialize_with = "moment")]
    started_at: OffsetDateTime,
    #[serde(serialize_with = "moment_or_null")]
    ended_at: Option<OffsetDateTime>,
    viewer_count: u32,
    archive_id: Option<Uuid>,
    /// Publish here (RFC 9725).
    whip_url: String,
    /// Watch here, with the least delay.
    whep_url: String,
    /// Watch here where WebRTC does not get through.
    hls_url: String,
    /// Chat here (WebSocket).
    chat_url: String,
}

/// What a stream's view adds to its row.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    pub(crate) owner: OwnerView,
    pub(crate) viewers: u32,
    pub(crate) archive: Option<ArchiveId>,
    /// Where its media node is reached; the public address if it has none.
    pub(crate) node: Url,
}

impl StreamView {
    pub(crate) fn new(stream: &Stream, beside: Beside, config: &Config) -> Self {
        let id = stream.id;
        let chat = config.address(&format!("api/streams/{id}/chat"));
        Self {
            stream_id: id.uuid(),
            user_id: stream.owner.uuid(),
            user: beside.owner,
            title: stream.title.to_string(),
            status: stream.status.into(),
            reconnecting: stream.status == domain::StreamStatus::Live && stream.publisher_left_at.is_some(),
            visibility: stream.visibility.into(),
            started_at: stream.started_at,
            ended_at: stream.ended_at,
            viewer_count: beside.viewers,
            archive_id: beside.archive.map(ArchiveId::uuid),
            whip_url: below(&beside.node, &format!("api/streams/{id}/whip")),
            whep_url: below(&beside.node, &format!("api/streams/{id}/whep")),
            hls_url: config.address(&format!("api/streams/{id}/hls/index.m3u8")),
            chat_url: chat.replacen("http", "ws", 1),
        }
    }
}

/// A stream that waits for its publisher.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StartedView {
    #[serde(flatten)]
    pub(crate) stream: StreamView,
    /// What the publisher shows as `Authorization: Bearer`. This is the only time it is told.
    pub(crate) publish_token: String,
}

/// A stream key, without its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamKeyView {
    stream_key_id: Uuid,
    label: String,
    /// How the key begins; not secret.
    prefix: String,
    #[serde(serialize_with = "moment")]
    created_at: OffsetDateTime,
    #[serde(serialize_with = "moment_or_null")]
    last_used_at: Option<OffsetDateTime>,
}

impl From<&StreamKey> for StreamKeyView {
    fn from(key: &StreamKey) -> Self {
        Self {
            stream_key_id: key.id.uuid(),
            label: key.label.clone(),
            prefix: key.prefix.clone(),
            created_at: key.created_at,
            last_used_at: key.last_used_at,
        }
    }
}

/// A stream key that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewKeyView {
    #[serde(flatten)]
    stream_key: StreamKeyView,
    /// The key itself: the bearer token of OBS. This is the only time it is told.
    key: String,
    /// The server address for OBS.
    whip_url: String,
}

impl NewKeyView {
    pub(crate) fn new(new: &NewKey, config: &Config) -> Self {
        Self {
            stream_key: StreamKeyView::from(&new.key),
            key: new.text.expose().clone(),
            whip_url: config.address("whip"),
        }
    }
}

impl StreamView {
    /// Whether it is listed.
    pub(crate) fn is_public(&self) -> bool {
        self.visibility == Visibility::Public
    }

    /// What a link to it shows.
    pub(crate) fn preview(&self) -> (&str, &OwnerView, StreamStatus) {
        (&self.title, &self.user, self.status)
    }
}

list! {
    /// Streams.
    StreamList of StreamView
}
list! {
    /// Stream keys.
    StreamKeyList of StreamKeyView
}
