//! WHEP: watching over HTTP, and nothing else. While nobody publishes, the answer is 409 `STREAM_NOT_PUBLISHING` with
//! `Retry-After`: a player waits that long and asks again. Whoever watches already stays connected while the publisher is
//! away and sees it return.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use domain::media::{Codec, Track};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_kit::{Problem, RateLimit, Viewer, limited_by_address};

use crate::MediaServer;
use crate::admission::AdmitError;
use crate::directory::{Role, Ticket};
use crate::publication::Publication;
use crate::random::SessionId;
use crate::rtc::{Negotiation, Protection, Watcher};
use crate::sdp::Offer;
use crate::shard::Command;
use crate::signal::{self, SignalError};
use crate::udp;

/// The routes of WHEP.
pub(crate) fn router(limit: RateLimit) -> Router<MediaServer> {
    let limited = from_fn_with_state(limit, limited_by_address);
    let endpoint = get(signal::nothing).options(signal::endpoint_options);
    let session = get(signal::nothing).options(signal::session_options);
    Router::new()
        .route("/api/streams/{stream_id}/whep", post(watch).route_layer(limited).merge(endpoint))
        .route("/api/streams/{stream_id}/whep/{session_id}", session.patch(patch).delete(end))
}

async fn watch(
    State(server): State<MediaServer>,
    Path(stream): Path<String>,
    Viewer(caller): Viewer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let stream = signal::stream(&stream)?;
    let asked_at = server.directory().rechecks();
    server.gate().may_watch(stream, &caller).await?;
    let offer = signal::offer(&server, &headers, body).await?;
    offer.must_receive().map_err(SignalError::from)?;
    let Some(publication) = server.directory().publication(stream) else { return Ok(not_publishing()) };
    let negotiation = negotiation(&server, &offer, &publication)?;
    let (peer, answered) = Watcher::answer(server.identity(), &offer, &negotiation, protection(&headers), udp::now())?;
    let session = SessionId::new();
    let tag = answered.credentials.ufrag.clone();
    let ticket = Ticket { stream, role: Role::Watcher, bearer: None, tag };
    let peer = Box::new(peer);
    let command = |reply| {
        let admission = signal::admission(ticket, session, negotiation, reply);
        Command::Watch { peer, admission, asked_at }
    };
    match signal::admit(&server, command).await {
        Ok(()) => Ok(signal::created(&format!("/api/streams/{stream}/whep/{session}"), answered)),
        Err(AdmitError::NotPublishing) => Ok(not_publishing()),
        Err(error) => Err(error.into()),
    }
}

/// Chromium and Firefox are known to have the cheap kind of encryption. Nothing in an offer says so, hence the name.
fn protection(headers: &HeaderMap) -> Protection {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_known = agent.contains("Chrome/") || agent.contains("Firefox/");
    if is_known { Protection::Cheapest } else { Protection::Widest }
}

/// 409, and when to ask again: publishers come and go within a second.
fn not_publishing() -> Response {
    let mut response = Problem::from(AdmitError::NotPublishing).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// What is published, in the watcher's numbers. A section for which nothing is published gets our first choice, so that it
/// is there when the publisher returns with more.
fn negotiation(server: &MediaServer, offer: &Offer, publication: &Publication) -> Result<Negotiation, Problem> {
    let codecs = &server.profile().codecs;
    let wanted = |track, all: Vec<Codec>| publication.codec(track).map_or(all, |codec| vec![codec]);
    let video = wanted(Track::Video, signal::video_codecs(codecs));
    let audio = wanted(Track::Audio, signal::audio_codecs(codecs));
    let video_name = if video == [Codec::Vp8] { "VP8" } else { "H.264 in packetization mode 1" };
    let video = offer
        .video
        .as_ref()
        .map(|section| signal::choose(section, &video).ok_or(SignalError::Codec("video", video_name)));
    let audio =
        offer.audio.as_ref().map(|section| signal::choose(section, &audio).ok_or(SignalError::Codec("audio", "Opus")));
    Ok(Negotiation { video: video.transpose()?, audio: audio.transpose()? })
}

async fn patch(
    State(server): State<MediaServer>,
    Path((stream, session)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let session = signal::session(&server, Role::Watcher, Some(&stream), &session, &headers)?;
    signal::patch(&server, session, &headers, body).await
}

async fn end(
    State(server): State<MediaServer>,
    Path((stream, session)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let (id, _) = signal::session(&server, Role::Watcher, Some(&stream), &session, &headers)?;
    signal::end(&server, id).await
}
