//! What a creator does with a stream that exists: ending it, changing its title and visibility.

use domain::event::StreamEvent;
use domain::{Caller, Fault, Kind, NotSignedIn, Stream, StreamId, StreamStatus, Title, Visibility};
use store::{StoreError, Tx, commit, streams};

use crate::StreamManager;

/// What to change; the rest stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// A new title.
    pub title: Option<Title>,
    /// Who may see the stream, and its archive, from now on.
    pub visibility: Option<Visibility>,
}

/// The stream was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Nobody is signed in.
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// There is none, or it is a stranger's private one.
    #[error("there is no stream {0}")]
    NoSuchStream(StreamId),
    /// It is another creator's.
    #[error("stream {0} is not yours")]
    NotYours(StreamId),
    /// Postgres.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for ChangeError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotSignedIn(error) => error.kind(),
            Self::NoSuchStream(_) => Kind::NotFound,
            Self::NotYours(_) => Kind::Forbidden,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn(error) => error.code(),
            Self::NoSuchStream(_) => "STREAM_NOT_FOUND",
            Self::NotYours(_) => "NOT_YOUR_STREAM",
            Self::Store(error) => error.code(),
        }
    }
}

impl StreamManager {
    /// Ends a stream; its recording becomes an archive. Ending twice is fine.
    pub async fn end(&self, caller: &Caller, id: StreamId) -> Result<Stream, ChangeError> {
        let (tx, stream) = self.lock_own(caller, id).await?;
        if stream.status == StreamStatus::Ended {
            return Ok(stream);
        }
        Ok(self.finish(tx, stream).await?)
    }

    /// Changes what viewers are told of a stream, also after its end.
    pub async fn update(&self, caller: &Caller, id: StreamId, change: Change) -> Result<Stream, ChangeError> {
        let (mut tx, stream) = self.lock_own(caller, id).await?;
        let seen_by = stream.visibility;
        let changed = Stream {
            title: change.title.unwrap_or_else(|| stream.title.clone()),
            visibility: change.visibility.unwrap_or(stream.visibility),
            ..stream
        };
        streams::save(&mut tx, &changed).await?;
        commit(tx).await?;
        if changed.visibility != seen_by {
            self.announce(&StreamEvent::VisibilityChanged { stream: id }).await;
        }
        Ok(changed)
    }

    /// Those of these streams that have ended, for whoever may have missed the news of it.
    pub async fn ended_among(&self, streams: &[StreamId]) -> Result<Vec<StreamId>, StoreError> {
        if streams.is_empty() {
            return Ok(Vec::new());
        }
        streams::ended_among(&mut *self.inner.store.acquire().await?, streams).await
    }

    /// The caller's own stream, locked.
    async fn lock_own(&self, caller: &Caller, id: StreamId) -> Result<(Tx, Stream), ChangeError> {
        let user = caller.must_be_user()?.user;
        let mut tx = self.inner.store.begin().await?;
        let stream = streams::lock(&mut tx, id).await?.ok_or(ChangeError::NoSuchStream(id))?;
        if !stream.is_visible_to(caller) {
            return Err(ChangeError::NoSuchStream(id));
        }
        if stream.owner != user {
            return Err(ChangeError::NotYours(id));
        }
        Ok((tx, stream))
    }

    /// Ends a locked stream: commits, then closes its media and tells everybody.
    pub(crate) async fn finish(&self, mut tx: Tx, stream: Stream) -> Result<Stream, StoreError> {
        let ended = stream.end(self.inner.clock.now());
        streams::save(&mut tx, &ended).await?;
        commit(tx).await?;
        self.after_end(&ended).await;
        Ok(ended)
    }

    /// What follows an end that is committed.
    pub(crate) async fn after_end(&self, ended: &Stream) {
        let id = ended.id;
        tracing::info!(stream.id = %id, "stream {id} ended");
        self.inner.media.close(id, ended.node).await;
        self.announce(&StreamEvent::Ended { stream: id, node: ended.node }).await;
    }
}
