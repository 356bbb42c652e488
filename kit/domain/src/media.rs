//! Media as it passes from the media server to the recorder: packets of tracks, in order.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// How a track's media is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// H.264, RFC 6184, packetization mode 0 or 1.
    H264,
    /// VP8, RFC 7741.
    Vp8,
    /// Opus, RFC 7587: always 48 kHz and two channels on the wire.
    Opus,
}

impl Codec {
    /// Ticks of the RTP clock per second.
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::H264 | Self::Vp8 => 90_000,
            Self::Opus => 48_000,
        }
    }

    /// Whether it carries pictures.
    pub const fn is_video(self) -> bool {
        matches!(self, Self::H264 | Self::Vp8)
    }
}

/// Which of a publisher's tracks. Video layers of a simulcast will be told apart by `rid` once there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Track {
    /// The picture.
    Video,
    /// The sound.
    Audio,
}

/// One RTP packet of a track, in order, retransmissions and reordering already resolved.
#[derive(Debug, Clone)]
pub struct Packet {
    /// The sequence number, extended past 16 bits; contiguous but for losses.
    pub sequence: u64,
    /// The RTP timestamp, extended past 32 bits, in ticks of the codec's clock.
    pub timestamp: u64,
    /// The RTP marker: for video the last packet of a picture.
    pub marker: bool,
    /// Whether a decoder can start at the picture that begins with this packet.
    pub starts_keyframe: bool,
    /// When it arrived, on the media server's monotonic clock, the same for all tracks of a publisher.
    pub arrived_at: Duration,
    /// The RTP payload, without header and padding.
    pub payload: Bytes,
}

/// What a tap yields, track by track, in order of arrival.
#[derive(Debug, Clone)]
pub enum TapEvent {
    /// A publisher's connection begins (the first, or after a reconnect): what follows has new clocks.
    Begins {
        /// The codec of the picture, if any was negotiated.
        video: Option<Codec>,
        /// The codec of the sound, if any was negotiated.
        audio: Option<Codec>,
    },
    /// A packet.
    Packet(Track, Packet),
    /// From an RTCP sender report: at this wall-clock time of the publisher, the track's clock showed this.
    /// Lines up the two tracks (RFC 3550, section 6.4.1).
    SenderClock {
        /// Whose clock.
        track: Track,
        /// The track's extended RTP timestamp.
        timestamp: u64,
        /// The publisher's wall clock, since an epoch of its own that both tracks share.
        wall: Duration,
    },
    /// The reader was too slow or media was lost for good: this many packets of the track are missing here.
    Gap(Track, u64),
}
