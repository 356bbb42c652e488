//! What one room asks of another, answered by the other.

use std::sync::OnceLock;
use std::time::Duration;

use archive::Archives;
use domain::{Caller, NodeId, StreamId, StreamStatus};
use futures_util::future::BoxFuture;
use http_kit::Problem;
use media_server::MediaServer;
use stream_manager::{MediaNodes, MediaSession, MediaUnavailable, NodeRegistry, StreamManager};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use url::Url;

/// May one publish, may one watch? The stream-manager knows.
pub(crate) struct Gate(pub(crate) StreamManager);

impl media_server::Gate for Gate {
    fn may_publish<'a>(&'a self, stream: StreamId, bearer: &'a str) -> BoxFuture<'a, Result<(), Problem>> {
        Box::pin(async move { Ok(self.0.may_publish(stream, bearer).await?) })
    }

    fn stream_for_key<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<StreamId, Problem>> {
        Box::pin(async move { Ok(self.0.stream_for_key(key).await?) })
    }

    fn may_watch<'a>(&'a self, stream: StreamId, caller: &'a Caller) -> BoxFuture<'a, Result<(), Problem>> {
        Box::pin(async move { Ok(self.0.may_watch(stream, caller).await?) })
    }
}

/// Whose room is it, and is it open? The stream-manager knows.
pub(crate) struct ChatRooms(pub(crate) StreamManager);

impl chat::Rooms for ChatRooms {
    fn room<'a>(&'a self, stream: StreamId, caller: &'a Caller) -> BoxFuture<'a, Result<chat::Room, Problem>> {
        Box::pin(async move {
            let stream = self.0.find(caller, stream).await?;
            let is_open = stream.status != StreamStatus::Ended;
            let is_publisher_away = stream.publisher_left_at.is_some();
            Ok(chat::Room { owner: stream.owner, is_open, status: stream.status, is_publisher_away })
        })
    }
}

/// Does the object store answer? The archive speaks to it.
pub(crate) struct ObjectStore(pub(crate) Archives);

impl api::Dependency for ObjectStore {
    fn answers(&self) -> BoxFuture<'_, bool> {
        Box::pin(self.0.store_answers())
    }
}

/// Which media server serves a stream: the one in this process, or the least busy one that is registered.
pub(crate) struct Nodes {
    registry: NodeRegistry,
    here: OnceLock<Here>,
}

struct Here {
    media: MediaServer,
    node: NodeId,
    url: Url,
}

impl Nodes {
    pub(crate) fn new(registry: NodeRegistry) -> Self {
        Self { registry, here: OnceLock::new() }
    }

    /// From now on streams that start in this process are served by it.
    pub(crate) fn serve_here(&self, media: MediaServer, node: NodeId, url: Url) {
        let _ = self.here.set(Here { media, node, url });
    }
}

impl MediaNodes for Nodes {
    fn open(&self, stream: StreamId) -> BoxFuture<'_, Result<MediaSession, MediaUnavailable>> {
        Box::pin(async move {
            match self.here.get() {
                Some(here) => {
                    here.media.open(stream);
                    Ok(MediaSession { node: here.node, base_url: here.url.clone() })
                }
                None => self.registry.place().await,
            }
        })
    }

    fn close(&self, stream: StreamId, _node: Option<NodeId>) -> BoxFuture<'_, ()> {
        // Another node hears of it by the stream's event, and closes by itself.
        if let Some(here) = self.here.get() {
            here.media.close(stream);
        }
        Box::pin(std::future::ready(()))
    }
}

/// How often a media node says that it lives and who watches.
const REPORT_EVERY: Duration = Duration::from_secs(2);
/// How often a media node looks for streams that ended without its hearing of it.
const LOOK_FOR_ENDED_EVERY: Duration = Duration::from_secs(2);
/// How often streams without a publisher are looked for.
const REAP_EVERY: Duration = Duration::from_secs(2);

/// What a media node tells the others.
pub(crate) struct Report {
    pub(crate) node: NodeId,
    pub(crate) url: Url,
    pub(crate) media: MediaServer,
    pub(crate) registry: NodeRegistry,
}

impl Report {
    /// Reports, and closes what is over, until stopped. The two do not wait for each other: one needs Redis, the other
    /// the database.
    pub(crate) async fn run(self, streams: StreamManager, stop: CancellationToken) {
        tokio::join!(self.tell(&streams, &stop), self.close_ended(&streams, &stop));
        let _ = self.registry.leave(self.node).await;
    }

    async fn tell(&self, streams: &StreamManager, stop: &CancellationToken) {
        let mut every = tokio::time::interval(REPORT_EVERY);
        while stop.run_until_cancelled(every.tick()).await.is_some() {
            let watchers = self.media.watchers();
            if let Err(error) = self.registry.heartbeat(self.node, &self.url, &watchers).await {
                warn!("this media node cannot report to the others: {error}");
                continue;
            }
            if let Err(error) = streams.report_viewers(self.node, &watchers).await {
                warn!("the viewers cannot be counted: {error}");
            }
        }
    }

    /// Closes the rooms of streams that are over: the news of an end may be lost. Their recordings are finished by the
    /// archive, which looks for them itself.
    async fn close_ended(&self, streams: &StreamManager, stop: &CancellationToken) {
        let mut every = tokio::time::interval(LOOK_FOR_ENDED_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(every.tick()).await.is_some() {
            let here: Vec<StreamId> = self.media.watchers().into_iter().map(|(stream, _)| stream).collect();
            match stop.run_until_cancelled(streams.ended_among(&here)).await {
                Some(Ok(ended)) => ended.into_iter().for_each(|stream| self.media.close(stream)),
                Some(Err(error)) => warn!("streams that ended elsewhere cannot be looked for: {error}"),
                None => return,
            }
        }
    }
}

/// Ends streams whose publisher stayed away, until stopped.
pub(crate) async fn reap(streams: StreamManager, stop: CancellationToken) {
    let mut every = tokio::time::interval(REAP_EVERY);
    while stop.run_until_cancelled(every.tick()).await.is_some() {
        if let Err(error) = streams.reap().await {
            warn!("streams without a publisher cannot be looked for: {error}");
        }
    }
}
