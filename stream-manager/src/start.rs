//! Starting a stream.

use std::time::Duration;

use domain::{Fault, Identity, Kind, Secret, Stream, StreamId, StreamKeyId, StreamStatus, Title, UserId, Visibility};
use store::{PgConnection, StoreError, commit, streams};

use crate::{MediaSession, MediaUnavailable, StreamManager, token};

/// What a creator chooses about a new stream.
#[derive(Debug, Clone)]
pub struct NewStream {
    /// Its title.
    pub title: Title,
    /// Who may see it.
    pub visibility: Visibility,
}

/// A stream that waits for its publisher.
#[derive(Debug)]
pub struct Started {
    /// The stream.
    pub stream: Stream,
    /// What its publisher has to show. This is the only time it is told.
    pub publish_token: Secret<String>,
    /// Where its publisher and watchers go.
    pub session: MediaSession,
}

/// The stream was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The account is gone.
    #[error("this account no longer exists")]
    NoSuchUser,
    /// As many unfinished streams as one creator may have.
    #[error("you have {0} unfinished streams: end one of them first")]
    TooManyAtOnce(u32),
    /// As many streams within an hour as one creator may start.
    #[error("you have started {0} streams within an hour: try again later")]
    TooOften(u32),
    /// No media server can take it.
    #[error(transparent)]
    Media(#[from] MediaUnavailable),
    /// Postgres.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for StartError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchUser => Kind::Unknown,
            Self::TooManyAtOnce(_) => Kind::Conflict,
            Self::TooOften(_) => Kind::TooMany(RATE_WINDOW / 12),
            Self::Media(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSuchUser => "NO_SUCH_USER",
            Self::TooManyAtOnce(_) => "STREAM_LIMIT",
            Self::TooOften(_) => "STREAM_RATE",
            Self::Media(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

/// Over which time a creator's streams are counted.
const RATE_WINDOW: Duration = Duration::from_secs(3600);

impl StreamManager {
    /// Makes a stream and a place for it on a media server. It goes live with its first picture.
    pub async fn start(&self, creator: &Identity, new: NewStream) -> Result<Started, StartError> {
        let mut tx = self.inner.store.begin().await?;
        let token = token::publish_token();
        self.must_have_room(&mut tx, creator.user).await?;
        let (stream, session) = self.insert(&mut tx, creator.user, new, token::hash(token.expose()), None).await?;
        self.commit_start(tx, &stream).await?;
        Ok(Started { stream, publish_token: token, session })
    }

    /// Locks the creator, so that no two starts pass the limits together; tells the creator's name.
    pub(crate) async fn must_have_room(&self, db: &mut PgConnection, creator: UserId) -> Result<String, StartError> {
        let config = &self.inner.config;
        let name = streams::lock_creator(db, creator).await?.ok_or(StartError::NoSuchUser)?;
        let since = self.inner.clock.now() - RATE_WINDOW;
        let (unfinished, recent) = streams::count_of(db, creator, since).await?;
        if unfinished >= i64::from(config.at_once_per_creator) {
            return Err(StartError::TooManyAtOnce(config.at_once_per_creator));
        }
        if recent >= i64::from(config.per_creator_and_hour) {
            return Err(StartError::TooOften(config.per_creator_and_hour));
        }
        Ok(name)
    }

    /// Opens the media server first: when it cannot, the transaction leaves nothing behind.
    pub(crate) async fn insert(
        &self,
        db: &mut PgConnection,
        owner: UserId,
        new: NewStream,
        token_hash: [u8; 32],
        key: Option<StreamKeyId>,
    ) -> Result<(Stream, MediaSession), StartError> {
        let id = StreamId::new();
        let session = self.inner.media.open(id).await?;
        let now = self.inner.clock.now();
        let stream = Stream {
            id,
            owner,
            title: new.title,
            status: StreamStatus::Starting,
            visibility: new.visibility,
            node: Some(session.node),
            started_at: now,
            ended_at: None,
            publisher_left_at: None,
            created_at: now,
        };
        match streams::insert_made_with(db, &stream, &token_hash, key).await {
            Ok(()) => Ok((stream, session)),
            Err(error) => {
                self.inner.media.close(id, Some(session.node)).await;
                Err(error.into())
            }
        }
    }

    /// Commits; on failure the media server forgets the stream too.
    pub(crate) async fn commit_start(&self, tx: store::Tx, stream: &Stream) -> Result<(), StoreError> {
        if let Err(error) = commit(tx).await {
            self.inner.media.close(stream.id, stream.node).await;
            return Err(error);
        }
        tracing::info!(stream.id = %stream.id, user.id = %stream.owner, "stream {} waits for its publisher", stream.id);
        Ok(())
    }
}
