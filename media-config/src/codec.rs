//! What may be published, in order of preference.

use serde::Deserialize;

/// A picture's coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VideoCodec {
    /// H.264 with packetization mode 1: decoded in hardware nearly everywhere and recorded without transcoding.
    H264,
    /// VP8: for publishers that have no H.264 encoder.
    Vp8,
}

/// A sound's coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AudioCodec {
    /// Opus: every WebRTC endpoint has it.
    Opus,
}

/// The codecs taken, most wanted first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Codecs {
    /// For the picture.
    pub video: Vec<VideoCodec>,
    /// For the sound.
    pub audio: Vec<AudioCodec>,
    /// The bit rate at which a publishing browser is told to begin. Left alone, Chromium begins at 300 kbit/s and a quarter
    /// of the size, and needs 12 s to come to 720p; a path that carries less is noticed within the first second.
    pub start_kbit_per_sec: u32,
}
