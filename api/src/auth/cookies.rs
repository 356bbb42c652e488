//! The two cookies of our pages. `__Host-` makes browsers insist on HTTPS (or this machine), this host and path `/`.

use http::{HeaderMap, HeaderValue, header};
use time::Duration;

/// The short-lived access token.
pub(crate) const ACCESS: &str = "__Host-access";
/// The token that renews it.
pub(crate) const REFRESH: &str = "__Host-refresh";

/// The cookie's value, if the request carries it.
pub(crate) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value)
}

/// Tells the browser to keep the cookie for so long.
pub(crate) fn keep(name: &str, value: &str, lifetime: Duration) -> HeaderValue {
    let seconds = lifetime.whole_seconds();
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax");
    HeaderValue::from_str(&text).expect("tokens are letters, digits, dots, hyphens and underscores")
}

/// Tells the browser to forget both.
pub(crate) fn forget() -> [(header::HeaderName, HeaderValue); 2] {
    [ACCESS, REFRESH].map(|name| (header::SET_COOKIE, keep(name, "", Duration::ZERO)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; __Host-access=x.y.z;c"));
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-refresh="));
        assert_eq!(find(&headers, ACCESS), Some("x.y.z"));
        assert_eq!(find(&headers, REFRESH), None);
        assert_eq!(find(&headers, "access"), None);
    }
}
