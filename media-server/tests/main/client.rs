//! A WebRTC client under full control: it sends the packets it is told to send and keeps what it receives as it came.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use domain::StreamId;
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::interceptor::{NackGeneratorBuilder, NackResponderBuilder, Registry, Slot};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::RTCOfferOptions;
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_H264, MIME_TYPE_OPUS, MIME_TYPE_RTX, MIME_TYPE_VP8, MediaEngine,
};
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::event::RTCPeerConnectionEvent;
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::peer_connection::transport::{CandidateConfig, CandidateHostConfig, RTCIceCandidate, RTCIceCandidateInit};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};

pub(crate) use crate::listener::{Control, Nack, Received};
use crate::listener::{Listener, Log};
use crate::world::{Answer, World, until};

pub(crate) const VIDEO_SSRC: u32 = 1_000;
pub(crate) const AUDIO_SSRC: u32 = 2_000;
const H264: &str = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";

/// The start of an IDR, and of another picture, as H.264 has them.
pub(crate) const IDR: &[u8] = &[0x65, 0x88, 0x84, 0x00];
pub(crate) const DELTA: &[u8] = &[0x41, 0x9a, 0x00, 0x00];

/// What a client does or knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Video {
    H264,
    Vp8,
    /// H.264, from a client that encrypts by AES-CM with SHA-1 only.
    H264WithoutGcm,
}

enum Order {
    Send(Box<RTCMessage>),
    /// Make an offer with new ICE credentials.
    Restart(oneshot::Sender<String>),
    Answer(Box<RTCSessionDescription>),
    Vanish,
}

/// A client, driven by a task of its own until it is dropped.
pub(crate) struct Client {
    log: Log,
    orders: mpsc::UnboundedSender<Order>,
    pub(crate) answer: Answer,
    pub(crate) location: String,
    pub(crate) offer: String,
}

impl Client {
    /// A client that has connected to publish H.264 and Opus.
    pub(crate) async fn publisher(world: &World, stream: StreamId) -> Self {
        let client = Self::publishing(world, stream, Video::H264).await;
        client.connects().await;
        client
    }

    pub(crate) async fn publishing(world: &World, stream: StreamId, video: Video) -> Self {
        let (pc, offer, socket, log) = prepare(video, true).await;
        let answer = world.post_whip(stream, &offer).await;
        Self::start(pc, offer, socket, log, answer)
    }

    /// A publisher that reaches the server by way of another address.
    pub(crate) async fn publisher_by(world: &World, stream: StreamId, way: SocketAddr) -> Self {
        let (pc, offer, socket, log) = prepare(Video::H264, true).await;
        let answer = world.post_whip(stream, &offer).await.by(world, way);
        let client = Self::start(pc, offer, socket, log, answer);
        client.connects().await;
        client
    }

    /// A watcher that reaches the server by way of another address.
    pub(crate) async fn watcher_by(world: &World, stream: StreamId, way: SocketAddr) -> Self {
        let (pc, offer, socket, log) = prepare(Video::H264, false).await;
        let answer = world.post_whep(stream, &offer).await.by(world, way);
        let client = Self::start(pc, offer, socket, log, answer);
        client.connects().await;
        client
    }

    /// A client that has connected to watch.
    pub(crate) async fn watcher(world: &World, stream: StreamId) -> Self {
        let client = Self::watching(world, stream, Video::H264).await;
        client.connects().await;
        client
    }

    pub(crate) async fn watching(world: &World, stream: StreamId, video: Video) -> Self {
        let (pc, offer, socket, log) = prepare(video, false).await;
        let answer = world.post_whep(stream, &offer).await;
        Self::start(pc, offer, socket, log, answer)
    }

    fn start(mut pc: RTCPeerConnection, offer: String, socket: UdpSocket, log: Log, answer: Answer) -> Self {
        assert_eq!(answer.status, 201, "{}", answer.body);
        let description = RTCSessionDescription::answer(answer.body.clone()).expect("the answer is SDP");
        pc.set_remote_description(Instant::now(), description).expect("the answer fits the offer");
        let (orders, received) = mpsc::unbounded_channel();
        tokio::spawn(drive(pc, socket, log.clone(), received));
        let location = answer.header("location").to_owned();
        Self { log, orders, answer, location, offer }
    }

    pub(crate) async fn connects(&self) {
        until("connected", || self.log.seen().is_connected).await;
    }

    pub(crate) async fn is_closed_by_the_server(&self) {
        until("closed by the server", || self.log.seen().is_closed).await;
    }

    /// Sends a video packet.
    pub(crate) fn video(&self, sequence: u16, timestamp: u32, payload: &'static [u8]) {
        self.send(VIDEO_SSRC, 102, sequence, timestamp, payload);
    }

    /// Sends an audio packet.
    pub(crate) fn audio(&self, sequence: u16, timestamp: u32) {
        self.send(AUDIO_SSRC, 111, sequence, timestamp, &[0xfc, 0xff, 0xfe]);
    }

    pub(crate) fn send(&self, ssrc: u32, payload_type: u8, sequence: u16, timestamp: u32, payload: &'static [u8]) {
        let header = rtc::rtp::Header {
            version: 2,
            marker: true,
            payload_type,
            sequence_number: sequence,
            timestamp,
            ssrc,
            ..rtc::rtp::Header::default()
        };
        let packet = rtc::rtp::Packet { header, payload: Bytes::from_static(payload) };
        self.order(Order::Send(Box::new(RTCMessage::RtpPacket(String::new(), packet))));
    }

    /// Sends a control packet.
    pub(crate) fn control(&self, packet: impl rtc::rtcp::Packet + 'static) {
        let packets: Vec<Box<dyn rtc::rtcp::Packet>> = vec![Box::new(packet)];
        self.order(Order::Send(Box::new(RTCMessage::RtcpPacket(String::new(), packets))));
    }

    /// New ICE credentials of this side, as a fragment.
    pub(crate) async fn restarts(&self) -> String {
        let (reply, offer) = oneshot::channel();
        self.order(Order::Restart(reply));
        let offer = offer.await.expect("the client runs");
        let line =
            |name: &str| offer.lines().find(|line| line.starts_with(name)).expect("it has credentials").to_owned();
        format!("{}\r\n{}\r\n", line("a=ice-ufrag:"), line("a=ice-pwd:"))
    }

    /// Takes the credentials of the other side.
    pub(crate) fn restarted(&self, fragment: &str) {
        let line = |name: &str| fragment.lines().find(|line| line.starts_with(name)).expect("it has credentials");
        let replaced = self.answer.body.lines().map(|old| match old {
            old if old.starts_with("a=ice-ufrag:") => line("a=ice-ufrag:"),
            old if old.starts_with("a=ice-pwd:") => line("a=ice-pwd:"),
            old => old,
        });
        let answer = replaced.map(|line| format!("{}\r\n", line.trim_end())).collect();
        let description = RTCSessionDescription::answer(answer).expect("the answer is SDP");
        self.order(Order::Answer(Box::new(description)));
    }

    /// Goes away without a word.
    pub(crate) fn vanish(&self) {
        self.order(Order::Vanish);
    }

    fn order(&self, order: Order) {
        self.orders.send(order).unwrap_or_else(|_| panic!("the client runs"));
    }

    /// The packets with a payload type, in the order they came.
    pub(crate) fn received(&self, payload_type: u8) -> Vec<Received> {
        let seen = self.log.seen();
        seen.packets.iter().filter(|packet| packet.payload_type == payload_type).cloned().collect()
    }

    /// Waits for so many packets of a payload type.
    pub(crate) async fn receives(&self, payload_type: u8, count: usize) -> Vec<Received> {
        let what = format!("{count} packets");
        until(&what, || self.received(payload_type).len() >= count).await;
        self.received(payload_type)
    }

    pub(crate) fn controls(&self) -> Vec<Control> {
        self.log.seen().control.clone()
    }

    pub(crate) fn keyframe_requests(&self) -> usize {
        self.controls().iter().filter(|control| matches!(control, Control::KeyframeRequest)).count()
    }
}

/// Two codecs for the picture and one for the sound, numbered as browsers do.
fn media(video: Video) -> MediaEngine {
    let mut media = MediaEngine::default();
    let feedback = |typ: &str, parameter: &str| RTCPFeedback { typ: typ.into(), parameter: parameter.into() };
    let mut add = |mime: &str, payload_type, clock_rate, channels, fmtp: &str, kind| {
        let is_picture = mime == MIME_TYPE_H264 || mime == MIME_TYPE_VP8;
        let rtcp_feedback = if is_picture { vec![feedback("nack", ""), feedback("nack", "pli")] } else { Vec::new() };
        let rtp_codec =
            RTCRtpCodec { mime_type: mime.into(), clock_rate, channels, sdp_fmtp_line: fmtp.into(), rtcp_feedback };
        media.register_codec(RTCRtpCodecParameters { rtp_codec, payload_type }, kind).expect("it is a codec");
    };
    match video {
        Video::H264 | Video::H264WithoutGcm => add(MIME_TYPE_H264, 102, 90_000, 0, H264, RtpCodecKind::Video),
        Video::Vp8 => add(MIME_TYPE_VP8, 102, 90_000, 0, "", RtpCodecKind::Video),
    }
    add(MIME_TYPE_RTX, 103, 90_000, 0, "apt=102", RtpCodecKind::Video);
    add(MIME_TYPE_OPUS, 111, 48_000, 2, "minptime=10;useinbandfec=1", RtpCodecKind::Audio);
    media
}

async fn prepare(video: Video, sends: bool) -> (RTCPeerConnection, String, UdpSocket, Log) {
    let log = Log::default();
    let registry = Registry::new()
        .with(Slot::NackResponder, NackResponderBuilder::new().build())
        .with(Slot::NackGenerator, NackGeneratorBuilder::new().build())
        .with(Slot::SenderReport, Listener::new(log.clone()));
    let profiles = match video {
        Video::H264WithoutGcm => vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80],
        Video::H264 | Video::Vp8 => vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm],
    };
    let settings = SettingEngineBuilder::new().with_srtp_protection_profiles(profiles).build();
    let mut pc = RTCPeerConnectionBuilder::new()
        .with_setting_engine(settings)
        .with_media_engine(media(video))
        .with_interceptor_registry(registry)
        .build(Instant::now())
        .expect("a connection");
    let direction = if sends { RTCRtpTransceiverDirection::Sendonly } else { RTCRtpTransceiverDirection::Recvonly };
    let sections = [(RtpCodecKind::Audio, AUDIO_SSRC, "audio"), (RtpCodecKind::Video, VIDEO_SSRC, "video")];
    for (kind, ssrc, name) in sections {
        let init = RTCRtpTransceiverInit { direction, streams: vec![], send_encodings: vec![] };
        if sends {
            let track = track(video, kind, ssrc, name);
            pc.add_transceiver_from_track(track, Some(init)).expect("a track");
        } else {
            pc.add_transceiver_from_kind(kind, Some(init)).expect("a section");
        }
    }
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let offer = pc.create_offer(None).expect("an offer");
    pc.set_local_description(Instant::now(), offer).expect("it is ours");
    pc.add_local_candidate(candidate(socket.local_addr().expect("it is bound"))).expect("a candidate");
    let offer = pc.local_description().expect("an offer").sdp;
    (pc, offer, socket, log)
}

fn candidate(address: SocketAddr) -> RTCIceCandidateInit {
    let config = CandidateHostConfig {
        base_config: CandidateConfig {
            network: "udp".into(),
            address: address.ip().to_string(),
            port: address.port(),
            component: 1,
            ..CandidateConfig::default()
        },
        ..CandidateHostConfig::default()
    };
    let candidate = config.new_candidate_host().expect("a candidate");
    RTCIceCandidate::from(&candidate).to_json().expect("text")
}

fn track(video: Video, kind: RtpCodecKind, ssrc: u32, name: &str) -> MediaStreamTrack {
    let (mime_type, clock_rate, channels, fmtp) = match (kind, video) {
        (RtpCodecKind::Audio, _) => (MIME_TYPE_OPUS, 48_000, 2, "minptime=10;useinbandfec=1"),
        (_, Video::H264 | Video::H264WithoutGcm) => (MIME_TYPE_H264, 90_000, 0, H264),
        (_, Video::Vp8) => (MIME_TYPE_VP8, 90_000, 0, ""),
    };
    let codec = RTCRtpCodec {
        mime_type: mime_type.into(),
        clock_rate,
        channels,
        sdp_fmtp_line: fmtp.into(),
        rtcp_feedback: vec![],
    };
    let coding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..RTCRtpCodingParameters::default() },
        codec,
        ..RTCRtpEncodingParameters::default()
    };
    MediaStreamTrack::new("test".into(), name.into(), name.into(), kind, vec![coding])
}

async fn drive(mut pc: RTCPeerConnection, socket: UdpSocket, log: Log, mut orders: mpsc::UnboundedReceiver<Order>) {
    let local_addr = socket.local_addr().expect("it is bound");
    let mut buffer = vec![0; 2_048];
    loop {
        while let Some(out) = pc.poll_write() {
            let _ = socket.send_to(&out.message, out.transport.peer_addr).await;
        }
        while let Some(event) = pc.poll_event() {
            if let RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) = event {
                log.seen().is_connected |= state == RTCPeerConnectionState::Connected;
            }
        }
        while pc.poll_read().is_some() {}
        let now = Instant::now();
        let deadline = pc.poll_timeout().unwrap_or(now + Duration::from_secs(1)).max(now + Duration::from_millis(1));
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Send(message)) => {
                    let _ = pc.handle_write(TaggedRTCMessage { now: Instant::now(), message: *message });
                }
                Some(Order::Restart(reply)) => {
                    let offer = pc.create_offer(Some(RTCOfferOptions { ice_restart: true })).expect("an offer");
                    pc.set_local_description(Instant::now(), offer.clone()).expect("it is ours");
                    pc.add_local_candidate(candidate(local_addr)).expect("a candidate");
                    let _ = reply.send(offer.sdp);
                }
                Some(Order::Answer(answer)) => {
                    pc.set_remote_description(Instant::now(), *answer).expect("the answer fits");
                }
                Some(Order::Vanish) | None => return,
            },
            read = socket.recv_from(&mut buffer) => {
                let Ok((length, peer_addr)) = read else { continue };
                let datagram = &buffer[..length];
                // An encrypted DTLS alert: the server says goodbye.
                if datagram.first() == Some(&21) {
                    log.seen().is_closed = true;
                }
                let transport =
                    TransportContext { local_addr, peer_addr, ecn: None, transport_protocol: TransportProtocol::UDP };
                let message = BytesMut::from(datagram);
                let _ = pc.handle_read(TaggedBytesMut { now: Instant::now(), transport, message });
            }
            () = tokio::time::sleep_until(deadline.into()) => {
                let _ = pc.handle_timeout(Instant::now());
            }
        }
    }
}
