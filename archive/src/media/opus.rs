//! Opus packets: how long one lasts, and one that says nothing.

/// Samples per second of Opus in RTP and MP4.
pub(crate) const RATE: u32 = 48_000;
/// 20 ms of silence, stereo: configuration 31 (CELT, full band), one frame.
pub(crate) const SILENCE: [u8; 3] = [0xFC, 0xFF, 0xFE];
/// How long [`SILENCE`] lasts, in samples.
pub(crate) const SILENCE_SAMPLES: u32 = 960;
/// No packet lasts longer (RFC 6716, 3.2.5), in samples.
const MOST_SAMPLES: u32 = 5_760;

/// How many samples a packet lasts (RFC 6716, 3.1). `None` if it is no Opus packet.
pub(crate) fn samples(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let frame = match toc >> 3 {
        config @ 0..=11 => [480, 960, 1_920, 2_880][usize::from(config % 4)],
        config @ 12..=15 => [480, 960][usize::from(config % 2)],
        config => [120, 240, 480, 960][usize::from(config % 4)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1)? & 0x3F),
    };
    let samples = frame * frames;
    (1..=MOST_SAMPLES).contains(&samples).then_some(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_from_the_first_bytes() {
        assert_eq!(samples(&SILENCE), Some(SILENCE_SAMPLES));
        assert_eq!(samples(&[0x78, 1]), Some(960), "hybrid, 20 ms");
        assert_eq!(samples(&[0x18, 1]), Some(2_880), "SILK, 60 ms");
        assert_eq!(samples(&[0xE1, 1]), Some(240), "two CELT frames of 2.5 ms");
        assert_eq!(samples(&[0xFF, 3]), Some(2_880), "three frames, counted");
    }

    #[test]
    fn what_is_no_packet_has_no_duration() {
        assert_eq!(samples(&[]), None);
        assert_eq!(samples(&[0xFF]), None);
        assert_eq!(samples(&[0xFF, 0]), None);
        assert_eq!(samples(&[0x1B, 63]), None, "63 frames of 60 ms");
    }
}
