//! The codecs as they arrive in RTP: pictures and sound put together from payloads. Pure; bytes from the network
//! never panic us.

pub(crate) mod bits;
pub(crate) mod h264;
pub(crate) mod opus;
pub(crate) mod sps;
pub(crate) mod vp8;

use bytes::Bytes;

/// One coded picture, or what is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    /// The sample as MP4 stores it.
    pub(crate) data: Vec<u8>,
    /// Whether a decoder can start here.
    pub(crate) is_key: bool,
    /// What a decoder must know before it, where the picture says so.
    pub(crate) format: Option<VideoFormat>,
}

/// What the sample entry of a video track says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VideoFormat {
    /// `avc1`.
    H264 {
        /// Width in pixels, after cropping.
        width: u32,
        /// Height in pixels, after cropping.
        height: u32,
        /// Sequence parameter set, with its NAL header.
        sps: Bytes,
        /// Picture parameter set, with its NAL header.
        pps: Bytes,
    },
    /// `vp08`.
    Vp8 {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
}

impl VideoFormat {
    /// Width and height in pixels.
    pub(crate) const fn size(&self) -> (u32, u32) {
        match self {
            Self::H264 { width, height, .. } | Self::Vp8 { width, height } => (*width, *height),
        }
    }

    /// Whether a decoder set up for `self` can go on with pictures of `other` that bring their own parameter sets.
    pub(crate) fn suits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::H264 { sps: mine, .. }, Self::H264 { sps: theirs, .. }) => {
                self.size() == other.size() && mine.get(1..4) == theirs.get(1..4)
            }
            _ => self == other,
        }
    }
}
