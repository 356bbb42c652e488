//! What happened, for whoever listens now. Best effort, over Redis: a lost event may cost a second, never data.

use serde::{Deserialize, Serialize};

use crate::{NodeId, StreamId};

/// News about a stream, published to every node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum StreamEvent {
    /// The first keyframe arrived, or the publisher is back.
    WentLive {
        /// Which stream.
        stream: StreamId,
    },
    /// The publisher is away; it may be back within the grace time.
    PublisherLeft {
        /// Which stream.
        stream: StreamId,
    },
    /// Others than before may see it: whoever watches is asked again whether they may.
    VisibilityChanged {
        /// Which stream.
        stream: StreamId,
    },
    /// It is published on this media node from now on. Another one that served it closes its sessions.
    Moved {
        /// Which stream.
        stream: StreamId,
        /// The node that serves it now.
        node: NodeId,
    },
    /// It is over. The media node named, if any, closes its sessions and finishes the recording.
    Ended {
        /// Which stream.
        stream: StreamId,
        /// The node that served it.
        node: Option<NodeId>,
    },
}

impl StreamEvent {
    /// The stream it is about.
    pub const fn stream(&self) -> StreamId {
        match self {
            Self::WentLive { stream }
            | Self::PublisherLeft { stream }
            | Self::VisibilityChanged { stream }
            | Self::Moved { stream, .. }
            | Self::Ended { stream, .. } => *stream,
        }
    }
}
