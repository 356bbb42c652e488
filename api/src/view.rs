//! What leaves the building: JSON shapes, apart from domain and rows. A field that is not here is not shown.

use domain::{Archive, ArchiveId, Caller, SessionId, Stream, User};
use serde::{Deserialize, Serialize, Serializer};
use store::sessions::Session;
use stream_manager::{NewKey, StreamKey};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::config::{Config, below};

/// A moment, to the millisecond, as `2026-11-01T12:00:00.25Z`.
fn moment<S: Serializer>(at: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    let at = at.replace_millisecond(at.millisecond()).unwrap_or(*at);
    serializer.serialize_str(&at.format(&Rfc3339).map_err(serde::ser::Error::custom)?)
}

fn moment_or_null<S: Serializer>(at: &Option<OffsetDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => moment(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// Every error.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorView {
    /// A sentence for people; it may change.
    #[schema(example = "there is nothing at this address")]
    error: String,
    /// A word for programs; it does not.
    #[schema(example = "NOT_FOUND")]
    code: String,
}

/// A new account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountView {
    user_id: Uuid,
    username: String,
    email: String,
    #[serde(serialize_with = "moment")]
    created_at: OffsetDateTime,
}

impl From<&User> for AccountView {
    fn from(user: &User) -> Self {
        Self {
            user_id: user.id.uuid(),
            username: user.username.to_string(),
            email: user.email.to_string(),
            created_at: user.created_at,
        }
    }
}

/// A session was opened or renewed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// Send it as `Authorization: Bearer`.
    pub(crate) access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub(crate) token_type: &'static str,
    /// Seconds until the token expires: 24 hours for API clients, 15 minutes on our pages.
    #[schema(example = 86400)]
    pub(crate) expires_in: i64,
    pub(crate) user_id: Uuid,
}

/// The signed-in user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    user_id: Uuid,
    username: String,
    email: String,
    display_name: Option<String>,
    is_operator: bool,
}

impl From<&User> for SessionView {
    fn from(user: &User) -> Self {
        Self {
            user_id: user.id.uuid(),
            username: user.username.to_string(),
            email: user.email.to_string(),
            display_name: user.display_name.as_ref().map(ToString::to_string),
            is_operator: user.is_operator,
        }
    }
}

/// One place where the user is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionItemView {
    session_id: Uuid,
    /// Whether it is the one that asks.
    is_current: bool,
    /// What the client called itself at the log-in.
    user_agent: String,
    #[serde(serialize_with = "moment")]
    created_at: OffsetDateTime,
    /// To a few minutes.
    #[serde(serialize_with = "moment")]
    last_seen_at: OffsetDateTime,
    #[serde(serialize_with = "moment")]
    expires_at: OffsetDateTime,
}

impl SessionItemView {
    pub(crate) fn new(session: &Session, current: SessionId) -> Self {
        Self {
            session_id: session.id.uuid(),
            is_current: session.id == current,
            user_agent: session.user_agent.clone(),
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
        }
    }
}

/// A user as others see it; to the user also the address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    user_id: Uuid,
    username: String,
    display_name: Option<String>,
    bio: String,
    #[serde(serialize_with = "moment")]
    created_at: OffsetDateTime,
    /// To the user alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// To the user alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_operator: Option<bool>,
}

impl UserView {
    pub(crate) fn new(user: &User, caller: &Caller) -> Self {
        let is_self = caller.is(user.id);
        Self {
            user_id: user.id.uuid(),
            username: user.username.to_string(),
            display_name: user.display_name.as_ref().map(ToString::to_string),
            bio: user.bio.to_string(),
            created_at: user.created_at,
            email: is_self.then(|| user.email.to_string()),
            is_operator: is_self.then_some(user.is_operator),
        }
    }
}

/// Whose it is, in short.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OwnerView {
    pub(crate) user_id: Uuid,
    pub(crate) username: String,
    pub(crate) display_name: Option<String>,
}

impl From<&User> for OwnerView {
    fn from(user: &User) -> Self {
        Self {
            user_id: user.id.uuid(),
            username: user.username.to_string(),
            display_name: user.display_name.as_ref().map(ToString::to_string),
        }
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident = $domain:path { $($(#[$each:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name { $($(#[$each])* $variant),+ }

        impl From<$domain> for $name {
            fn from(word: $domain) -> Self {
                match word { $(<$domain>::$variant => Self::$variant),+ }
            }
        }

        impl From<$name> for $domain {
            fn from(word: $name) -> Self {
                match word { $($name::$variant => Self::$variant),+ }
            }
        }
    };
}

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
words! {
    /// How far an archive is.
    ArchiveStatus = domain::ArchiveStatus {
        /// The stream is still running.
        Recording,
        /// Watchable.
        Ready,
        /// Watchable, and all renditions are made.
        Complete,
        /// There is nothing to watch.
        Failed,
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

/// An archive.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ArchiveView {
    archive_id: Uuid,
    stream_id: Uuid,
    user: OwnerView,
    title: String,
    status: ArchiveStatus,
    visibility: Visibility,
    /// Where its objects stand in the bucket.
    s3_key: String,
    /// Seconds.
    #[schema(example = 61.5)]
    duration: f64,
    /// Bytes of all its objects.
    file_size: u64,
    #[serde(serialize_with = "moment")]
    created_at: OffsetDateTime,
    hls_url: String,
    /// Null until the MP4 is made.
    download_url: Option<String>,
    /// Null until the picture is made.
    thumbnail_url: Option<String>,
    /// Why there is nothing to watch; to its creator alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

impl ArchiveView {
    pub(crate) fn new(archive: Archive, owner: OwnerView, caller: &Caller, config: &Config) -> Self {
        let address = |what: &str| config.address(&format!("api/archives/{}/{what}", archive.id));
        Self {
            archive_id: archive.id.uuid(),
            stream_id: archive.stream.uuid(),
            user: owner,
            title: archive.title.to_string(),
            status: archive.status.into(),
            visibility: archive.visibility.into(),
            duration: archive.duration.as_millis() as f64 / 1000.0,
            file_size: archive.file_size,
            created_at: archive.created_at,
            hls_url: address("hls/index.m3u8"),
            download_url: archive.has_download.then(|| address("download")),
            thumbnail_url: archive.has_thumbnail.then(|| address("thumbnail")),
            failure: archive.failure.clone().filter(|_| caller.is(archive.owner)),
            s3_key: archive.s3_key,
        }
    }

    /// Whether it is listed.
    pub(crate) fn is_public(&self) -> bool {
        self.visibility == Visibility::Public
    }

    /// What a link to it shows.
    pub(crate) fn preview(&self) -> (&str, &OwnerView, Option<&str>) {
        (&self.title, &self.user, self.thumbnail_url.as_deref())
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

macro_rules! list {
    ($(#[$doc:meta])* $name:ident of $item:ty) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, ToSchema)]
        pub(crate) struct $name {
            /// Newest first.
            pub(crate) items: Vec<$item>,
            /// Give it as `cursor` for the next page; null at the end.
            pub(crate) next_cursor: Option<String>,
        }

        impl From<http_kit::Page<$item>> for $name {
            fn from(page: http_kit::Page<$item>) -> Self {
                Self { items: page.items, next_cursor: page.next_cursor }
            }
        }
    };
}

list! {
    /// Sessions.
    SessionList of SessionItemView
}
list! {
    /// Streams.
    StreamList of StreamView
}
list! {
    /// Archives.
    ArchiveList of ArchiveView
}
list! {
    /// Stream keys.
    StreamKeyList of StreamKeyView
}
