//! The moment at which a picture was sent, carried inside it: an SEI unit of unregistered user data (H.264, D.1.7).
//!
//! The moment is written in hexadecimal digits, so that no byte needs escaping.

use bytes::Bytes;

/// SEI unit (6), payload type 5, 32 bytes long: an identifier and sixteen digits.
const HEAD: [u8; 19] =
    [0x06, 0x05, 0x20, 0x9d, 0x4c, 0x61, 0xe7, 0x5b, 0x7a, 0x4f, 0x3e, 0x8c, 0x21, 0x6c, 0x73, 0x70, 0x65, 0x65, 0x72];
const DIGITS: usize = 16;
/// The bit that ends a unit.
const TRAILER: u8 = 0x80;

/// A unit that says "sent at `ns`".
pub(crate) fn write(ns: u64) -> Bytes {
    let mut unit = HEAD.to_vec();
    unit.extend_from_slice(format!("{ns:016x}").as_bytes());
    unit.push(TRAILER);
    unit.into()
}

/// Reads such a unit; whatever else it is given is not one.
pub(crate) fn read(unit: &[u8]) -> Option<u64> {
    let digits = unit.strip_prefix(&HEAD)?.get(..DIGITS)?;
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_it_was_written() {
        for ns in [0, 1, 1_234_567_890_123, u64::MAX] {
            assert_eq!(read(&write(ns)), Some(ns));
        }
    }

    #[test]
    fn a_unit_needs_no_escaping() {
        let unit = write(0);
        assert!(!unit.windows(3).any(|window| matches!(window, [0, 0, 0..=3])));
        assert_eq!(usize::from(unit[2]), unit.len() - 4, "the length is that of identifier and digits");
    }

    #[test]
    fn anything_else_is_no_moment() {
        for unit in [&b""[..], &[0x65, 0x88], &HEAD, &[&HEAD[..], b"not hexadecimal!"].concat()] {
            assert_eq!(read(unit), None);
        }
    }
}
