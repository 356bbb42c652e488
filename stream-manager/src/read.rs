//! Finding and listing streams, each caller what it may see.

use domain::{Caller, Fault, Kind, Stream, StreamId, StreamStatus, UserId, Visibility};
use store::StoreError;
use store::streams::{self, Filter};

use crate::StreamManager;

/// Which streams to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Only those that stand here.
    pub status: Option<StreamStatus>,
    /// Only this creator's. Creators see all of their own; everybody else sees public ones that went live.
    pub owner: Option<UserId>,
    /// Only those before this one, where the last page ended.
    pub before: Option<StreamId>,
    /// How many at most.
    pub limit: u32,
}

/// The stream was not found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// There is none, or it is a stranger's private one.
    #[error("there is no stream {0}")]
    NoSuchStream(StreamId),
    /// Postgres.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for FindError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchStream(_) => Kind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSuchStream(_) => "STREAM_NOT_FOUND",
            Self::Store(error) => error.code(),
        }
    }
}

/// The stream cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// Not found.
    #[error(transparent)]
    Find(#[from] FindError),
    /// It is over; its archive may be there.
    #[error("stream {0} has ended")]
    Ended(StreamId),
}

impl Fault for WatchError {
    fn kind(&self) -> Kind {
        match self {
            Self::Find(error) => error.kind(),
            Self::Ended(_) => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Find(error) => error.code(),
            Self::Ended(_) => "STREAM_ENDED",
        }
    }
}

impl StreamManager {
    /// The stream, if the caller may know of it.
    pub async fn find(&self, caller: &Caller, id: StreamId) -> Result<Stream, FindError> {
        let mut db = self.inner.store.acquire().await?;
        let stream = streams::find(&mut db, id).await?;
        stream.filter(|stream| stream.is_visible_to(caller)).ok_or(FindError::NoSuchStream(id))
    }

    /// The newest streams that match and that the caller may see listed.
    pub async fn list(&self, caller: &Caller, query: &Query) -> Result<Vec<Stream>, StoreError> {
        let sees_all = query.owner.is_some_and(|owner| caller.is(owner));
        let filter = Filter {
            status: query.status,
            owner: query.owner,
            visibility: (!sees_all).then_some(Visibility::Public),
            aired: !sees_all,
            before: query.before,
        };
        let mut db = self.inner.store.acquire().await?;
        streams::list(&mut db, &filter, i64::from(query.limit)).await
    }

    /// Whether the caller may watch the stream now. One that has no picture yet may be waited for.
    pub async fn may_watch(&self, id: StreamId, caller: &Caller) -> Result<(), WatchError> {
        let stream = self.find(caller, id).await?;
        match stream.status {
            StreamStatus::Ended => Err(WatchError::Ended(id)),
            StreamStatus::Starting | StreamStatus::Live => Ok(()),
        }
    }
}
