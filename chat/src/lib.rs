//! The chat: a room per stream, over WebSocket. A room is a log of events with positions; its last five minutes are
//! in Redis, nothing of it is in Postgres.
//!
//! The way of a message: `socket` reads a frame, `frame` parses it, `room` asks `rules` and appends it to the
//! `buffer`, which publishes it; every node's `subscription` hears it, and its `hub` puts the same bytes into the
//! `outbox` of each connection. Whoever was away names its position and `catch_up` decides what it gets.
//! `docs/chat.md` describes the protocol.

mod audience;
mod buffer;
mod catch_up;
mod close;
mod config;
mod frame;
mod handshake;
mod hub;
mod outbox;
mod position;
mod room;
mod rooms;
mod rules;
mod socket;
mod subscription;
mod sweep;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use domain::{Clock, StreamId};
use store::redis::Redis;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use config::Config;
pub use frame::{Notice, Status};
pub use rooms::{Room, Rooms};

use buffer::Buffer;
use hub::Hub;
use subscription::Subscription;

/// The chat of this node. Cheap to clone.
#[derive(Clone)]
pub struct Chat {
    inner: Arc<Inner>,
}

struct Inner {
    redis: Redis,
    rooms: Arc<dyn Rooms>,
    config: Config,
    clock: Arc<dyn Clock>,
    buffer: Buffer,
    hub: Arc<Hub>,
    permits: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl std::fmt::Debug for Chat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chat").field("config", &self.inner.config).finish_non_exhaustive()
    }
}

impl Chat {
    /// Starts the chat inside a tokio runtime. It works without Redis at first and heals once Redis answers.
    /// When `stop` is cancelled all connections are told to reconnect elsewhere; `tasks` then runs empty.
    pub fn new(
        redis: Redis,
        rooms: Arc<dyn Rooms>,
        config: Config,
        clock: Arc<dyn Clock>,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let buffer = Buffer::new(redis.clone(), clock.clone(), &config);
        let hub = Arc::new(Hub::default());
        let permits = Arc::new(Semaphore::new(config.max_connections.min(Semaphore::MAX_PERMITS)));
        let subscription = Subscription { redis: redis.clone(), hub: hub.clone(), buffer: buffer.clone() };
        tasks.spawn(subscription.run(stop.clone()));
        let inner = Inner { redis, rooms, config, clock, buffer, hub, permits, tasks, stop };
        let chat = Self { inner: Arc::new(inner) };
        chat.tasks().spawn(sweep::run(chat.clone(), chat.stop().clone()));
        chat
    }

    /// `GET /api/streams/{stream_id}/chat`. Wants the `http_kit::SharedAuthenticate` extension laid over it.
    pub fn router(&self) -> Router {
        Router::new().route("/api/streams/{stream_id}/chat", get(handshake::open)).with_state(self.clone())
    }

    /// Tells those who are in the stream's chat on this node. It is not kept: who comes later is told by `joined`.
    pub fn announce(&self, stream: StreamId, notice: Notice) {
        if let Some(audience) = self.hub().audience(stream) {
            audience.announce(&notice);
        }
    }

    /// Tells those who are in the stream's chat on this node how many watch, if the number has changed.
    pub fn announce_viewers(&self, stream: StreamId, count: u32) {
        if let Some(audience) = self.hub().audience(stream) {
            audience.announce_viewers(count);
        }
    }

    /// The rooms that have listeners on this node.
    pub fn rooms_open(&self) -> Vec<StreamId> {
        let audiences = self.hub().audiences();
        audiences.iter().filter(|audience| !audience.is_empty()).map(|audience| audience.stream).collect()
    }

    /// Connections on this node.
    pub fn connections(&self) -> usize {
        self.inner.config.max_connections.saturating_sub(self.inner.permits.available_permits())
    }

    pub(crate) fn redis(&self) -> &Redis {
        &self.inner.redis
    }

    pub(crate) fn rooms(&self) -> &dyn Rooms {
        &*self.inner.rooms
    }

    pub(crate) fn config(&self) -> &Config {
        &self.inner.config
    }

    pub(crate) fn buffer(&self) -> &Buffer {
        &self.inner.buffer
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.inner.hub
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.inner.tasks
    }

    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.inner.stop
    }

    /// Room for one more connection, until it is dropped.
    pub(crate) fn permit(&self) -> Option<OwnedSemaphorePermit> {
        self.inner.permits.clone().try_acquire_owned().ok()
    }

    /// Now, in unix milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        let now = self.inner.clock.now().unix_timestamp_nanos() / 1_000_000;
        i64::try_from(now).unwrap_or(i64::MAX)
    }
}
