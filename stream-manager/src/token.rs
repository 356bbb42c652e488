//! Publish tokens and stream keys: made of 160 random bits, kept as SHA-256, compared in constant time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Secret;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Every stream key begins so; scanners for leaked secrets look for such marks.
const MARK: &str = "lsp_";
/// Hexadecimal digits of the part that finds a key's row.
const PREFIX_DIGITS: usize = 12;

/// The secret in a publish token or a stream key.
fn random_160() -> String {
    URL_SAFE_NO_PAD.encode(random::<20>())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system hands out random bytes");
    bytes
}

/// A new publish token.
pub(crate) fn publish_token() -> Secret<String> {
    Secret::new(random_160())
}

/// A new stream key: `lsp_<prefix>_<random>`; and its prefix, `lsp_<prefix>`.
pub(crate) fn stream_key() -> (String, Secret<String>) {
    let prefix: String = random::<{ PREFIX_DIGITS / 2 }>().iter().map(|byte| format!("{byte:02x}")).collect();
    let prefix = format!("{MARK}{prefix}");
    let text = format!("{prefix}_{}", random_160());
    (prefix, Secret::new(text))
}

/// The prefix of what looks like a stream key.
pub(crate) fn prefix_of(key: &str) -> Option<&str> {
    let end = MARK.len() + PREFIX_DIGITS;
    let prefix = key.get(..end)?;
    let well_formed = key.starts_with(MARK) && key.as_bytes().get(end) == Some(&b'_');
    well_formed.then_some(prefix)
}

/// What is stored of a token or key. No salt, no stretching: there is nothing to guess in 160 random bits.
pub(crate) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Whether the text is what was hashed.
pub(crate) fn matches(text: &str, stored: &[u8]) -> bool {
    hash(text).ct_eq(stored).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_key_tells_its_prefix_and_matches_its_own_hash_alone() {
        let (prefix, key) = stream_key();
        assert_eq!(prefix_of(key.expose()), Some(prefix.as_str()));
        assert_eq!(key.expose().len(), "lsp_".len() + 12 + 1 + 27);
        assert!(matches(key.expose(), &hash(key.expose())));
        assert!(!matches(&prefix, &hash(key.expose())));
        assert!(!matches(key.expose(), &[]));
    }

    #[test]
    fn what_is_no_stream_key_has_no_prefix() {
        for text in
            ["", "lsp_", "lsp_0123456789ab", "lsp_0123456789abXsecret", "xxx_0123456789ab_s", "lsp_あいうえおかき_s"]
        {
            assert_eq!(prefix_of(text), None, "{text}");
        }
    }
}
