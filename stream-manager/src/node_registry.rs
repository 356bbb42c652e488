//! Which media nodes live, by their heartbeats in Redis.

use std::time::Duration;

use domain::{NodeId, StreamId};
use serde::{Deserialize, Serialize};
use store::redis::{Redis, RedisError};
use url::Url;

use crate::{MediaSession, MediaUnavailable, placement};

/// A node that has not been heard of for so long is gone. Heartbeats come every few seconds.
pub const HEARTBEAT_EXPIRY: Duration = Duration::from_secs(10);

/// A living media node, as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaNode {
    /// Which process.
    pub node: NodeId,
    /// Where clients reach it.
    pub base_url: Url,
    /// How many streams it serves.
    pub streams: u32,
    /// How many watchers all of them have.
    pub watchers: u32,
}

/// The media nodes of the installation. A handle: cheap to clone. It is Redis that lets a heartbeat expire, so the
/// machines' clocks do not matter.
#[derive(Debug, Clone)]
pub struct NodeRegistry {
    redis: Redis,
}

impl NodeRegistry {
    /// The registry in this Redis.
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Says that a node lives, and how busy it is; to be repeated at least three times within [`HEARTBEAT_EXPIRY`].
    pub async fn heartbeat(
        &self,
        node: NodeId,
        base_url: &Url,
        watchers: &[(StreamId, u32)],
    ) -> Result<(), RedisError> {
        let (streams, watchers) = (watchers.len() as u32, watchers.iter().map(|(_, count)| count).sum());
        let description = MediaNode { node, base_url: base_url.clone(), streams, watchers };
        let json = serde_json::to_string(&description).expect("ids, numbers and an address have a JSON form");
        let mut pipe = redis::pipe();
        pipe.sadd(self.redis.nodes_key(), node.to_string()).ignore();
        pipe.pset_ex(self.redis.node_key(node), json, HEARTBEAT_EXPIRY.as_millis() as u64).ignore();
        Ok(pipe.query_async(&mut self.redis.commands()).await?)
    }

    /// Takes a node off the list, as its last deed.
    pub async fn leave(&self, node: NodeId) -> Result<(), RedisError> {
        let mut pipe = redis::pipe();
        pipe.srem(self.redis.nodes_key(), node.to_string()).ignore();
        pipe.del(self.redis.node_key(node)).ignore();
        Ok(pipe.query_async(&mut self.redis.commands()).await?)
    }

    /// The living nodes. Those that expired are forgotten on the way.
    pub async fn list(&self) -> Result<Vec<MediaNode>, RedisError> {
        let mut redis = self.redis.commands();
        let ids: Vec<String> = redis::cmd("SMEMBERS").arg(self.redis.nodes_key()).query_async(&mut redis).await?;
        let ids: Vec<NodeId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<String> = ids.iter().map(|id| self.redis.node_key(*id)).collect();
        let found: Vec<Option<String>> = redis::cmd("MGET").arg(keys).query_async(&mut redis).await?;
        let gone: Vec<String> =
            ids.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(id, _)| id.to_string()).collect();
        if !gone.is_empty() {
            let _: () = redis::cmd("SREM").arg(self.redis.nodes_key()).arg(gone).query_async(&mut redis).await?;
        }
        Ok(found.iter().flatten().filter_map(|json| serde_json::from_str(json).ok()).collect())
    }

    /// Chooses the node that takes the next stream.
    pub async fn place(&self) -> Result<MediaSession, MediaUnavailable> {
        let nodes = self.list().await.map_err(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "the media nodes cannot be listed");
            MediaUnavailable
        })?;
        let chosen = placement::place(&nodes).ok_or(MediaUnavailable)?;
        Ok(MediaSession { node: chosen.node, base_url: chosen.base_url.clone() })
    }
}
