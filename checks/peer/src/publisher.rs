//! A creator's side: sends picture and sound in real time (WHIP).

mod sending;
mod track;

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;
use webrtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};

use crate::connection::Connection;
use crate::media::Media;
use crate::signalling::{self, Resource};
use sending::Sending;

/// A connection that sends. Dropped, it vanishes.
#[derive(Debug)]
pub struct Publisher {
    pub(crate) connection: Connection,
    resource: Option<Resource>,
    sending: Arc<Sending>,
}

/// What has been sent so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Pictures.
    pub frames: u64,
    /// Pictures that a decoder may start with.
    pub keyframes: u64,
    /// Packets of the picture.
    pub video_packets: u64,
    /// Packets of the sound.
    pub audio_packets: u64,
    /// Bytes of all payloads.
    pub bytes: u64,
    /// From the first packet to the end of the last picture.
    pub duration: Duration,
}

impl Publisher {
    /// Connects to a WHIP endpoint and sends until it is stopped, vanishes or is dropped.
    ///
    /// The error of a server that says no is [`crate::Refused`].
    pub async fn start(whip_url: &str, token: &str, media: &Media) -> anyhow::Result<Self> {
        let mut publisher = Self::open().await?;
        let offer = publisher.connection.offer().await?;
        let (resource, answer) = signalling::offer(whip_url, Some(token), offer).await?;
        publisher.resource = Some(resource);
        publisher.connection.accept(answer).await?;
        publisher.send(media).await?;
        Ok(publisher)
    }

    /// A publisher with its tracks, connected to nobody.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let connection = Connection::open().await?;
        let stream = Uuid::new_v4().to_string();
        let sending = Arc::new(Sending::new(&stream));
        for track in sending.tracks() {
            let init = RTCRtpTransceiverInit {
                direction: RTCRtpTransceiverDirection::Sendonly,
                streams: vec![stream.clone()],
                send_encodings: Vec::new(),
            };
            connection.peer.add_transceiver_from_track(track, Some(init)).await?;
        }
        Ok(Self { connection, resource: None, sending })
    }

    /// Waits for the connection and begins to send.
    pub(crate) async fn send(&mut self, media: &Media) -> anyhow::Result<()> {
        self.connection.connected().await?;
        let (sending, media) = (Arc::clone(&self.sending), media.clone());
        let heard = Arc::clone(&self.connection.heard);
        self.connection.tasks.run(async move {
            // An error is the end of the connection.
            let _ = sending.run(&media, || heard.keyframe_requests()).await;
        });
        Ok(())
    }

    /// How often the other side has asked for a keyframe. The next picture is one then, as with any live encoder.
    pub fn keyframe_requests(&self) -> u64 {
        self.connection.heard.keyframe_requests()
    }

    /// What has been sent so far.
    pub fn sent(&self) -> Sent {
        self.sending.sent()
    }

    /// Waits until the other side has cut us off.
    pub async fn wait_for_cut(&self, within: Duration) -> anyhow::Result<()> {
        self.connection.cut(within).await
    }

    /// The address of the WHIP session; none when connected directly.
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_ref().map(|resource| resource.url().as_str())
    }

    /// Ends the session as WHIP has it, by DELETE; what was sent in all.
    pub async fn stop(mut self) -> anyhow::Result<Sent> {
        if let Some(resource) = self.resource.take() {
            resource.delete().await?;
        }
        let sent = self.sent();
        self.connection.close().await;
        Ok(sent)
    }

    /// Is gone from one packet to the next, as a creator whose network fails; what was sent in all.
    pub fn vanish(self) -> Sent {
        self.connection.tasks.abort();
        self.sent()
    }
}
