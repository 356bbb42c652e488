//! The numbers of the chat, each with its unit. `livestream` reads them from the section `[chat]`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long the log keeps an event. The product promises five minutes; it is not configurable.
pub(crate) const KEEP: Duration = Duration::from_secs(300);

/// Settings of the chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Pages that may open a chat besides our own, as origins (`https://example.org`). Programs that send no
    /// `Origin` are always let in: they are no browser that could be misled.
    pub allowed_origins: Vec<String>,
    /// Characters in one message.
    pub max_chars: usize,
    /// Messages one user may send at once before having to wait.
    pub burst: u32,
    /// Milliseconds until one more message is allowed after a burst.
    pub refill_ms: u64,
    /// Events a newcomer is shown, the newest of the last five minutes.
    pub history_events: u32,
    /// The largest gap that is filled after a reconnect; beyond it the client starts afresh.
    pub recovery_events: u32,
    /// Frames that wait for one slow connection before it is cut off.
    pub queue_frames: usize,
    /// Connections on this node; one more is answered with 503.
    pub max_connections: usize,
    /// Seconds a client has for its first frame.
    pub join_secs: u64,
    /// Seconds of silence from a client after which it is pinged.
    pub ping_secs: u64,
    /// Seconds a client has to answer a ping.
    pub pong_secs: u64,
    /// Seconds between two looks at whether those present still may be.
    pub recheck_secs: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allowed_origins: Vec::new(),
            max_chars: 500,
            burst: 5,
            refill_ms: 1500,
            history_events: 500,
            recovery_events: 2000,
            queue_frames: 256,
            max_connections: 18_000,
            join_secs: 10,
            ping_secs: 25,
            pong_secs: 10,
            recheck_secs: 30,
        }
    }
}
