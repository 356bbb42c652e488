//! Did this request come from our own pages? Asked of every request that a browser's cookie vouches for. Pure.

use domain::{Fault, Kind};
use http::{HeaderMap, Method, header};
use url::Url;

/// Why a request with a cookie is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OriginError {
    /// A page of somebody else had the browser send it.
    #[error("this request came from a foreign page")]
    Foreign,
    /// The header that foreign pages cannot set is missing.
    #[error("send the header `x-livestream: 1` with a request that changes something by cookie")]
    NoHeader,
}

impl Fault for OriginError {
    fn kind(&self) -> Kind {
        Kind::Forbidden
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Foreign => "FOREIGN_PAGE",
            Self::NoHeader => "PAGE_HEADER_MISSING",
        }
    }
}

/// The header that our pages send. A foreign page cannot without asking first, and we never allow it.
const OURS: &str = "x-livestream";

/// Whether our own pages say that they sent it.
pub(crate) fn says_ours(headers: &HeaderMap) -> bool {
    headers.get(OURS).is_some_and(|value| value == "1")
}

/// Lets pass what changes nothing, and what our own pages sent. A WebSocket counts as a change, but cannot carry
/// our header.
pub(crate) fn must_be_ours(method: &Method, headers: &HeaderMap, public_url: &Url) -> Result<(), OriginError> {
    let is_socket = headers.get(header::UPGRADE).is_some();
    if method.is_safe() && !is_socket {
        return Ok(());
    }
    if !comes_from_us(headers, public_url) {
        return Err(OriginError::Foreign);
    }
    if !is_socket && !says_ours(headers) {
        return Err(OriginError::NoHeader);
    }
    Ok(())
}

/// `Sec-Fetch-Site` and `Origin` may each be missing, not both, and none may name another site.
fn comes_from_us(headers: &HeaderMap, public_url: &Url) -> bool {
    let site = headers.get("sec-fetch-site").map(|site| site == "same-origin");
    let origin = headers.get(header::ORIGIN).map(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        origin == public_url.origin().ascii_serialization() || host.is_some_and(|host| is_at(origin, host))
    });
    site.or(origin).is_some() && site != Some(false) && origin != Some(false)
}

/// Whether the origin is the host that was asked: a browser fills in both, and a foreign page neither.
fn is_at(origin: &str, host: &str) -> bool {
    origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")) == Some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: Method, headers: &[(&'static str, &'static str)]) -> Result<(), OriginError> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        must_be_ours(&method, &headers, &"https://live.example".parse().unwrap())
    }

    #[test]
    fn reading_needs_no_proof() {
        assert_eq!(asked(Method::GET, &[("origin", "https://evil.example")]), Ok(()));
    }

    #[test]
    fn our_pages_pass() {
        let ours = ("x-livestream", "1");
        assert_eq!(asked(Method::POST, &[ours, ("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(asked(Method::PUT, &[ours, ("origin", "https://live.example")]), Ok(()));
        assert_eq!(
            asked(Method::PUT, &[ours, ("origin", "http://localhost:8080"), ("host", "localhost:8080")]),
            Ok(())
        );
    }

    #[test]
    fn foreign_pages_do_not() {
        let ours = ("x-livestream", "1");
        for headers in [
            &[ours, ("sec-fetch-site", "cross-site")][..],
            &[ours, ("sec-fetch-site", "same-site")],
            &[ours, ("sec-fetch-site", "none")],
            &[ours, ("origin", "https://evil.example")],
            &[ours, ("origin", "null")],
            &[ours, ("origin", "https://live.example.evil.example"), ("host", "live.example")],
            &[ours, ("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
            &[ours],
        ] {
            assert_eq!(asked(Method::POST, headers), Err(OriginError::Foreign), "{headers:?}");
        }
        let quiet = [("sec-fetch-site", "same-origin")];
        assert_eq!(asked(Method::DELETE, &quiet), Err(OriginError::NoHeader));
        let wrong = [("sec-fetch-site", "same-origin"), ("x-livestream", "0")];
        assert_eq!(asked(Method::DELETE, &wrong), Err(OriginError::NoHeader));
    }

    #[test]
    fn a_socket_needs_our_origin_and_no_header() {
        let upgrade = ("upgrade", "websocket");
        assert_eq!(asked(Method::GET, &[upgrade, ("origin", "https://live.example")]), Ok(()));
        assert_eq!(asked(Method::GET, &[upgrade, ("origin", "https://evil.example")]), Err(OriginError::Foreign));
    }
}
