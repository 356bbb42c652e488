//! Finding archives: who may see which.

use domain::{Archive, ArchiveId, Caller, Fault, Kind, StreamId, Visibility};
use store::{StoreError, archives};

use crate::Archives;

/// An archive cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// There is none, or none that the caller may know of.
    #[error("there is no such archive")]
    NoSuchArchive,
    /// There is no such stream, or none that the caller may know of.
    #[error("there is no such stream")]
    NoSuchStream,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for FindError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchArchive | Self::NoSuchStream => Kind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSuchArchive => "ARCHIVE_NOT_FOUND",
            Self::NoSuchStream => "STREAM_NOT_FOUND",
            Self::Store(error) => error.code(),
        }
    }
}

/// Whether `caller` may know of this archive.
pub(crate) fn is_visible(archive: &Archive, caller: &Caller) -> bool {
    archive.visibility != Visibility::Private || caller.is(archive.owner)
}

impl Archives {
    /// An archive, if the caller may know of it.
    pub async fn find(&self, caller: &Caller, id: ArchiveId) -> Result<Archive, FindError> {
        let mut db = self.inner.store.acquire().await?;
        let archive = archives::find(&mut db, id).await?;
        archive.filter(|archive| is_visible(archive, caller)).ok_or(FindError::NoSuchArchive)
    }

    /// The archive of a stream, from its first segment on. Who may see the stream may see it.
    pub async fn for_stream(&self, stream: StreamId) -> Result<Option<ArchiveId>, FindError> {
        let mut db = self.inner.store.acquire().await?;
        Ok(archives::find_by_stream(&mut db, stream).await?.map(|archive| archive.id))
    }
}
