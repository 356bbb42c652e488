//! Where a decoder may start, read from the first bytes of a payload. Pure; whatever the bytes are, it returns.

use domain::media::Codec;

/// Whether this payload begins, or carries the parameters that begin, a picture that needs no other.
pub(crate) fn starts_keyframe(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::H264 => h264(payload),
        Codec::Vp8 => vp8(payload),
        Codec::Opus => false,
    }
}

const IDR: u8 = 5;
const SPS: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// RFC 6184: a whole IDR or SPS, one inside an aggregate, or the first fragment of one.
fn h264(payload: &[u8]) -> bool {
    let opens = |unit: u8| matches!(unit & 0x1f, IDR | SPS);
    match payload {
        [header, rest @ ..] if header & 0x1f == STAP_A => aggregated(rest).any(opens),
        [header, fragment, ..] if header & 0x1f == FU_A => fragment & 0x80 != 0 && opens(*fragment),
        [header, _, ..] => opens(*header),
        _ => false,
    }
}

/// The header bytes of the units in an aggregate, up to where it is cut short.
fn aggregated(mut rest: &[u8]) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let (size, tail) = rest.split_first_chunk::<2>()?;
        let size = usize::from(u16::from_be_bytes(*size));
        let unit = tail.get(..size)?;
        rest = &tail[size..];
        unit.first().copied()
    })
}

/// RFC 7741: the start of the first partition of a picture whose frame header says that it is a key frame.
fn vp8(payload: &[u8]) -> bool {
    let Some((&first, mut rest)) = payload.split_first() else { return false };
    if first & 0x17 != 0x10 {
        return false;
    }
    if first & 0x80 != 0 {
        let Some((&extensions, tail)) = rest.split_first() else { return false };
        let long_picture_id = extensions & 0x80 != 0 && tail.first().is_some_and(|id| id & 0x80 != 0);
        let picture_id = usize::from(extensions & 0x80 != 0) + usize::from(long_picture_id);
        let skip = picture_id + usize::from(extensions & 0x40 != 0) + usize::from(extensions & 0x30 != 0);
        let Some(tail) = tail.get(skip..) else { return false };
        rest = tail;
    }
    rest.first().is_some_and(|header| header & 1 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h264_starts_at_idr_or_sps_however_they_are_packed() {
        let idr = [0x65, 0x88, 0x84];
        let sps = [0x67, 0x42, 0xe0, 0x1f];
        let stap = [&[0x78, 0, 4][..], &sps, &[0, 2, 0x68, 0xce]].concat();
        let fragment = [0x7c, 0x85, 0x88];
        for payload in [&idr[..], &sps, &stap, &fragment] {
            assert!(starts_keyframe(Codec::H264, payload), "{payload:02x?}");
        }
    }

    #[test]
    fn h264_does_not_start_elsewhere() {
        let delta = [0x41, 0x9a];
        let delta_fragment = [0x7c, 0x81, 0x9a];
        let middle_of_idr = [0x7c, 0x05, 0x88];
        let pps_alone = [0x78, 0, 2, 0x68, 0xce];
        let cut = [0x78, 0xff, 0xff, 0x67];
        for payload in [&delta[..], &delta_fragment, &middle_of_idr, &pps_alone, &cut, &[], &[0x65], &[0x7c]] {
            assert!(!starts_keyframe(Codec::H264, payload), "{payload:02x?}");
        }
    }

    #[test]
    fn vp8_starts_at_the_first_partition_of_a_key_frame() {
        let plain = [0x10, 0x00, 0x9d];
        let with_picture_id = [0x90, 0x80, 0x11, 0x00];
        let with_long_picture_id = [0x90, 0xe0, 0x91, 0x22, 0x01, 0x20, 0x00];
        for payload in [&plain[..], &with_picture_id, &with_long_picture_id] {
            assert!(starts_keyframe(Codec::Vp8, payload), "{payload:02x?}");
        }
        let delta = [0x10, 0x01];
        let continuation = [0x00, 0x00];
        let later_partition = [0x11, 0x00];
        for payload in [&delta[..], &continuation, &later_partition, &[], &[0x90], &[0x90, 0xff], &[0x10]] {
            assert!(!starts_keyframe(Codec::Vp8, payload), "{payload:02x?}");
        }
    }
}
