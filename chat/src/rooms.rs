//! What the chat asks about a stream: a port. `livestream` implements it over `stream-manager`.

use domain::{Caller, StreamId, StreamStatus, UserId};
use futures_util::future::BoxFuture;
use http_kit::Problem;

/// Knows which streams there are and who may be in their chat.
pub trait Rooms: Send + Sync + 'static {
    /// The stream's room as `caller` may enter it. A private stream of somebody else does not exist (kind
    /// `NotFound`). Asked when a connection opens and again every `recheck_secs` per room.
    fn room<'a>(&'a self, stream: StreamId, caller: &'a Caller) -> BoxFuture<'a, Result<Room, Problem>>;
}

/// What the chat needs to know of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The creator; messages of the creator are marked.
    pub owner: UserId,
    /// Whether messages may be written. History is readable either way.
    pub is_open: bool,
    /// Where the stream stands.
    pub status: StreamStatus,
    /// Whether the publisher of a live stream is away and may be back.
    pub is_publisher_away: bool,
}
