//! WHIP (RFC 9725): publishing over HTTP, and nothing else. The newest publisher of a stream wins: it takes over as soon
//! as it is connected, so that somebody whose connection broke need not wait until that is noticed.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use domain::{Secret, StreamId};
use http::{HeaderMap, StatusCode};
use http_kit::{Problem, RateLimit, limited_by_address};

use crate::MediaServer;
use crate::directory::{Role, Ticket};
use crate::random::SessionId;
use crate::rtc::{Negotiation, Publisher};
use crate::sdp::{Offer, with_start_bitrate};
use crate::shard::Command;
use crate::signal::{self, SignalError};
use crate::udp;

/// The routes of WHIP: under a stream with its publish token, and at `/whip` with a creator's stream key.
pub(crate) fn router(limit: RateLimit) -> Router<MediaServer> {
    let limited = from_fn_with_state(limit, limited_by_address);
    let endpoint = get(signal::nothing).options(signal::endpoint_options);
    let session = get(signal::nothing).options(signal::session_options);
    Router::new()
        .route("/api/streams/{stream_id}/whip", post(publish).route_layer(limited.clone()).merge(endpoint.clone()))
        .route("/api/streams/{stream_id}/whip/{session_id}", session.clone().patch(patch).delete(end))
        .route("/whip", post(publish_with_key).route_layer(limited).merge(endpoint))
        .route("/whip/{session_id}", session.patch(patch_with_key).delete(end_with_key))
}

async fn publish(
    State(server): State<MediaServer>,
    Path(stream): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let stream = signal::stream(&stream)?;
    let bearer = signal::bearer(&headers)?;
    server.gate().may_publish(stream, bearer).await?;
    let offer = signal::offer(&server, &headers, body).await?;
    open(&server, stream, bearer, &offer, &format!("/api/streams/{stream}/whip")).await
}

async fn publish_with_key(
    State(server): State<MediaServer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let key = signal::bearer(&headers)?;
    // The offer first: the key may create a stream, which a bad offer should not.
    let offer = signal::offer(&server, &headers, body).await?;
    negotiation(&server, &offer)?;
    let stream = server.gate().stream_for_key(key).await?;
    open(&server, stream, key, &offer, "/whip").await
}

/// Answers the offer and hands the connection to its room.
async fn open(
    server: &MediaServer,
    stream: StreamId,
    bearer: &str,
    offer: &Offer,
    base: &str,
) -> Result<Response, Problem> {
    let negotiation = negotiation(server, offer)?;
    let (peer, mut answered) = Publisher::answer(server.identity(), offer, &negotiation, udp::now())?;
    if let Some(video) = &negotiation.video {
        let start = server.profile().codecs.start_kbit_per_sec;
        answered.sdp = with_start_bitrate(&answered.sdp, video.payload_type, start);
    }
    let session = SessionId::new();
    let ticket = Ticket {
        stream,
        role: Role::Publisher,
        bearer: Some(Secret::new(bearer.to_owned())),
        tag: answered.credentials.ufrag.clone(),
    };
    let peer = Box::new(peer);
    let command = |reply| Command::Publish(peer, signal::admission(ticket, session, negotiation, reply));
    signal::admit(server, command).await?;
    Ok(signal::created(&format!("{base}/{session}"), answered))
}

/// Every section of the offer with the first of our codecs in it; an offer is taken whole or not at all.
fn negotiation(server: &MediaServer, offer: &Offer) -> Result<Negotiation, Problem> {
    offer.must_send().map_err(SignalError::from)?;
    let codecs = &server.profile().codecs;
    let video = offer.video.as_ref().map(|section| {
        let choice = signal::choose(section, &signal::video_codecs(codecs));
        choice.ok_or(SignalError::Codec("video", "H.264 in packetization mode 1, or VP8"))
    });
    let audio = offer.audio.as_ref().map(|section| {
        let choice = signal::choose(section, &signal::audio_codecs(codecs));
        choice.ok_or(SignalError::Codec("audio", "Opus"))
    });
    Ok(Negotiation { video: video.transpose()?, audio: audio.transpose()? })
}

async fn patch(
    State(server): State<MediaServer>,
    Path((stream, session)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let session = signal::session(&server, Role::Publisher, Some(&stream), &session, &headers)?;
    signal::patch(&server, session, &headers, body).await
}

async fn patch_with_key(
    State(server): State<MediaServer>,
    Path(session): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let session = signal::session(&server, Role::Publisher, None, &session, &headers)?;
    signal::patch(&server, session, &headers, body).await
}

async fn end(
    State(server): State<MediaServer>,
    Path((stream, session)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let (id, _) = signal::session(&server, Role::Publisher, Some(&stream), &session, &headers)?;
    signal::end(&server, id).await
}

async fn end_with_key(
    State(server): State<MediaServer>,
    Path(session): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let (id, _) = signal::session(&server, Role::Publisher, None, &session, &headers)?;
    signal::end(&server, id).await
}
