//! The recorder's end of a tap.

use std::sync::Arc;

use domain::media::TapEvent;
use domain::{Fault, Kind, StreamId};

use crate::Archives;
use crate::shelf::Shelf;

/// A publisher's connection is not recorded.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// Its stream is over.
    #[error("the stream {0} has ended")]
    Ended(StreamId),
    /// This process keeps no recordings.
    #[error("this node does not record")]
    NoFolder,
    /// The disk refuses.
    #[error("the recording cannot be kept on this disk")]
    Disk(#[source] std::io::Error),
}

impl Fault for BeginError {
    fn kind(&self) -> Kind {
        match self {
            Self::Ended(_) => Kind::Conflict,
            Self::NoFolder => Kind::Broken,
            Self::Disk(_) => Kind::Unavailable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Ended(_) => "STREAM_ENDED",
            Self::NoFolder => "INTERNAL",
            Self::Disk(_) => "RECORDING_DISK",
        }
    }
}

/// No more can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A newer connection of the same stream is being recorded.
    #[error("a newer connection of the stream is being recorded")]
    TakenOver,
}

impl Fault for WriteError {
    fn kind(&self) -> Kind {
        Kind::Conflict
    }

    fn code(&self) -> &'static str {
        "RECORDING_TAKEN_OVER"
    }
}

/// Records one publisher's connection. Dropped, it leaves what was written; the next one goes on from there.
#[derive(Debug)]
pub struct Recording {
    shelf: Arc<Shelf>,
    turn: u64,
}

impl Recording {
    pub(crate) const fn new(shelf: Arc<Shelf>, turn: u64) -> Self {
        Self { shelf, turn }
    }

    /// Takes the tap's next event. It appends at most a few hundred kilobytes to files and waits for nothing else.
    /// When the disk refuses, media is lost and the recording goes on with a later keyframe; once the stream has
    /// ended, events are dropped.
    #[expect(clippy::unused_async, reason = "a slower disk than today's may have to be waited for")]
    pub async fn write(&mut self, event: TapEvent) -> Result<(), WriteError> {
        self.shelf.write(self.turn, event).map_err(|_| WriteError::TakenOver)
    }

    /// Whether the publisher should be asked for a keyframe: the segment at hand is long enough, or a loss has broken
    /// the picture. It stays so until one has come.
    pub fn wants_keyframe(&self) -> bool {
        self.shelf.wants_keyframe()
    }

    /// The publisher is away: what it sent so far is written. It may come back by [`Archives::begin`].
    #[expect(clippy::unused_async, reason = "a slower disk than today's may have to be waited for")]
    pub async fn pause(self) -> Result<(), WriteError> {
        self.shelf.leave(self.turn, true);
        Ok(())
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.shelf.leave(self.turn, false);
    }
}

impl Archives {
    /// Begins to record a stream, or goes on with its recording after a reconnect. It asks neither the database nor
    /// the object store. A connection that is still being recorded is taken over from.
    pub async fn begin(&self, stream: StreamId) -> Result<Recording, BeginError> {
        let shelf = self.shelf_for(stream).await?;
        let turn = shelf.take_turn().ok_or(BeginError::Ended(stream))?;
        Ok(Recording::new(shelf, turn))
    }
}
