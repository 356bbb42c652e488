//! Publishers come and go, and what that does to their streams.

use std::time::Duration;

use domain::event::StreamEvent;
use domain::{Fault, Kind, NodeId, Stream, StreamId, StreamStatus};
use store::{StoreError, Tx, commit, streams};
use tokio::time::{Instant, sleep};

use crate::StreamManager;

/// How long a step waits before it is repeated; each try waits for a connection as well.
const AGAIN_AFTER: Duration = Duration::from_millis(250);

/// What a media server told of a publisher could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// There is no such stream.
    #[error("there is no stream {0}")]
    NoSuchStream(StreamId),
    /// It is over; its media has been closed.
    #[error("stream {0} has ended")]
    Ended(StreamId),
    /// Postgres.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for StepError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchStream(_) => Kind::NotFound,
            Self::Ended(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSuchStream(_) => "STREAM_NOT_FOUND",
            Self::Ended(_) => "STREAM_ENDED",
            Self::Store(error) => error.code(),
        }
    }
}

/// What a publisher's coming or going asks for.
#[derive(Debug, Clone, Copy)]
enum Step {
    GoLive,
    Leave { deliberate: bool },
}

impl StreamManager {
    /// The first keyframe of a publisher arrived at this node, which serves the stream from now on. One that
    /// publishes an ended stream is cut off. Nobody tells us twice, so a database that is away is waited for, for as
    /// long as the grace time.
    pub async fn went_live(&self, id: StreamId, node: NodeId) -> Result<(), StepError> {
        self.insist(id, node, Step::GoLive).await
    }

    /// The publisher's connection to this node is over. If it said so itself, the stream is over too; else the grace
    /// time runs. A stream that was not live yet goes on waiting; one that is served elsewhere by now goes on there.
    /// A database that is away is waited for.
    pub async fn publisher_left(&self, id: StreamId, node: NodeId, deliberate: bool) -> Result<(), StepError> {
        self.insist(id, node, Step::Leave { deliberate }).await
    }

    /// Repeats a step while the database is away, within the grace time.
    async fn insist(&self, id: StreamId, node: NodeId, step: Step) -> Result<(), StepError> {
        let deadline = Instant::now() + self.inner.config.grace();
        loop {
            let outcome = match step {
                Step::GoLive => self.try_go_live(id, node).await,
                Step::Leave { deliberate } => self.try_leave(id, node, deliberate).await,
            };
            match outcome {
                Err(error) if error.kind() == Kind::Unavailable && Instant::now() < deadline => {
                    tracing::warn!(stream.id = %id, "the news of the publisher of stream {id} waits for the database");
                    sleep(AGAIN_AFTER).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_go_live(&self, id: StreamId, node: NodeId) -> Result<(), StepError> {
        let mut tx = self.inner.store.begin().await?;
        let stream = streams::lock(&mut tx, id).await?.ok_or(StepError::NoSuchStream(id))?;
        let Ok(live) = stream.clone().go_live(self.inner.clock.now()) else {
            drop(tx);
            self.inner.media.close(id, Some(node)).await;
            return Err(StepError::Ended(id));
        };
        let live = Stream { node: Some(node), ..live };
        if live == stream {
            return Ok(());
        }
        streams::save(&mut tx, &live).await?;
        commit(tx).await?;
        match stream.status {
            StreamStatus::Starting => tracing::info!(stream.id = %id, "stream {id} went live"),
            _ => tracing::info!(stream.id = %id, "the publisher of stream {id} is back"),
        }
        if stream.node != live.node {
            self.announce(&StreamEvent::Moved { stream: id, node }).await;
        }
        self.announce(&StreamEvent::WentLive { stream: id }).await;
        Ok(())
    }

    /// Writes down that the publisher came to this node. Until its first keyframe arrives here a live stream has no
    /// publisher: the connection to the node before does not count any more.
    pub(crate) async fn serve_from(&self, mut tx: Tx, stream: Stream, node: NodeId) -> Result<(), StoreError> {
        if stream.node == Some(node) {
            return commit(tx).await;
        }
        let id = stream.id;
        tracing::info!(stream.id = %id, "the publisher of stream {id} came to another media node");
        let moved = Stream { node: Some(node), ..stream };
        if moved.status == StreamStatus::Live && moved.publisher_left_at.is_none() {
            self.mark_left(tx, moved.publisher_left(self.inner.clock.now())).await?;
        } else {
            streams::save(&mut tx, &moved).await?;
            commit(tx).await?;
        }
        self.announce(&StreamEvent::Moved { stream: id, node }).await;
        Ok(())
    }

    async fn try_leave(&self, id: StreamId, node: NodeId, deliberate: bool) -> Result<(), StepError> {
        let mut tx = self.inner.store.begin().await?;
        let stream = streams::lock(&mut tx, id).await?.ok_or(StepError::NoSuchStream(id))?;
        match stream.status {
            StreamStatus::Ended => {}
            _ if stream.node != Some(node) => {}
            _ if deliberate => drop(self.finish(tx, stream).await?),
            StreamStatus::Starting => {}
            StreamStatus::Live => self.mark_left(tx, stream.publisher_left(self.inner.clock.now())).await?,
        }
        Ok(())
    }

    /// Writes down that the publisher is away.
    pub(crate) async fn mark_left(&self, mut tx: Tx, left: Stream) -> Result<(), StoreError> {
        let id = left.id;
        streams::save(&mut tx, &left).await?;
        commit(tx).await?;
        tracing::info!(stream.id = %id, "the publisher of stream {id} is away");
        self.announce(&StreamEvent::PublisherLeft { stream: id }).await;
        Ok(())
    }
}
