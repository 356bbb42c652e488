//! An archive: what is left of a stream for viewers.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::stream::words;
use crate::{ArchiveId, Caller, StreamId, Title, UserId, Visibility};

/// How far an archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArchiveStatus {
    /// The stream is still running.
    Recording,
    /// Watchable.
    Ready,
    /// Watchable, and the download and thumbnail are made.
    Complete,
    /// There is nothing to watch; the row's `failure` says why.
    Failed,
}

words!(ArchiveStatus { Recording = "recording", Ready = "ready", Complete = "complete", Failed = "failed" });

/// A stream's recording as viewers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Its id.
    pub id: ArchiveId,
    /// The stream it came from.
    pub stream: StreamId,
    /// The stream's creator.
    pub owner: UserId,
    /// The stream's title.
    pub title: Title,
    /// The stream's visibility.
    pub visibility: Visibility,
    /// How far it is.
    pub status: ArchiveStatus,
    /// Where its objects stand: a key prefix in the bucket, ending in `/`.
    pub s3_key: String,
    /// Length of what can be watched.
    pub duration: Duration,
    /// Bytes of all its objects.
    pub file_size: u64,
    /// Whether the MP4 download exists (`{s3_key}download.mp4`).
    pub has_download: bool,
    /// Whether the thumbnail exists (`{s3_key}thumbnail.jpg`).
    pub has_thumbnail: bool,
    /// Why there is nothing to watch, in words for its owner.
    pub failure: Option<String>,
    /// When its stream was created.
    pub created_at: OffsetDateTime,
}

impl Archive {
    /// Whether `caller` may know of this archive and watch it: whoever may see its stream.
    pub fn is_visible_to(&self, caller: &Caller) -> bool {
        self.visibility != Visibility::Private || caller.is(self.owner)
    }
}
