//! How much is kept and how much is allowed.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use crate::timing::millis;

/// Packets kept of each track, for retransmission, for newcomers and for the recorder. Powers of two.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// 2048 packets are about 7 s of 2.5 Mbit/s, and 2.5 MB.
    #[serde(deserialize_with = "power_of_two")]
    pub video_packets: usize,
    /// 512 packets are about 10 s of 20 ms frames.
    #[serde(deserialize_with = "power_of_two")]
    pub audio_packets: usize,
}

/// Bounds against overload and abuse.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The longest offer taken: a browser's has 5 to 12 KB.
    pub offer_bytes: usize,
    /// Connections per process, of publishers and watchers; beyond it new ones are asked to come back. One core carries
    /// about 440 in the present form of sending.
    pub connections: usize,
    /// Watchers among them, connected or on their way; the rest is kept free for publishers, since watching needs no account.
    pub watchers: usize,
    /// Watchers at a time that were answered and are not connected yet. When it is reached, one of whom nothing is heard
    /// makes room: answers cost their taker nothing. A hundred that really come need about a second of one core.
    pub connecting_watchers: usize,
    /// A watcher on its way that was heard of is not sent away for a newer one within this time: a handshake takes four
    /// round trips and a lost datagram a second.
    #[serde(rename = "handshake_grace_ms", deserialize_with = "millis")]
    pub handshake_grace: Duration,
    /// Offers taken per minute from one address (or IPv6 /64). An address can be a whole school, and whoever waits for a
    /// publisher asks again every second: twenty such at once, and a bench on loopback, stay below it.
    pub posts_per_minute: u32,
    /// And at once after a pause: a school that opens the same page.
    pub posts_at_once: u32,
    /// A session may restart its ICE once in this time: it is worked out on the task that carries everybody's media.
    #[serde(rename = "restart_every_ms", deserialize_with = "millis")]
    pub restart_every: Duration,
    /// Addresses from which one connection may be reached at a time: its network paths, old and new.
    pub addresses_per_connection: usize,
    /// Packets sent again to one watcher per second at most, so that a flood of requests does not become a flood of media.
    pub repeats_per_second: u32,
}

fn power_of_two<'de, D: Deserializer<'de>>(input: D) -> Result<usize, D::Error> {
    let count = usize::deserialize(input)?;
    if !count.is_power_of_two() || count < 64 {
        return Err(de::Error::custom("a history is a power of two, 64 or more"));
    }
    Ok(count)
}
