//! Numbers and names that nobody can guess.

use std::fmt;
use std::str::FromStr;

/// Names one connection, in URLs and inside: 128 random bits, so that knowing it is the right to use it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SessionId(u128);

impl SessionId {
    /// A new one.
    pub(crate) fn new() -> Self {
        Self(u128::from_ne_bytes(bytes()))
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(***)")
    }
}

impl FromStr for SessionId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let canonical = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !canonical {
            return Err(());
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| ())
    }
}

/// Synchronisation sources for a watcher: different from each other, and not 0.
pub(crate) fn sources<const N: usize>() -> [u32; N] {
    let start = number();
    std::array::from_fn(|n| start.wrapping_add(n as u32).max(1))
}

/// A random number.
pub(crate) fn number() -> u32 {
    u32::from_ne_bytes(bytes())
}

fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_is_read_back_in_one_form_only() {
        let id = SessionId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "00", &"G".repeat(32), &"A".repeat(32), &"0".repeat(33)] {
            assert_eq!(bad.parse::<SessionId>(), Err(()), "{bad}");
        }
    }
}
