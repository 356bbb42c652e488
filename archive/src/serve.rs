//! Playlists, segments, downloads and thumbnails over HTTP. Objects come from the bucket through us, so that who may
//! not see an archive cannot have its media either.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use domain::{Archive, ArchiveId, ArchiveStatus, Caller, Fault, Kind, StreamId, StreamStatus, Visibility};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_kit::{Path, Problem, Viewer};
use store::{StoreError, archive_segments, archives, streams};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::Archives;
use crate::library::{FindError, is_visible};
use crate::name::{DOWNLOAD, Name, THUMBNAIL};
use crate::range::{self, Range};
use crate::s3::S3Error;
use crate::{disposition, playlist};

const PLAYLIST: &str = "application/vnd.apple.mpegurl";
/// What never changes and is for everybody.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// What only the viewer's own browser may keep, and not for long: who may see it can change.
const PRIVATELY: &str = "private, max-age=600";
/// What may change at any time.
const ASK_AGAIN: &str = "no-cache";

/// Media cannot be sent.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error("there is nothing to watch yet")]
    NothingYet,
    #[error("there is nothing to watch: {0}")]
    Failed(String),
    #[error("there is no such object in this archive")]
    NoSuchObject,
    #[error("it is still being made")]
    NotMade,
    #[error(transparent)]
    Find(#[from] FindError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    S3(#[from] S3Error),
}

impl Fault for ServeError {
    fn kind(&self) -> Kind {
        match self {
            Self::NothingYet | Self::Failed(_) | Self::NoSuchObject | Self::NotMade => Kind::NotFound,
            Self::Find(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::S3(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NothingYet => "NOTHING_RECORDED_YET",
            Self::Failed(_) => "ARCHIVE_FAILED",
            Self::NoSuchObject => "SEGMENT_NOT_FOUND",
            Self::NotMade => "NOT_MADE_YET",
            Self::Find(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::S3(error) => error.code(),
        }
    }
}

impl Archives {
    /// `GET /api/archives/{id}/hls/…`, `…/download`, `…/thumbnail`, and `GET /api/streams/{id}/hls/index.m3u8`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/api/archives/{archive_id}/hls/index.m3u8", get(archive_playlist))
            .route("/api/archives/{archive_id}/hls/{name}", get(media))
            .route("/api/archives/{archive_id}/download", get(download))
            .route("/api/archives/{archive_id}/thumbnail", get(thumbnail))
            .route("/api/streams/{stream_id}/hls/index.m3u8", get(stream_playlist))
            .with_state(self.clone())
    }

    async fn playlist(&self, archive: &Archive, base: &str) -> Result<String, ServeError> {
        let is_complete = match archive.status {
            ArchiveStatus::Recording => false,
            ArchiveStatus::Ready | ArchiveStatus::Complete => true,
            ArchiveStatus::Failed => return Err(ServeError::Failed(archive.failure.clone().unwrap_or_default())),
        };
        let mut db = self.inner.store.acquire().await?;
        let segments = archive_segments::list(&mut db, archive.id).await?;
        playlist::media(&segments, base, is_complete).ok_or(ServeError::NothingYet)
    }

    /// The stream's archive, as far as it is; who may not see the stream sees none.
    async fn of_stream(&self, caller: &Caller, id: StreamId) -> Result<Archive, ServeError> {
        let mut db = self.inner.store.acquire().await?;
        let stream = streams::find(&mut db, id).await?.filter(|stream| stream.is_visible_to(caller));
        let stream = stream.ok_or(FindError::NoSuchStream)?;
        match archives::find_by_stream(&mut db, id).await?.filter(|archive| is_visible(archive, caller)) {
            Some(archive) => Ok(archive),
            None if stream.status == StreamStatus::Ended => Err(ServeError::Failed("nothing was recorded".to_owned())),
            None => Err(ServeError::NothingYet),
        }
    }

    /// Sends an object, or the stretch of it that was asked for.
    async fn object(&self, asked: &Asked, object: Object<'_>) -> Result<Response, ServeError> {
        let headers = object.headers();
        if asked.has(&object.etag) {
            return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
        }
        let (status, stretch, length) = match range::parse(asked.range(), object.bytes) {
            Range::Whole => (StatusCode::OK, None, object.bytes),
            Range::Part(first, last) => (StatusCode::PARTIAL_CONTENT, Some((first, last)), last - first + 1),
            Range::Unsatisfiable => return Ok(out_of_range(object.bytes)),
        };
        let mut response = (status, headers).into_response();
        if let Some((first, last)) = stretch {
            content_range(&mut response, &format!("bytes {first}-{last}/{}", object.bytes));
        }
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        if asked.method == Method::GET {
            let got = self.inner.bucket.get(object.key, stretch).await?;
            *response.body_mut() =
                Body::from_stream(ReaderStream::with_capacity(got.body.into_async_read(), 64 * 1024));
        }
        Ok(response)
    }
}

/// There are no such bytes; the answer says how many there are.
fn out_of_range(bytes: u64) -> Response {
    let problem = Problem::new(Kind::Invalid, "RANGE_INVALID", "there are no bytes in that range");
    let mut response = problem.into_response();
    *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
    content_range(&mut response, &format!("bytes */{bytes}"));
    response
}

fn content_range(response: &mut Response, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
}

/// What of a request decides on the form of the answer.
struct Asked {
    method: Method,
    headers: HeaderMap,
}

impl Asked {
    fn range(&self) -> Option<&str> {
        self.headers.get(header::RANGE)?.to_str().ok()
    }

    /// Whether the caller has what this tag names.
    fn has(&self, etag: &str) -> bool {
        let tags = self.headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
        tags.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == etag || tag == "*")
    }
}

/// An object on its way out.
struct Object<'a> {
    key: &'a str,
    bytes: u64,
    content_type: &'static str,
    cache: &'static str,
    etag: String,
    /// As what it is saved.
    file_name: Option<String>,
}

impl Object<'_> {
    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.cache));
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Ok(etag) = HeaderValue::from_str(&self.etag) {
            headers.insert(header::ETAG, etag);
        }
        if let Some(value) = self.file_name.as_deref().and_then(|name| HeaderValue::from_str(name).ok()) {
            headers.insert(header::CONTENT_DISPOSITION, value);
        }
        headers
    }
}

/// How caches may keep what belongs to this archive.
fn cache_of(archive: &Archive) -> &'static str {
    if archive.visibility == Visibility::Public { FOREVER } else { PRIVATELY }
}

fn playlist_response(asked: &Asked, text: String) -> Response {
    let etag = format!("\"{:08x}-{}\"", crc32fast::hash(text.as_bytes()), text.len());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(PLAYLIST)),
        (header::CACHE_CONTROL, HeaderValue::from_static(ASK_AGAIN)),
        (header::ETAG, HeaderValue::from_str(&etag).expect("hexadecimal digits are a header")),
    ];
    if asked.has(&etag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, text).into_response()
}

async fn archive_playlist(
    State(archives): State<Archives>,
    Viewer(caller): Viewer,
    Path(id): Path<Uuid>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let archive = archives.find(&caller, id.into()).await?;
    let text = archives.playlist(&archive, "").await?;
    Ok(playlist_response(&Asked { method, headers }, text))
}

async fn stream_playlist(
    State(archives): State<Archives>,
    Viewer(caller): Viewer,
    Path(id): Path<Uuid>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let archive = archives.of_stream(&caller, id.into()).await?;
    let text = archives.playlist(&archive, &format!("/api/archives/{}/hls/", archive.id)).await?;
    Ok(playlist_response(&Asked { method, headers }, text))
}

async fn media(
    State(archives): State<Archives>,
    Viewer(caller): Viewer,
    Path((id, name)): Path<(Uuid, String)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let archive = archives.find(&caller, ArchiveId::from(id)).await?;
    let name: Name = name.parse().map_err(|_| ServeError::NoSuchObject)?;
    let bytes = archives.size_of(archive.id, name).await?.ok_or(ServeError::NoSuchObject)?;
    let object = Object {
        key: &format!("{}{name}", archive.s3_key),
        bytes,
        content_type: "video/mp4",
        cache: cache_of(&archive),
        etag: format!("\"{name}\""),
        file_name: None,
    };
    Ok(archives.object(&Asked { method, headers }, object).await?)
}

impl Archives {
    async fn size_of(&self, archive: ArchiveId, name: Name) -> Result<Option<u64>, ServeError> {
        let mut db = self.inner.store.acquire().await?;
        Ok(match name {
            Name::Init(recording, number) => archive_segments::init_bytes(&mut db, archive, recording, number).await?,
            Name::Segment(recording, number) => {
                archive_segments::segment_bytes(&mut db, archive, recording, number).await?
            }
        })
    }

    async fn made(&self, caller: &Caller, id: ArchiveId) -> Result<(Archive, archives::Made), ServeError> {
        let archive = self.find(caller, id).await?;
        let mut db = self.inner.store.acquire().await?;
        let made = archives::made(&mut db, id).await?.ok_or(FindError::NoSuchArchive)?;
        Ok((archive, made))
    }
}

async fn download(
    State(archives): State<Archives>,
    Viewer(caller): Viewer,
    Path(id): Path<Uuid>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (archive, made) = archives.made(&caller, id.into()).await?;
    let bytes = made.download_bytes.ok_or(ServeError::NotMade)?;
    let object = Object {
        key: &format!("{}{DOWNLOAD}", archive.s3_key),
        bytes,
        content_type: "video/mp4",
        cache: ASK_AGAIN,
        etag: format!("\"{}-{bytes}\"", archive.id),
        file_name: Some(disposition::attachment(archive.title.as_str(), "mp4")),
    };
    Ok(archives.object(&Asked { method, headers }, object).await?)
}

async fn thumbnail(
    State(archives): State<Archives>,
    Viewer(caller): Viewer,
    Path(id): Path<Uuid>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (archive, made) = archives.made(&caller, id.into()).await?;
    let bytes = made.thumbnail_bytes.ok_or(ServeError::NotMade)?;
    let object = Object {
        key: &format!("{}{THUMBNAIL}", archive.s3_key),
        bytes,
        content_type: "image/jpeg",
        cache: ASK_AGAIN,
        etag: format!("\"{}-{bytes}-t\"", archive.id),
        file_name: None,
    };
    Ok(archives.object(&Asked { method, headers }, object).await?)
}
