//! Redis: the connection, and the name of every key and channel.
//!
//! Redis holds what may be lost: live counts, five minutes of chat, news between nodes.

use std::time::Duration;

use domain::{Fault, Kind, NodeId, StreamId};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

/// Redis could not do what we asked.
#[derive(Debug, thiserror::Error)]
#[error("the live store does not answer")]
pub struct RedisError(#[from] pub redis::RedisError);

impl Fault for RedisError {
    fn kind(&self) -> Kind {
        Kind::Unavailable
    }

    fn code(&self) -> &'static str {
        "REDIS_UNAVAILABLE"
    }
}

/// A self-healing connection and the names of the keys. Cheap to clone.
#[derive(Clone)]
pub struct Redis {
    client: redis::Client,
    commands: ConnectionManager,
    prefix: String,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// How long one command may take before its caller is told that Redis is away.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(2);

impl Redis {
    /// Connects on first use; `prefix` stands before every key, so that several installations can share a server.
    pub async fn connect(url: &str, prefix: &str) -> Result<Self, RedisError> {
        let client = redis::Client::open(url)?;
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(COMMAND_TIMEOUT))
            .set_connection_timeout(Some(COMMAND_TIMEOUT))
            .set_max_delay(Duration::from_secs(1));
        let commands = ConnectionManager::new_lazy_with_config(client.clone(), config)?;
        Ok(Self { client, commands, prefix: prefix.to_owned() })
    }

    /// The connection for commands; it reconnects by itself.
    pub fn commands(&self) -> ConnectionManager {
        self.commands.clone()
    }

    /// A connection of its own for subscriptions. When it breaks, its stream ends: subscribe anew.
    pub async fn subscriber(&self) -> Result<redis::aio::PubSub, RedisError> {
        Ok(self.client.get_async_pubsub().await?)
    }

    /// Whether Redis answers.
    pub async fn ping(&self) -> Result<(), RedisError> {
        Ok(redis::cmd("PING").query_async(&mut self.commands()).await?)
    }

    /// Hash: viewers per media node of one stream, as `count:unix_ms` (when it was counted).
    pub fn viewers_key(&self, stream: StreamId) -> String {
        format!("{}viewers:{stream}", self.prefix)
    }

    /// String: a media node's description as JSON, expiring unless renewed.
    pub fn node_key(&self, node: NodeId) -> String {
        format!("{}node:{node}", self.prefix)
    }

    /// Set: ids of the media nodes that were ever seen; a member without a `node_key` is gone.
    pub fn nodes_key(&self) -> String {
        format!("{}nodes", self.prefix)
    }

    /// Channel: `domain::event::StreamEvent` as JSON, for every node.
    pub fn stream_events_channel(&self) -> String {
        format!("{}events:streams", self.prefix)
    }

    /// Stream: the last five minutes of a chat room. The hash tag keeps a room's keys on one shard.
    pub fn chat_log_key(&self, stream: StreamId) -> String {
        format!("{}chat:{{{stream}}}:log", self.prefix)
    }

    /// Hash: epoch, next offset and settings of a chat room.
    pub fn chat_meta_key(&self, stream: StreamId) -> String {
        format!("{}chat:{{{stream}}}:meta", self.prefix)
    }

    /// String with expiry: the answer to a message that was sent with this client id, so that a repeat is one message.
    pub fn chat_repeat_key(&self, stream: StreamId, nonce: &str) -> String {
        format!("{}chat:{{{stream}}}:repeat:{nonce}", self.prefix)
    }

    /// Channel: new events of a chat room, for every node that has listeners.
    pub fn chat_channel(&self, stream: StreamId) -> String {
        format!("{}chat:{{{stream}}}", self.prefix)
    }

    /// String with expiry: set while a session is revoked but an access token of it may still be unexpired.
    pub fn revoked_session_key(&self, session: domain::SessionId) -> String {
        format!("{}revoked:{session}", self.prefix)
    }
}
