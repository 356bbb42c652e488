//! Who may publish: the holder of a stream's publish token, or of a creator's stream key.

use domain::{Fault, Kind, NodeId, Stream, StreamId, StreamStatus, Title};
use store::stream_keys::{self, StreamKey};
use store::{StoreError, Tx, streams};

use crate::state::{Verdict, verdict};
use crate::{MediaUnavailable, NewStream, StartError, StreamManager, token};

/// The publisher may not come.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// There is no such stream, or that is not its token. Strangers are not told which.
    #[error("that is not the publish token of this stream")]
    NotTheToken,
    /// It is over.
    #[error("stream {0} has ended")]
    Ended(StreamId),
    /// No media server can take it.
    #[error(transparent)]
    Media(#[from] MediaUnavailable),
    /// Postgres.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for PublishError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotTheToken => Kind::Unknown,
            Self::Ended(_) => Kind::Conflict,
            Self::Media(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotTheToken => "PUBLISH_TOKEN_INVALID",
            Self::Ended(_) => "STREAM_ENDED",
            Self::Media(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

/// A stream key opened no stream.
#[derive(Debug, thiserror::Error)]
pub enum KeyPublishError {
    /// There is no such key, or it was revoked.
    #[error("there is no such stream key")]
    NoSuchKey,
    /// The key is good, but no stream can be started.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl From<StoreError> for KeyPublishError {
    fn from(error: StoreError) -> Self {
        Self::Start(error.into())
    }
}

impl Fault for KeyPublishError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchKey => Kind::Unknown,
            Self::Start(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSuchKey => "STREAM_KEY_INVALID",
            Self::Start(error) => error.code(),
        }
    }
}

impl StreamManager {
    /// Whether whoever shows this token may publish the stream. Then the media server of this process, which asks,
    /// is opened for it: after a restart it has not heard of the stream.
    pub async fn may_publish(&self, id: StreamId, publish_token: &str) -> Result<(), PublishError> {
        let mut db = self.inner.store.acquire().await?;
        let hash = streams::publish_token_hash(&mut db, id).await?.ok_or(PublishError::NotTheToken)?;
        if !token::matches(publish_token, &hash) {
            return Err(PublishError::NotTheToken);
        }
        let stream = streams::find(&mut db, id).await?.ok_or(PublishError::NotTheToken)?;
        drop(db);
        if stream.status == StreamStatus::Ended {
            return Err(PublishError::Ended(id));
        }
        let node = self.inner.media.open(id).await?.node;
        if stream.node != Some(node) {
            self.move_to(id, node).await?;
        }
        Ok(())
    }

    /// The publisher came to another node than before.
    async fn move_to(&self, id: StreamId, node: NodeId) -> Result<(), PublishError> {
        let mut tx = self.inner.store.begin().await?;
        let stream = streams::lock(&mut tx, id).await?.ok_or(PublishError::NotTheToken)?;
        if stream.status == StreamStatus::Ended {
            drop(tx);
            self.inner.media.close(id, Some(node)).await;
            return Err(PublishError::Ended(id));
        }
        Ok(self.serve_from(tx, stream, node).await?)
    }

    /// The stream that the holder of this stream key publishes now: the unfinished one that it made before, within
    /// the grace time, else a new one, titled after its creator, visible as configured.
    pub async fn stream_for_key(&self, key: &str) -> Result<StreamId, KeyPublishError> {
        let prefix = token::prefix_of(key).ok_or(KeyPublishError::NoSuchKey)?;
        let mut tx = self.inner.store.begin().await?;
        let found = stream_keys::lock_by_prefix(&mut tx, prefix).await?;
        let Some((row, _)) = found.filter(|(_, hash)| token::matches(key, hash)) else {
            return Err(KeyPublishError::NoSuchKey);
        };
        let now = self.inner.clock.now();
        stream_keys::used(&mut tx, row.id, now).await?;
        let mut unfinished = streams::lock_made_with(&mut tx, row.id).await?.into_iter();
        let goes_on = unfinished.find(|stream| verdict(stream, now, &self.inner.config, None) != Verdict::Over);
        match goes_on {
            Some(stream) => self.resume(tx, stream).await,
            None => self.start_with(tx, &row).await,
        }
    }

    async fn resume(&self, tx: Tx, stream: Stream) -> Result<StreamId, KeyPublishError> {
        let id = stream.id;
        let node = self.inner.media.open(id).await.map_err(StartError::from)?.node;
        self.serve_from(tx, stream, node).await?;
        Ok(id)
    }

    async fn start_with(&self, mut tx: Tx, key: &StreamKey) -> Result<StreamId, KeyPublishError> {
        let creator = self.must_have_room(&mut tx, key.owner).await?;
        let title = Title::trusted(format!("{creator}'s stream"));
        let new = NewStream { title, visibility: self.inner.config.key_visibility };
        // Nobody knows this token: such a stream is published with its key alone.
        let hash = token::hash(token::publish_token().expose());
        let (stream, _) = self.insert(&mut tx, key.owner, new, hash, Some(key.id)).await?;
        self.commit_start(tx, &stream).await?;
        Ok(stream.id)
    }
}
