//! Streams: starting, reading, changing and ending them.

pub(crate) mod change;
pub(crate) mod keys;
pub(crate) mod read;
pub(crate) mod start;

use std::collections::HashMap;
use std::sync::Mutex;

use domain::{NodeId, Stream, StreamId, UserId};
use store::{StoreError, archives, users};
use stream_manager::NodeRegistry;
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::Api;
use crate::view::{Beside, OwnerView, StreamView};

impl Api {
    /// The views of these streams, in their order.
    pub(crate) async fn stream_views(&self, streams: &[Stream]) -> Result<Vec<StreamView>, StoreError> {
        let ids: Vec<StreamId> = streams.iter().map(|stream| stream.id).collect();
        let viewers = self.streams.viewers(&ids).await;
        let owners = self.owners(streams.iter().map(|stream| stream.owner)).await?;
        let archives: HashMap<_, _> =
            archives::of_streams(&mut *self.store.acquire().await?, &ids).await?.into_iter().collect();
        let nodes = self.nodes.addresses(self).await;
        let view = |(stream, viewers): (&Stream, u32)| {
            let owner = owners.get(&stream.owner)?.clone();
            let node = stream.node.and_then(|node| nodes.get(&node)).unwrap_or(&self.config.public_url).clone();
            let archive = archives.get(&stream.id).copied();
            Some(StreamView::new(stream, Beside { owner, viewers, archive, node }, &self.config))
        };
        Ok(streams.iter().zip(viewers).filter_map(view).collect())
    }

    /// The view of one stream.
    pub(crate) async fn stream_view(&self, stream: Stream) -> Result<StreamView, StoreError> {
        let mut views = self.stream_views(&[stream]).await?;
        let missing = || StoreError::BadRow { table: "streams", what: "its creator is gone".to_owned() };
        views.pop().ok_or_else(missing)
    }

    /// The users behind streams or archives.
    pub(crate) async fn owners(
        &self,
        ids: impl Iterator<Item = UserId>,
    ) -> Result<HashMap<UserId, OwnerView>, StoreError> {
        let mut ids: Vec<UserId> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        let users = users::find_many(&mut *self.store.acquire().await?, &ids).await?;
        Ok(users.iter().map(|user| (user.id, OwnerView::from(user))).collect())
    }
}

/// Where media nodes are reached, asked of Redis every few seconds at most.
#[derive(Debug)]
pub(crate) struct Nodes {
    registry: NodeRegistry,
    known: Mutex<Option<(OffsetDateTime, HashMap<NodeId, Url>)>>,
}

/// How long an answer about nodes is believed.
const BELIEVED: Duration = Duration::seconds(5);
/// A request does not wait longer for Redis.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(300);

impl Nodes {
    pub(crate) fn new(registry: NodeRegistry) -> Self {
        Self { registry, known: Mutex::default() }
    }

    /// Node by node. Without Redis none is known, and the public address stands in for them.
    async fn addresses(&self, api: &Api) -> HashMap<NodeId, Url> {
        let now = api.now();
        if let Some((at, nodes)) = self.known.lock().expect("nothing panics while it holds this lock").as_ref()
            && (Duration::ZERO..BELIEVED).contains(&(now - *at))
        {
            return nodes.clone();
        }
        let asked = tokio::time::timeout(PATIENCE, self.registry.list()).await;
        let Ok(Ok(nodes)) = asked else {
            tracing::debug!("media nodes cannot be listed now");
            self.remember(now, HashMap::new());
            return HashMap::new();
        };
        let nodes: HashMap<NodeId, Url> = nodes.into_iter().map(|node| (node.node, node.base_url)).collect();
        self.remember(now, nodes.clone());
        nodes
    }

    fn remember(&self, now: OffsetDateTime, nodes: HashMap<NodeId, Url>) {
        *self.known.lock().expect("nothing panics while it holds this lock") = Some((now, nodes));
    }
}
