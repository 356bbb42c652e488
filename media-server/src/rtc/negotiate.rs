//! Offer in, answer out: what both kinds of connection share of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ::rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use ::rtc::ice::mdns::MulticastDnsMode;
use ::rtc::interceptor::Registry;
use ::rtc::peer_connection::configuration::RTCConfigurationBuilder;
use ::rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_H264, MIME_TYPE_OPUS, MIME_TYPE_RTX, MIME_TYPE_VP8, MediaEngine,
};
use ::rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use ::rtc::peer_connection::sdp::RTCSessionDescription;
use ::rtc::peer_connection::transport::{CandidateConfig, CandidateHostConfig, RTCDtlsRole, RTCIceCandidate};
use ::rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use ::rtc::rtp_transceiver::rtp_sender::{RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind};
use domain::media::Codec;
use domain::{Fault, Kind};

use super::Identity;
use crate::sdp::Choice;

/// Negotiation that did not come to an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NegotiateError {
    /// The engine refuses what the other side sent.
    #[error("that offer cannot be answered: {0}")]
    Refused(String),
    /// The engine fails on our side.
    #[error("the WebRTC engine failed: {0}")]
    Engine(String),
    /// The engine panicked over what the other side sent.
    #[error("that offer cannot be answered")]
    Panicked,
}

impl NegotiateError {
    pub(super) fn engine(error: impl std::fmt::Display) -> Self {
        Self::Engine(error.to_string())
    }

    fn refused(error: impl std::fmt::Display) -> Self {
        Self::Refused(error.to_string())
    }
}

impl Fault for NegotiateError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(_) | Self::Panicked => Kind::Unprocessable,
            Self::Engine(_) => Kind::Broken,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) | Self::Panicked => "OFFER_UNUSABLE",
            Self::Engine(_) => "INTERNAL",
        }
    }
}

/// ICE credentials of our side of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    /// Our name for the connection in connectivity checks; also its entity tag over HTTP.
    pub(crate) ufrag: String,
    /// What checks are signed with.
    pub(crate) password: String,
}

/// What goes back to whoever offered.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    /// The answer, with all candidates.
    pub(crate) sdp: String,
    /// Our ICE credentials in it.
    pub(crate) credentials: Credentials,
}

/// What is agreed on: the codecs, under the numbers of whoever offered.
#[derive(Debug, Clone)]
pub(crate) struct Negotiation {
    /// For the picture.
    pub(crate) video: Option<Choice>,
    /// For the sound.
    pub(crate) audio: Option<Choice>,
}

/// The codecs of a negotiation, and nothing else, as the engine wants them.
pub(super) fn codecs(negotiation: &Negotiation) -> Result<MediaEngine, NegotiateError> {
    let mut media = MediaEngine::default();
    for choice in negotiation.video.iter().chain(&negotiation.audio) {
        let kind = if choice.codec.is_video() { RtpCodecKind::Video } else { RtpCodecKind::Audio };
        let main = RTCRtpCodecParameters { rtp_codec: codec(choice), payload_type: choice.payload_type };
        media.register_codec(main, kind).map_err(NegotiateError::engine)?;
        if let Some(payload_type) = choice.repeats {
            let rtp_codec = RTCRtpCodec {
                mime_type: MIME_TYPE_RTX.to_owned(),
                clock_rate: choice.codec.clock_rate(),
                channels: 0,
                sdp_fmtp_line: format!("apt={}", choice.payload_type),
                rtcp_feedback: vec![],
            };
            let repeats = RTCRtpCodecParameters { rtp_codec, payload_type };
            media.register_codec(repeats, kind).map_err(NegotiateError::engine)?;
        }
    }
    Ok(media)
}

/// A codec as the engine wants it.
pub(super) fn codec(choice: &Choice) -> RTCRtpCodec {
    let feedback = |typ: &str, parameter: &str| RTCPFeedback { typ: typ.to_owned(), parameter: parameter.to_owned() };
    let video_feedback = vec![feedback("ccm", "fir"), feedback("nack", ""), feedback("nack", "pli")];
    let (mime_type, channels, rtcp_feedback) = match choice.codec {
        Codec::H264 => (MIME_TYPE_H264, 0, video_feedback),
        Codec::Vp8 => (MIME_TYPE_VP8, 0, video_feedback),
        Codec::Opus => (MIME_TYPE_OPUS, 2, vec![]),
    };
    RTCRtpCodec {
        mime_type: mime_type.to_owned(),
        clock_rate: choice.codec.clock_rate(),
        channels,
        sdp_fmtp_line: choice.parameters.clone(),
        rtcp_feedback,
    }
}

/// Which SRTP profiles to allow. The engine takes the client's favourite among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    /// AES-128-GCM alone, so that Chromium, whose favourite is the four times dearer AES-CM with SHA-1, takes it.
    Cheapest,
    /// That or AES-CM with SHA-1, for clients that may know nothing else.
    Widest,
}

/// Packets may come this much out of order before SRTP takes them for replayed; retransmissions come late.
const REPLAY_WINDOW: usize = 1024;

/// A connection of the engine: ICE-lite, DTLS server, no mDNS, and no timeouts of its own.
pub(super) fn engine(
    identity: &Identity,
    media: MediaEngine,
    registry: Registry,
    protection: Protection,
    now: Instant,
) -> Result<RTCPeerConnection, NegotiateError> {
    let profiles = match protection {
        Protection::Cheapest => vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm],
        Protection::Widest => {
            vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm, SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80]
        }
    };
    let never = Some(Duration::ZERO);
    let settings = SettingEngineBuilder::new()
        .with_lite(true)
        .with_answering_dtls_role(RTCDtlsRole::Server)
        .with_ice_timeouts(never, never, None)
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        .with_srtp_protection_profiles(profiles)
        .with_srtp_replay_protection_window(REPLAY_WINDOW)
        .build();
    let configuration = RTCConfigurationBuilder::new().with_certificates(vec![identity.certificate.clone()]).build();
    RTCPeerConnectionBuilder::new()
        .with_configuration(configuration)
        .with_setting_engine(settings)
        .with_media_engine(media)
        .with_interceptor_registry(registry)
        .build(now)
        .map_err(NegotiateError::engine)
}

/// Answers an offer with all our candidates. The offer is taken for the other side's fault, what follows for ours.
pub(super) fn answer(
    engine: &mut RTCPeerConnection,
    offer: &str,
    addresses: &[SocketAddr],
    now: Instant,
) -> Result<Answered, NegotiateError> {
    let offer = RTCSessionDescription::offer(offer.to_owned()).map_err(NegotiateError::refused)?;
    engine.set_remote_description(now, offer).map_err(NegotiateError::refused)?;
    for address in addresses {
        engine.add_local_candidate(candidate(*address)?).map_err(NegotiateError::engine)?;
    }
    engine.add_local_candidate(Default::default()).map_err(NegotiateError::engine)?;
    let answer = engine.create_answer(None).map_err(NegotiateError::refused)?;
    engine.set_local_description(now, answer).map_err(NegotiateError::refused)?;
    engine.add_local_candidate(Default::default()).map_err(NegotiateError::engine)?;
    let sdp = engine.local_description().ok_or_else(|| NegotiateError::engine("no local description"))?.sdp;
    let line = |name: &str| {
        let value = sdp.lines().find_map(|line| line.trim_end().strip_prefix(name));
        value.map(str::to_owned).ok_or_else(|| NegotiateError::engine("no credentials in the answer"))
    };
    let credentials = Credentials { ufrag: line("a=ice-ufrag:")?, password: line("a=ice-pwd:")? };
    Ok(Answered { sdp, credentials })
}

fn candidate(address: SocketAddr) -> Result<::rtc::peer_connection::transport::RTCIceCandidateInit, NegotiateError> {
    let config = CandidateHostConfig {
        base_config: CandidateConfig {
            network: "udp".to_owned(),
            address: address.ip().to_string(),
            port: address.port(),
            component: 1,
            ..CandidateConfig::default()
        },
        ..CandidateHostConfig::default()
    };
    let candidate = config.new_candidate_host().map_err(NegotiateError::engine)?;
    RTCIceCandidate::from(&candidate).to_json().map_err(NegotiateError::engine)
}
