//! A first look at a datagram: what it is, and to whom a connectivity check is addressed. Pure; decides nothing about
//! whether it is genuine.

/// What a datagram is by its first byte (RFC 7983).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// STUN.
    Check,
    /// DTLS.
    Handshake,
    /// SRTP or SRTCP.
    Media,
    /// Nothing of ours.
    Unknown,
}

/// Tells the kind of a datagram.
pub(crate) fn kind(datagram: &[u8]) -> Kind {
    match datagram {
        [0..=3, ..] if datagram.len() >= 20 && datagram[4..8] == MAGIC => Kind::Check,
        [20..=63, ..] if datagram.len() >= 13 => Kind::Handshake,
        [128..=191, ..] if datagram.len() >= 12 => Kind::Media,
        _ => Kind::Unknown,
    }
}

const MAGIC: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const BINDING_REQUEST: [u8; 2] = [0, 1];
const USERNAME: u16 = 6;

/// The receiver's half of the user name of a binding request: our name for the connection.
pub(crate) fn addressee(datagram: &[u8]) -> Option<&str> {
    if kind(datagram) != Kind::Check || datagram[..2] != BINDING_REQUEST {
        return None;
    }
    let mut rest = &datagram[20..];
    while let Some((header, tail)) = rest.split_first_chunk::<4>() {
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let value = tail.get(..length)?;
        if u16::from_be_bytes([header[0], header[1]]) == USERNAME {
            return std::str::from_utf8(value).ok()?.split_once(':').map(|(ours, _)| ours);
        }
        rest = tail.get(length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(attributes: &[u8]) -> Vec<u8> {
        let length = (attributes.len() as u16).to_be_bytes();
        [&[0, 1, length[0], length[1]][..], &MAGIC, &[7; 12], attributes].concat()
    }

    #[test]
    fn the_first_half_of_the_user_name_is_ours() {
        let software = [0x80, 0x22, 0, 3, b'a', b'b', b'c', 0];
        let username = [0, 6, 0, 7, b'o', b'u', b'r', b's', b':', b'i', b't', 0];
        assert_eq!(addressee(&request(&[&software[..], &username].concat())), Some("ours"));
        assert_eq!(addressee(&request(&software)), None);
        assert_eq!(addressee(&request(&username[..8])), None, "cut short");
    }

    #[test]
    fn kinds_are_told_by_the_first_byte() {
        assert_eq!(kind(&request(&[])), Kind::Check);
        assert_eq!(kind(&[22; 13]), Kind::Handshake);
        assert_eq!(kind(&[128; 12]), Kind::Media);
        for other in [&[][..], &[0; 20], &[22; 5], &[128; 3], &[255; 40]] {
            assert_eq!(kind(other), Kind::Unknown, "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (kind(&bytes), addressee(&bytes));
            let _ = addressee(&request(&bytes));
        }
    }
}
