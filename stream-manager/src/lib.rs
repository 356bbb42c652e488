//! A stream's life: starting, live, ended.
//!
//! The truth is in Postgres; who watches and which media nodes live is in Redis and may be lost. Media itself is the
//! media servers' business, asked through the port [`MediaNodes`]. Every change is announced as a
//! [`domain::event::StreamEvent`] after it is committed, best effort; what must not depend on that is found by
//! [`StreamManager::reap`].

mod change;
mod config;
mod keys;
mod media_nodes;
mod news;
mod node_registry;
mod placement;
mod presence;
mod publish;
mod read;
mod reaper;
mod start;
mod state;
#[cfg(feature = "testing")]
pub mod testing;
mod token;
mod viewers;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use domain::{Clock, NodeId, StreamId};
use store::Store;
use store::redis::Redis;
use time::OffsetDateTime;

pub use change::{Change, ChangeError};
pub use config::Config;
pub use keys::{KeyError, Label, LabelError, NewKey};
pub use media_nodes::{MediaNodes, MediaSession, MediaUnavailable};
pub use node_registry::{HEARTBEAT_EXPIRY, MediaNode, NodeRegistry};
pub use presence::StepError;
pub use publish::{KeyPublishError, PublishError};
pub use read::{FindError, Query, WatchError};
pub use reaper::Reaped;
pub use start::{NewStream, StartError, Started};
pub use store::stream_keys::StreamKey;

/// Everything about streams. A handle: cheap to clone.
#[derive(Clone)]
pub struct StreamManager {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    redis: Redis,
    media: Arc<dyn MediaNodes>,
    nodes: NodeRegistry,
    config: Config,
    clock: Arc<dyn Clock>,
    /// What each node reported last, so that the streams it no longer names can be taken off its count.
    reported: Mutex<HashMap<NodeId, HashSet<StreamId>>>,
    /// Since when the reaper has missed the heartbeat of a node.
    missed: Mutex<HashMap<NodeId, OffsetDateTime>>,
}

impl StreamManager {
    /// A manager over these parts.
    pub fn new(store: Store, redis: Redis, media: Arc<dyn MediaNodes>, config: Config, clock: Arc<dyn Clock>) -> Self {
        let nodes = NodeRegistry::new(redis.clone());
        let (reported, missed) = Default::default();
        Self { inner: Arc::new(Inner { store, redis, media, nodes, config, clock, reported, missed }) }
    }
}

impl fmt::Debug for StreamManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamManager").field("config", &self.inner.config).finish_non_exhaustive()
    }
}
