//! One WebRTC connection on loopback: its codecs, its gathering, its end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rtc::interceptor::ReceiverReportBuilder;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_H264, MIME_TYPE_OPUS, MIME_TYPE_RTX};
use rtc::rtp_transceiver::rtp_sender::{RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind};
use tokio::sync::watch;
use tokio::time::timeout;
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState,
    RTCPeerConnectionState, RTCSessionDescription, Registry, SettingEngineBuilder, Slot, configure_nack,
    configure_simulcast_extension_headers, configure_twcc_receiver_only,
};
use webrtc::runtime::Runtime;

use crate::ear::{Ear, Heard};
use crate::tasks::Tasks;

/// Payload type of H.264.
pub(crate) const VIDEO: u8 = 102;
/// Payload type of the picture's retransmissions.
pub(crate) const REPEATS: u8 = 103;
/// Payload type of Opus.
pub(crate) const AUDIO: u8 = 111;

/// Gathering on loopback and each step of connecting take milliseconds; a busy machine may need longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a pair of addresses is tried, and how many times. The engine nominates a pair one try after it was found
/// to work; at its own pace of 200 ms that, which browsers do at once, would be most of the time to the first picture.
const TRY_EVERY: Duration = Duration::from_millis(20);
const TRIES: u16 = 400;
/// Behind all others: hears what they have let through.
const LAST: usize = 14_000;

/// A connection. Dropped, it ends at once and says nothing to the other side.
pub(crate) struct Connection {
    pub(crate) peer: Arc<dyn PeerConnection>,
    pub(crate) tasks: Arc<Tasks>,
    pub(crate) heard: Arc<Heard>,
    gathered: watch::Receiver<bool>,
    state: watch::Receiver<RTCPeerConnectionState>,
}

impl Connection {
    /// Opens one that has no tracks yet.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let mut engine = MediaEngine::default();
        engine.register_codec(video(), RtpCodecKind::Video)?;
        engine.register_codec(repeats(), RtpCodecKind::Video)?;
        engine.register_codec(audio(), RtpCodecKind::Audio)?;
        let heard = Heard::new();
        // All that is usual but sender reports: a publisher writes them by the clock of its media.
        let chain = configure_nack(Registry::new(), &mut engine);
        configure_simulcast_extension_headers(&mut engine)?;
        let chain = configure_twcc_receiver_only(chain, &mut engine)?
            .with(Slot::ReceiverReport, ReceiverReportBuilder::new().build())
            .with(Slot::from(LAST), Ear::new(Arc::clone(&heard)));
        let (gathered_tx, gathered) = watch::channel(false);
        let (state_tx, state) = watch::channel(RTCPeerConnectionState::New);
        let tasks = Tasks::new();
        let settings = SettingEngineBuilder::new().with_ice_connection_attempts(Some(TRY_EVERY), Some(TRIES)).build();
        let peer = PeerConnectionBuilder::new()
            .with_setting_engine(settings)
            .with_media_engine(engine)
            .with_interceptor_registry(chain)
            .with_handler(Arc::new(States { gathered: gathered_tx, state: state_tx }))
            .with_runtime(Arc::clone(&tasks) as Arc<dyn Runtime>)
            .with_udp_addrs(vec!["127.0.0.1:0"])
            .build()
            .await?;
        Ok(Self { peer: Arc::new(peer), tasks, heard, gathered, state })
    }

    /// The offer, with all candidates.
    pub(crate) async fn offer(&mut self) -> anyhow::Result<String> {
        let offer = self.peer.create_offer(None).await?;
        self.describe(offer).await
    }

    /// The answer to an offer, with all candidates.
    pub(crate) async fn answer(&mut self, offer: String) -> anyhow::Result<String> {
        self.peer.set_remote_description(RTCSessionDescription::offer(offer)?).await?;
        let answer = self.peer.create_answer(None).await?;
        self.describe(answer).await
    }

    async fn describe(&mut self, description: RTCSessionDescription) -> anyhow::Result<String> {
        self.peer.set_local_description(description).await?;
        timeout(PATIENCE, self.gathered.wait_for(|done| *done)).await.context("no candidates in time")??;
        Ok(self.peer.local_description().await.context("there is a local description")?.sdp)
    }

    /// Takes the other side's answer.
    pub(crate) async fn accept(&self, answer: String) -> anyhow::Result<()> {
        let answer = RTCSessionDescription::answer(answer).context("that is not an SDP answer")?;
        self.peer.set_remote_description(answer).await.context("the answer does not suit the offer")
    }

    /// Waits until media may flow.
    pub(crate) async fn connected(&mut self) -> anyhow::Result<()> {
        use RTCPeerConnectionState::{Closed, Connected, Failed};
        let settled = self.state.wait_for(|state| matches!(state, Connected | Failed | Closed));
        let state = *timeout(PATIENCE, settled).await.context("not connected in time")??;
        anyhow::ensure!(state == Connected, "the connection is {state}");
        Ok(())
    }

    /// Waits until the other side is gone, by its own word or by its silence.
    pub(crate) async fn cut(&self, within: Duration) -> anyhow::Result<()> {
        use RTCPeerConnectionState::{Closed, Disconnected, Failed};
        let mut state = self.state.clone();
        let gone = state.wait_for(|state| matches!(state, Disconnected | Failed | Closed));
        timeout(within, gone).await.with_context(|| format!("still connected after {within:?}"))??;
        Ok(())
    }

    /// Ends it as an endpoint does that leaves properly.
    pub(crate) async fn close(self) {
        let _ = timeout(PATIENCE, self.peer.close()).await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.tasks.abort();
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("state", &*self.state.borrow()).finish_non_exhaustive()
    }
}

struct States {
    gathered: watch::Sender<bool>,
    state: watch::Sender<RTCPeerConnectionState>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for States {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.gathered.send_replace(state == RTCIceGatheringState::Complete);
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.state.send_replace(state);
    }
}

pub(crate) fn video() -> RTCRtpCodecParameters {
    // Constrained baseline, level 3.1, several packets a picture: what every browser has.
    codec(MIME_TYPE_H264, 90_000, 0, VIDEO, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f")
}

fn repeats() -> RTCRtpCodecParameters {
    codec(MIME_TYPE_RTX, 90_000, 0, REPEATS, &format!("apt={VIDEO}"))
}

pub(crate) fn audio() -> RTCRtpCodecParameters {
    codec(MIME_TYPE_OPUS, 48_000, 2, AUDIO, "minptime=10;useinbandfec=1")
}

fn codec(mime_type: &str, clock_rate: u32, channels: u16, payload_type: u8, format: &str) -> RTCRtpCodecParameters {
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: mime_type.to_owned(),
            clock_rate,
            channels,
            sdp_fmtp_line: format.to_owned(),
            rtcp_feedback: Vec::new(),
        },
        payload_type,
    }
}
