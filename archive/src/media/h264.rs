//! H.264 from RTP (RFC 6184: single NAL units, STAP-A, FU-A) to samples with four-byte lengths.

use bytes::Bytes;

use super::{Picture, VideoFormat, sps};

const SPS: u8 = 7;
const PPS: u8 = 8;
const DELIMITER: u8 = 9;
const FILLER: u8 = 12;
const IDR: u8 = 5;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;
/// A picture larger than this is not one.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Puts pictures together. One per track and connection.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    /// The newest parameter sets, whichever id they have.
    sps: Option<Bytes>,
    pps: Option<Bytes>,
    /// Length-prefixed NAL units of the picture at hand, without parameter sets.
    units: Vec<u8>,
    /// Length-prefixed parameter sets that came with it. They stay in the sample: not every player takes up the init of
    /// a new format.
    sets: Vec<u8>,
    /// A NAL unit of which fragments are still to come.
    fragment: Option<Vec<u8>>,
    is_key: bool,
    is_broken: bool,
}

impl Assembler {
    /// Takes the next payload of the picture at hand.
    pub(crate) fn push(&mut self, payload: &[u8]) {
        let Some(&head) = payload.first() else { return };
        match head & 0x1F {
            1..=23 => self.unit(payload),
            STAP_A => self.aggregate(&payload[1..]),
            FU_A => self.fragment(head, &payload[1..]),
            _ => self.is_broken = true,
        }
    }

    /// Packets of the picture at hand are missing.
    pub(crate) fn lose(&mut self) {
        self.is_broken = true;
        self.fragment = None;
    }

    /// Ends the picture at hand. `None` if it is incomplete or empty.
    pub(crate) fn finish(&mut self) -> Option<Picture> {
        let is_broken = std::mem::take(&mut self.is_broken) | self.fragment.take().is_some();
        let units = std::mem::take(&mut self.units);
        let mut data = std::mem::take(&mut self.sets);
        let is_key = std::mem::take(&mut self.is_key);
        if is_broken || units.is_empty() {
            return None;
        }
        let format = if is_key { Some(self.format()?) } else { None };
        data.extend_from_slice(&units);
        Some(Picture { data, is_key, format })
    }

    fn format(&self) -> Option<VideoFormat> {
        let (sps, pps) = (self.sps.clone()?, self.pps.clone()?);
        let (width, height) = sps::size(&sps)?;
        Some(VideoFormat::H264 { width, height, sps, pps })
    }

    fn unit(&mut self, unit: &[u8]) {
        let Some(&head) = unit.first() else { return };
        match head & 0x1F {
            SPS if unit.len() >= 4 => {
                self.sps = Some(Bytes::copy_from_slice(unit));
                append(&mut self.sets, unit);
            }
            PPS if unit.len() >= 2 => {
                self.pps = Some(Bytes::copy_from_slice(unit));
                append(&mut self.sets, unit);
            }
            SPS | PPS | DELIMITER | FILLER => {}
            kind => {
                self.is_key |= kind == IDR;
                append(&mut self.units, unit);
            }
        }
        self.is_broken |= self.units.len() + self.sets.len() > MOST_BYTES;
    }

    fn aggregate(&mut self, mut rest: &[u8]) {
        while let Some((length, tail)) = rest.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            let Some(unit) = tail.get(..length) else {
                self.is_broken = true;
                return;
            };
            self.unit(unit);
            rest = &tail[length..];
        }
    }

    fn fragment(&mut self, indicator: u8, rest: &[u8]) {
        let Some((&head, body)) = rest.split_first() else {
            self.is_broken = true;
            return;
        };
        if head & 0x80 != 0 {
            self.is_broken |= self.fragment.is_some();
            self.fragment = Some(vec![(indicator & 0xE0) | (head & 0x1F)]);
        }
        let Some(unit) = &mut self.fragment else {
            self.is_broken = true;
            return;
        };
        unit.extend_from_slice(body);
        self.is_broken |= unit.len() > MOST_BYTES;
        if head & 0x40 != 0
            && let Some(unit) = self.fragment.take()
        {
            self.unit(&unit);
        }
    }
}

fn append(data: &mut Vec<u8>, unit: &[u8]) {
    let length = u32::try_from(unit.len()).unwrap_or(u32::MAX);
    data.extend_from_slice(&length.to_be_bytes());
    data.extend_from_slice(unit);
}

#[cfg(test)]
mod tests {
    use super::*;

    const A_SPS: [u8; 14] = [0x67, 0x42, 0xC0, 0x1F, 0x8C, 0x8D, 0x40, 0x50, 0x1E, 0xD0, 0x0F, 0x08, 0x84, 0x6A];
    const A_PPS: [u8; 4] = [0x68, 0xCE, 0x3C, 0x80];

    fn keyframe() -> Assembler {
        let mut assembler = Assembler::default();
        let mut sets = vec![0x78, 0, 14];
        sets.extend_from_slice(&A_SPS);
        sets.extend_from_slice(&[0, 4]);
        sets.extend_from_slice(&A_PPS);
        assembler.push(&sets);
        assembler.push(&[0x7C, 0x85, 1, 2]);
        assembler.push(&[0x7C, 0x05, 3]);
        assembler
    }

    #[test]
    fn aggregates_and_fragments_become_one_picture() {
        let mut assembler = keyframe();
        assembler.push(&[0x7C, 0x45, 4]);
        let picture = assembler.finish().expect("a whole picture");
        assert!(picture.is_key);
        let format = picture.format.expect("a keyframe names its format");
        assert_eq!(format.size(), (640, 480));
        assert!(picture.data.starts_with(&[0, 0, 0, 14, 0x67]), "players that miss a change of the init need the sets");
        assert!(picture.data.ends_with(&[0, 0, 0, 5, 0x65, 1, 2, 3, 4]));
    }

    #[test]
    fn an_incomplete_picture_is_none_and_harms_no_later_one() {
        let mut assembler = keyframe();
        assert_eq!(assembler.finish(), None, "the last fragment is missing");
        assembler.push(&[0x41, 9, 9]);
        let next = assembler.finish().expect("the next picture is whole");
        assert!(!next.is_key && next.format.is_none());
    }

    #[test]
    fn malformed_payloads_do_no_harm() {
        for payload in [&[][..], &[0x78], &[0x78, 0], &[0x78, 0xFF, 0xFF, 1], &[0x7C], &[0x7C, 0x41], &[0x1D], &[0, 1]]
        {
            let mut assembler = Assembler::default();
            assembler.push(payload);
            let _ = assembler.finish();
        }
    }

    #[test]
    fn a_keyframe_without_parameter_sets_cannot_be_used() {
        let mut assembler = Assembler::default();
        assembler.push(&[0x65, 1, 2, 3]);
        assert_eq!(assembler.finish(), None);
    }
}
