//! VP8 from RTP (RFC 7741) to frames.

use super::{Picture, VideoFormat};

/// A picture larger than this is not one.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Stands in a keyframe after its three-byte tag (RFC 6386, 9.1).
const START_CODE: [u8; 3] = [0x9D, 0x01, 0x2A];

/// Puts pictures together. One per track and connection.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    data: Vec<u8>,
    is_broken: bool,
}

impl Assembler {
    /// Takes the next payload of the picture at hand.
    pub(crate) fn push(&mut self, payload: &[u8]) {
        let Some((starts, body)) = unwrap(payload) else {
            self.is_broken = true;
            return;
        };
        self.is_broken |= self.data.is_empty() && !starts;
        self.data.extend_from_slice(body);
        self.is_broken |= self.data.len() > MOST_BYTES;
    }

    /// Packets of the picture at hand are missing.
    pub(crate) fn lose(&mut self) {
        self.is_broken = true;
    }

    /// Ends the picture at hand. `None` if it is incomplete or empty.
    pub(crate) fn finish(&mut self) -> Option<Picture> {
        let data = std::mem::take(&mut self.data);
        if std::mem::take(&mut self.is_broken) || data.len() < 3 {
            return None;
        }
        if data[0] & 1 == 1 {
            return Some(Picture { data, is_key: false, format: None });
        }
        let head = data.get(3..10)?;
        if head[..3] != START_CODE {
            return None;
        }
        let side = |low: u8, high: u8| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
        let (width, height) = (side(head[3], head[4]), side(head[5], head[6]));
        if width == 0 || height == 0 {
            return None;
        }
        Some(Picture { data, is_key: true, format: Some(VideoFormat::Vp8 { width, height }) })
    }
}

/// Whether the payload starts a frame, and what follows the payload descriptor.
fn unwrap(payload: &[u8]) -> Option<(bool, &[u8])> {
    let (&first, mut rest) = payload.split_first()?;
    let starts = first & 0x10 != 0 && first & 0x07 == 0;
    if first & 0x80 != 0 {
        let (&extras, tail) = rest.split_first()?;
        rest = tail;
        if extras & 0x80 != 0 {
            let long = rest.first()? & 0x80 != 0;
            rest = rest.get(if long { 2 } else { 1 }..)?;
        }
        if extras & 0x40 != 0 {
            rest = rest.get(1..)?;
        }
        if extras & 0x30 != 0 {
            rest = rest.get(1..)?;
        }
    }
    Some((starts, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyframe_names_its_size_and_the_descriptor_is_taken_off() {
        let mut assembler = Assembler::default();
        assembler.push(&[0x90, 0xE0, 0x81, 0x02, 0x03, 0x04, 0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01]);
        assembler.push(&[0x80, 0x80, 0x11, 0xAA]);
        let picture = assembler.finish().expect("a whole picture");
        assert_eq!(picture.format, Some(VideoFormat::Vp8 { width: 640, height: 360 }));
        assert_eq!(picture.data.len(), 11);
    }

    #[test]
    fn a_picture_without_its_start_and_torn_payloads_are_none() {
        for payload in [&[][..], &[0x80], &[0x90, 0x80], &[0x00, 1, 2, 3, 4], &[0x10, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]]
        {
            let mut assembler = Assembler::default();
            assembler.push(payload);
            assert_eq!(assembler.finish(), None, "{payload:?}");
        }
    }
}
