//! What an H.264 sequence parameter set says of the picture's size. Pure.

use super::bits::Bits;

/// Profiles whose parameter sets carry chroma format and scaling lists (H.264, 7.3.2.1.1).
const HIGH_PROFILES: [u32; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];
/// No level allows more macroblocks in a row or column than a 16,384 pixel wide picture has.
const MOST_MACROBLOCKS: u32 = 1024;

/// Width and height in pixels, cropped, of an SPS with its NAL header.
pub(crate) fn size(sps: &[u8]) -> Option<(u32, u32)> {
    let raw = unescape(sps.get(1..)?);
    let mut bits = Bits::new(&raw);
    let profile = bits.bits(8)?;
    bits.bits(16)?;
    bits.ue()?;
    let mut chroma = 1;
    let mut separate = false;
    if HIGH_PROFILES.contains(&profile) {
        chroma = bits.ue()?;
        if chroma == 3 {
            separate = bits.flag()?;
        }
        bits.ue()?;
        bits.ue()?;
        bits.flag()?;
        if bits.flag()? {
            skip_scaling_lists(&mut bits, if chroma == 3 { 12 } else { 8 })?;
        }
    }
    bits.ue()?;
    skip_order_count(&mut bits)?;
    bits.ue()?;
    bits.flag()?;
    let columns = bits.ue()?.checked_add(1).filter(|n| *n <= MOST_MACROBLOCKS)?;
    let rows = bits.ue()?.checked_add(1).filter(|n| *n <= MOST_MACROBLOCKS)?;
    let fields = if bits.flag()? { 1 } else { 2 };
    if fields == 2 {
        bits.flag()?;
    }
    bits.flag()?;
    let (width, height) = (columns * 16, rows * 16 * fields);
    if !bits.flag()? {
        return Some((width, height));
    }
    let crop = [bits.ue()?, bits.ue()?, bits.ue()?, bits.ue()?];
    let (unit_x, unit_y) = match (chroma, separate) {
        (1, _) => (2, 2 * fields),
        (2, _) => (2, fields),
        _ => (1, fields),
    };
    let cropped_x = crop[0].checked_add(crop[1])?.checked_mul(unit_x)?;
    let cropped_y = crop[2].checked_add(crop[3])?.checked_mul(unit_y)?;
    let cut = |whole: u32, off: u32| whole.checked_sub(off).filter(|left| *left > 0);
    Some((cut(width, cropped_x)?, cut(height, cropped_y)?))
}

fn skip_order_count(bits: &mut Bits<'_>) -> Option<()> {
    match bits.ue()? {
        0 => {
            bits.ue()?;
        }
        1 => {
            bits.flag()?;
            bits.se()?;
            bits.se()?;
            let cycle = bits.ue()?.min(255);
            for _ in 0..cycle {
                bits.se()?;
            }
        }
        _ => {}
    }
    Some(())
}

fn skip_scaling_lists(bits: &mut Bits<'_>, lists: usize) -> Option<()> {
    for list in 0..lists {
        if !bits.flag()? {
            continue;
        }
        let (mut last, mut next) = (8, 8);
        for _ in 0..if list < 6 { 16 } else { 64 } {
            if next != 0 {
                next = (last + bits.se()?).rem_euclid(256);
            }
            last = if next == 0 { last } else { next };
        }
    }
    Some(())
}

/// Takes out the bytes that keep start codes from appearing in a NAL unit.
fn unescape(nal: &[u8]) -> Vec<u8> {
    let mut raw = Vec::with_capacity(nal.len());
    let mut zeros = 0;
    for &byte in nal {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        raw.push(byte);
    }
    raw
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_from_real_parameter_sets() {
        // OpenH264 at 640x480, constrained baseline; x264 High at 1920x1080 (cropped from 1088).
        let openh264 = [0x67, 0x42, 0xC0, 0x1F, 0x8C, 0x8D, 0x40, 0x50, 0x1E, 0xD0, 0x0F, 0x08, 0x84, 0x6A];
        assert_eq!(size(&openh264), Some((640, 480)));
        let x264 = [
            0x67, 0x64, 0x00, 0x28, 0xAC, 0xD9, 0x40, 0x78, 0x02, 0x27, 0xE5, 0xC0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04,
            0x00, 0x00, 0x03, 0x00, 0xF0, 0x3C, 0x60, 0xC6, 0x58,
        ];
        assert_eq!(size(&x264), Some((1920, 1080)));
    }

    #[test]
    fn torn_and_random_sets_have_no_size_and_do_no_harm() {
        assert_eq!(size(&[]), None);
        assert_eq!(size(&[0x67, 0x42]), None);
        for seed in 0..2000_u32 {
            let bytes: Vec<u8> =
                (0..40).map(|i| (seed.wrapping_mul(2_654_435_761).rotate_left(i) >> 7) as u8).collect();
            let _ = size(&bytes);
        }
    }
}
