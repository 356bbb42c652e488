//! H.264 as ffmpeg writes it (Annex B), cut into pictures and RTP payloads. Pure.

use anyhow::ensure;
use bytes::Bytes;
use rtc::rtp::codec::h264::H264Payloader;
use rtc::rtp::packetizer::Payloader;

const SLICE: u8 = 1;
const IDR: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;

/// One picture, ready to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// The parameters a decoder starts with, if it may start here.
    pub(crate) parameters: Vec<Bytes>,
    /// The picture itself.
    pub(crate) slices: Vec<Bytes>,
    pub(crate) is_keyframe: bool,
}

/// Cuts a file into pictures whose payloads have at most `mtu` bytes.
pub(crate) fn pictures(file: &Bytes, mtu: usize) -> anyhow::Result<Vec<Picture>> {
    let mut pictures: Vec<Picture> = Vec::new();
    let mut parameters = Vec::new();
    for unit in units(file) {
        match unit[0] & 0x1f {
            SPS | PPS => parameters.push(unit),
            kind @ (SLICE | IDR) => {
                // The first bit of a slice is set when it begins with the picture's first macroblock.
                if unit.get(1).is_some_and(|byte| byte & 0x80 != 0) {
                    let parameters = std::mem::take(&mut parameters);
                    let parameters = if parameters.is_empty() { Vec::new() } else { vec![aggregate(&parameters)] };
                    pictures.push(Picture { parameters, slices: Vec::new(), is_keyframe: kind == IDR });
                }
                let Some(picture) = pictures.last_mut() else { continue };
                picture.slices.extend(H264Payloader::default().payload(mtu, &unit)?);
            }
            _ => {}
        }
    }
    ensure!(pictures.first().is_some_and(|picture| picture.is_keyframe), "the file begins with a keyframe");
    Ok(pictures)
}

/// Several small units in one payload (STAP-A).
fn aggregate(units: &[Bytes]) -> Bytes {
    let mut payload = vec![0x78];
    for unit in units {
        payload.extend_from_slice(&u16::try_from(unit.len()).unwrap_or(u16::MAX).to_be_bytes());
        payload.extend_from_slice(unit);
    }
    payload.into()
}

/// The units between start codes, without trailing zeros, none of them empty.
fn units(file: &Bytes) -> Vec<Bytes> {
    let mut starts = Vec::new();
    let mut at = 0;
    while at + 3 <= file.len() {
        if file[at..at + 3] == [0, 0, 1] {
            starts.push(at);
            at += 3;
        } else {
            at += 1;
        }
    }
    let ends = starts.iter().skip(1).copied().chain([file.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| {
            let unit = &file[start + 3..end];
            let length = unit.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            file.slice(start + 3..start + 3 + length)
        })
        .filter(|unit| !unit.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: [u8; 4] = [0, 0, 0, 1];

    fn file(units: &[&[u8]]) -> Bytes {
        units.iter().flat_map(|unit| [&START[..], unit].concat()).collect::<Vec<u8>>().into()
    }

    #[test]
    fn a_picture_is_its_slices_and_the_parameters_before_it() {
        let pictures = pictures(
            &file(&[&[0x67, 1], &[0x68, 2], &[0x06, 5], &[0x65, 0x88, 1], &[0x65, 0x10, 2], &[0x41, 0x9a]]),
            1000,
        )
        .expect("the file is right");
        assert_eq!(pictures.len(), 2);
        assert!(pictures[0].is_keyframe && !pictures[1].is_keyframe);
        assert_eq!(pictures[0].parameters, [Bytes::from_static(&[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2])]);
        assert_eq!(pictures[0].slices.len(), 2);
        assert!(pictures[1].parameters.is_empty());
    }

    #[test]
    fn a_large_slice_is_fragmented() {
        let slice: Vec<u8> = [0x65, 0x88].into_iter().chain(std::iter::repeat_n(7, 2500)).collect();
        let pictures = pictures(&file(&[&slice]), 1200).expect("the file is right");
        let payloads = &pictures[0].slices;
        assert_eq!(payloads.len(), 3);
        assert!(payloads.iter().all(|payload| payload.len() <= 1200 && payload[0] & 0x1f == 28));
    }

    #[test]
    fn a_file_that_does_not_begin_with_a_keyframe_is_refused() {
        assert!(pictures(&file(&[&[0x41, 0x9a]]), 1200).is_err());
        assert!(pictures(&Bytes::new(), 1200).is_err());
    }
}
