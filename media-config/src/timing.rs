//! Times, read from milliseconds.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// When a keyframe is asked for and when a kept one will do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyframes {
    /// At most one request per source in this time: each keyframe costs the publisher several frames' worth of bits, and
    /// an encoder needs about this long to answer.
    #[serde(rename = "request_every_ms", deserialize_with = "millis")]
    pub request_every: Duration,
    /// While somebody records, a keyframe is asked for when the last one is this old: segments of 2 to 4 s begin with one,
    /// and browsers make none by themselves.
    #[serde(rename = "recorded_every_ms", deserialize_with = "millis")]
    pub recorded_every: Duration,
    /// A newcomer starts at a kept keyframe up to this old; catching up from an older one costs more than asking anew.
    #[serde(rename = "cached_max_age_ms", deserialize_with = "millis")]
    pub cached_max_age: Duration,
    /// And only over so many packets: a browser froze over a burst of 669.
    pub cached_max_packets: usize,
}

/// How fast a newcomer is brought up to now: 16 packets in 5 ms are 30 Mbit/s.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatchUp {
    /// Packets sent at a time.
    pub packets: usize,
    /// Time between two such bursts.
    #[serde(rename = "every_ms", deserialize_with = "millis")]
    pub every: Duration,
}

/// Clock reports towards viewers; a browser lines up sound and picture by them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reports {
    /// Time between two reports of a track.
    #[serde(rename = "every_ms", deserialize_with = "millis")]
    pub every: Duration,
}

/// After how much silence somebody is gone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Liveness {
    /// From the answer to the end of the handshake; a browser on a slow path takes up to 10 s.
    #[serde(rename = "connect_within_ms", deserialize_with = "millis")]
    pub connect_within: Duration,
    /// A publisher that sends nothing at all, be it media, report or check, for this long has left.
    #[serde(rename = "publisher_silence_ms", deserialize_with = "millis")]
    pub publisher_silence: Duration,
    /// Likewise a watcher. Browsers check the path every 2.5 s, so three checks in a row are missing.
    #[serde(rename = "watcher_silence_ms", deserialize_with = "millis")]
    pub watcher_silence: Duration,
}

/// How the recorder's view is put in order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tap {
    /// How long a missing packet is waited for: several rounds of asking for it again.
    #[serde(rename = "reorder_wait_ms", deserialize_with = "millis")]
    pub reorder_wait: Duration,
    /// How many packets are held back meanwhile at most.
    pub reorder_packets: usize,
}

pub(crate) fn millis<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    u64::deserialize(input).map(Duration::from_millis)
}
