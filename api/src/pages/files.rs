//! The built pages, inside the binary. A debug build reads them from the folder.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Dist;

/// What the bundler named by its content never changes.
const HASHED: &str = "assets/";
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// The shell with its placeholders, if the pages were built.
pub(super) fn shell() -> Option<String> {
    Dist::get("index.html").map(|file| String::from_utf8_lossy(&file.data).into_owned())
}

/// The file at this path. A missing file among the hashed ones is a 404 and not a page.
pub(super) fn answer(path: &str, headers: &HeaderMap) -> Option<Response> {
    let name = path.strip_prefix('/')?;
    let is_hashed = name.starts_with(HASHED);
    let found = if name.is_empty() || name == "index.html" || name.ends_with(".br") { None } else { Dist::get(name) };
    let Some(file) = found else {
        return is_hashed.then(|| StatusCode::NOT_FOUND.into_response());
    };
    let tag = etag(&file);
    if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        return Some((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let kind =
        HeaderValue::from_str(file.metadata.mimetype()).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let age = if is_hashed { FOR_EVER } else { ASK_AGAIN };
    let brotli = if takes_brotli(headers) { Dist::get(&format!("{name}.br")) } else { None };
    let mut response = Response::new(body(brotli.as_ref().map_or(file.data, |packed| packed.data.clone())));
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, kind);
    out.insert(header::CACHE_CONTROL, age);
    out.insert(header::ETAG, tag);
    if brotli.is_some() {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    Some(response)
}

fn body(data: Cow<'static, [u8]>) -> Body {
    match data {
        Cow::Borrowed(data) => Body::from(data),
        Cow::Owned(data) => Body::from(data),
    }
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| coding.trim() == "br")
}

/// Weak, as the same file may go out packed or not.
fn etag(file: &EmbeddedFile) -> HeaderValue {
    let hash: String = file.metadata.sha256_hash()[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("W/\"{hash}\"")).expect("hexadecimal digits are a header value")
}
