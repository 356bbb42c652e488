//! What we ask of media servers: the port.

use domain::{Fault, Kind, NodeId, StreamId};
use futures_util::future::BoxFuture;
use url::Url;

/// A stream's place on a media server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaSession {
    /// The media server.
    pub node: NodeId,
    /// Where clients reach its WHIP and WHEP endpoints.
    pub base_url: Url,
}

/// No media server can take the stream now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no media server can take the stream now")]
pub struct MediaUnavailable;

impl Fault for MediaUnavailable {
    fn kind(&self) -> Kind {
        Kind::Unavailable
    }

    fn code(&self) -> &'static str {
        "MEDIA_UNAVAILABLE"
    }
}

/// The media servers of the installation. Asked with a database transaction open, so answers take milliseconds,
/// or fail within a second or two.
pub trait MediaNodes: Send + Sync + 'static {
    /// Lets a publisher come to the stream, on this process's media server if it has one. Doing it twice is fine.
    fn open(&self, stream: StreamId) -> BoxFuture<'_, Result<MediaSession, MediaUnavailable>>;

    /// Ends the stream's sessions, if `node` can be told; else it learns of it by the stream's event.
    fn close(&self, stream: StreamId, node: Option<NodeId>) -> BoxFuture<'_, ()>;
}
