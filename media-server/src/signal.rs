//! What WHIP and WHEP share over HTTP: reading offers, answering 201, and the session resource with its PATCH and DELETE.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse, Response};
use domain::media::Codec;
use domain::{Fault, Kind, StreamId};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_kit::Problem;
use media_config::{AudioCodec, Codecs, VideoCodec};
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

use crate::MediaServer;
use crate::admission::{Admission, AdmitError};
use crate::directory::{Role, Ticket};
use crate::fragment::Fragment;
use crate::random::SessionId;
use crate::rtc::Answered;
use crate::sdp::{Choice, Offer, OfferError, Section};
use crate::shard::Command;
use crate::udp;

const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// Why a request about a session is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignalError {
    /// Neither of the two content types.
    #[error("send the body as {0}")]
    ContentType(&'static str),
    /// Longer than any offer.
    #[error("the body is too large")]
    TooLarge,
    /// Not an offer.
    #[error("{0}")]
    Offer(#[from] OfferError),
    /// Not a fragment.
    #[error("that is not an ICE fragment: it needs a=ice-ufrag and a=ice-pwd to restart, a= and m= lines otherwise")]
    Fragment,
    /// None of our codecs.
    #[error("the {0} section offers no codec that is used here: {1}")]
    Codec(&'static str, &'static str),
    /// No token.
    #[error("send the token as Authorization: Bearer")]
    NoToken,
    /// Not the token that the session was opened with.
    #[error("that is not the token of this session")]
    WrongToken,
    /// No such session.
    #[error("there is no such session, or it is over")]
    NoSession,
    /// No such stream.
    #[error("there is no such stream")]
    NoStream,
}

impl Fault for SignalError {
    fn kind(&self) -> Kind {
        match self {
            Self::ContentType(_) | Self::Fragment | Self::Offer(OfferError::Malformed(_)) => Kind::Invalid,
            Self::TooLarge => Kind::TooLarge,
            Self::Offer(OfferError::Unusable(_)) | Self::Codec(..) => Kind::Unprocessable,
            Self::NoToken | Self::WrongToken => Kind::Unknown,
            Self::NoSession | Self::NoStream => Kind::NotFound,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::ContentType(_) => "CONTENT_TYPE_UNEXPECTED",
            Self::TooLarge => "BODY_TOO_LARGE",
            Self::Offer(OfferError::Malformed(_)) => "OFFER_MALFORMED",
            Self::Offer(OfferError::Unusable(_)) => "OFFER_UNUSABLE",
            Self::Fragment => "FRAGMENT_MALFORMED",
            Self::Codec(..) => "CODEC_NOT_OFFERED",
            Self::NoToken => "TOKEN_MISSING",
            Self::WrongToken => "TOKEN_INVALID",
            Self::NoSession => "SESSION_NOT_FOUND",
            Self::NoStream => "STREAM_NOT_FOUND",
        }
    }
}

/// The stream that a path names.
pub(crate) fn stream(text: &str) -> Result<StreamId, Problem> {
    Ok(text.parse().map_err(|_| SignalError::NoStream)?)
}

/// The token of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) = value.and_then(|value| value.split_once(' ')).ok_or(SignalError::NoToken)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(SignalError::NoToken.into());
    }
    Ok(token)
}

/// Reads the offer of a request.
pub(crate) async fn offer(server: &MediaServer, headers: &HeaderMap, body: Body) -> Result<Offer, Problem> {
    let text = text(server, headers, body, SDP).await?;
    Ok(Offer::parse(&text).map_err(SignalError::from)?)
}

async fn text(server: &MediaServer, headers: &HeaderMap, body: Body, wanted: &'static str) -> Result<String, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(wanted) {
        return Err(SignalError::ContentType(wanted).into());
    }
    let bytes = to_bytes(body, server.profile().limits.offer_bytes).await.map_err(|_| SignalError::TooLarge)?;
    let malformed = SignalError::Offer(OfferError::Malformed("it is not UTF-8"));
    Ok(String::from_utf8(bytes.into()).map_err(|_| malformed)?)
}

/// The codec for a section: the first of the wanted ones that it offers.
pub(crate) fn choose(section: &Section, wanted: &[Codec]) -> Option<Choice> {
    wanted.iter().find_map(|codec| section.choose(*codec))
}

/// The codecs for pictures, most wanted first.
pub(crate) fn video_codecs(codecs: &Codecs) -> Vec<Codec> {
    let word = |codec: &VideoCodec| match codec {
        VideoCodec::H264 => Codec::H264,
        VideoCodec::Vp8 => Codec::Vp8,
    };
    codecs.video.iter().map(word).collect()
}

/// The codecs for sound, most wanted first.
pub(crate) fn audio_codecs(codecs: &Codecs) -> Vec<Codec> {
    let word = |codec: &AudioCodec| match codec {
        AudioCodec::Opus => Codec::Opus,
    };
    codecs.audio.iter().map(word).collect()
}

/// Hands an answered connection to its room and waits until it is in.
pub(crate) async fn admit(
    server: &MediaServer,
    command: impl FnOnce(oneshot::Sender<Result<(), AdmitError>>) -> Command,
) -> Result<(), AdmitError> {
    let (reply, verdict) = oneshot::channel();
    server.commands().send(command(reply)).await.map_err(|_| AdmitError::Stopping)?;
    verdict.await.map_err(|_| AdmitError::Stopping)?
}

/// What goes with a new connection.
pub(crate) fn admission(
    ticket: Ticket,
    session: SessionId,
    negotiation: crate::rtc::Negotiation,
    reply: oneshot::Sender<Result<(), AdmitError>>,
) -> Admission {
    Admission { session, ticket, negotiation, reply }
}

/// 201 with the answer, where the session is, and its entity tag.
pub(crate) fn created(location: &str, answered: Answered) -> Response {
    let mut response = (StatusCode::CREATED, answered.sdp).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(SDP));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    insert(headers, header::LOCATION, location);
    insert(headers, header::ETAG, &quoted(&answered.credentials.ufrag));
    headers.insert("accept-patch", HeaderValue::from_static(FRAGMENT));
    response
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    headers.insert(name, HeaderValue::from_str(value).expect("made of hexadecimal digits, slashes and quotes"));
}

fn quoted(tag: &str) -> String {
    format!("\"{tag}\"")
}

/// 200 to OPTIONS on an endpoint: what it takes. Needs no token (RFC 9725, section 4.2).
pub(crate) async fn endpoint_options() -> Response {
    ([("accept-post", SDP), ("allow", "OPTIONS, GET, HEAD, POST")], StatusCode::OK).into_response()
}

/// 200 to OPTIONS on a session.
pub(crate) async fn session_options() -> Response {
    ([("accept-patch", FRAGMENT), ("allow", "OPTIONS, GET, HEAD, PATCH, DELETE")], StatusCode::OK).into_response()
}

/// GET has nothing to say, and says so with success (RFC 9725, section 4.2).
pub(crate) async fn nothing() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// The session that a request may act on: of this role, of this stream where the path names one, and with the token that
/// opened it.
pub(crate) fn session(
    server: &MediaServer,
    role: Role,
    stream: Option<&str>,
    session: &str,
    headers: &HeaderMap,
) -> Result<(SessionId, Ticket), Problem> {
    let stream = stream.map(self::stream).transpose()?;
    // The token first, so that nothing is learnt about sessions without one.
    let given = if role == Role::Publisher { Some(bearer(headers)?) } else { None };
    let id: SessionId = session.parse().map_err(|()| SignalError::NoSession)?;
    let ticket = server
        .directory()
        .ticket(id)
        .filter(|ticket| ticket.role == role && stream.is_none_or(|stream| stream == ticket.stream));
    let ticket = ticket.ok_or(SignalError::NoSession)?;
    if let Some(wanted) = &ticket.bearer {
        let same = given.is_some_and(|given| bool::from(given.as_bytes().ct_eq(wanted.expose().as_bytes())));
        if !same {
            return Err(SignalError::WrongToken.into());
        }
    }
    Ok((id, ticket))
}

/// DELETE: ends the session.
pub(crate) async fn end(server: &MediaServer, id: SessionId) -> Result<StatusCode, Problem> {
    let (reply, done) = oneshot::channel();
    server.commands().send(Command::Remove(id, reply)).await.map_err(|_| AdmitError::Stopping)?;
    done.await.map_err(|_| AdmitError::Stopping)?;
    Ok(StatusCode::OK)
}

/// PATCH: with the present entity tag, late candidates, which need no notice; with `*`, a restart of ICE.
pub(crate) async fn patch(
    server: &MediaServer,
    (id, ticket): (SessionId, Ticket),
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let text = text(server, headers, body, FRAGMENT).await?;
    if !Fragment::is_fragment(&text) {
        return Err(SignalError::Fragment.into());
    }
    match headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()) {
        None => {
            let sentence = "say which ICE session is meant: If-Match with its entity tag, or * to restart";
            let problem = Problem::new(Kind::Conflict, "IF_MATCH_MISSING", sentence);
            Ok(precondition(StatusCode::PRECONDITION_REQUIRED, problem))
        }
        Some("*") => restart(server, id, &text).await,
        Some(tag) if tag == quoted(&ticket.tag) => Ok(StatusCode::NO_CONTENT.into_response()),
        Some(_) => {
            let sentence = "that ICE session is over: ICE was restarted meanwhile";
            let problem = Problem::new(Kind::Conflict, "IF_MATCH_STALE", sentence);
            Ok(precondition(StatusCode::PRECONDITION_FAILED, problem))
        }
    }
}

async fn restart(server: &MediaServer, id: SessionId, text: &str) -> Result<Response, Problem> {
    let fragment = Fragment::parse(text).ok_or(SignalError::Fragment)?;
    // It is worked out on the task that carries everybody's media.
    let turn = server.directory().take_restart(id, udp::now(), server.profile().limits.restart_every);
    if let Err(wait) = turn {
        // Whole seconds, so that who waits as long as told is not too early.
        let wait = Duration::from_secs(wait.as_secs() + 1);
        let sentence = "ICE was restarted a moment ago; wait before the next time";
        return Err(Problem::new(Kind::TooMany(wait), "ICE_RESTART_TOO_SOON", sentence));
    }
    let (reply, outcome) = oneshot::channel();
    server.commands().send(Command::Restart(id, fragment, reply)).await.map_err(|_| AdmitError::Stopping)?;
    let answered = outcome.await.map_err(|_| SignalError::NoSession)??;
    let mut response = (StatusCode::OK, Fragment::of_answer(&answered.sdp)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(FRAGMENT));
    insert(response.headers_mut(), header::ETAG, &quoted(&answered.credentials.ufrag));
    Ok(response)
}

/// The two statuses that only conditional requests have.
fn precondition(status: StatusCode, problem: Problem) -> Response {
    let mut response = problem.into_response();
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_whatever_the_case_of_its_scheme() {
        let token = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
            bearer(&headers).map(str::to_owned).ok()
        };
        assert_eq!(token("Bearer abc"), Some("abc".into()));
        assert_eq!(token("bearer  abc "), Some("abc".into()));
        for bad in ["", "abc", "Basic abc", "Bearer ", "Bearer"] {
            assert_eq!(token(bad), None, "{bad}");
        }
        assert!(bearer(&HeaderMap::new()).is_err());
    }
}
