//! The id of a request, by which a log line and an answer find each other.

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The header on requests and answers.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of one request: the client's own, if it is sane, else a new one. An extension of every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let own = headers.get(&HEADER).filter(|value| is_sane(value.as_bytes()));
        Self(own.cloned().unwrap_or_else(fresh))
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

fn fresh() -> HeaderValue {
    let id = Uuid::now_v7().simple().to_string();
    HeaderValue::from_str(&id).expect("hexadecimal digits are a header value")
}

/// Up to 64 letters, digits, hyphens, underscores and dots: nothing that could forge a log line.
fn is_sane(id: &[u8]) -> bool {
    (1..=64).contains(&id.len()) && id.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sane_ids_are_taken_over() {
        let id = |text: &str| {
            let headers = HeaderMap::from_iter([(HEADER, HeaderValue::from_str(text).unwrap())]);
            RequestId::of(&headers).as_str().to_owned()
        };
        assert_eq!(id("abc-1.2_3"), "abc-1.2_3");
        for bad in ["", "a b", "a\"b", "<x>", &"x".repeat(65)] {
            assert_eq!(id(bad).len(), 32, "{bad}");
        }
    }
}
