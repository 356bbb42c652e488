//! Archives.

use domain::{Archive, Caller};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{OwnerView, Visibility, list, moment, words};
use crate::config::Config;

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

list! {
    /// Archives.
    ArchiveList of ArchiveView
}
