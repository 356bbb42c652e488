//! Payloads of durable jobs: plain data, safe to carry out twice.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::ArchiveId;

/// A kind of job. `KIND` is its name in the queue's table and never changes.
pub trait Work: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name in the queue.
    const KIND: &'static str;
}

/// Make the MP4 download and the thumbnail of a watchable archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishArchive {
    /// Which archive.
    pub archive: ArchiveId,
}

impl Work for FinishArchive {
    const KIND: &'static str = "finish_archive";
}
