//! A viewer's side: receives and counts (WHEP).

use std::time::Duration;

use anyhow::bail;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use tokio::time::{Instant, timeout_at};
use webrtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};

use crate::connection::Connection;
use crate::reception::{Reception, Seen};
use crate::signalling::{self, Resource};

/// A connection that receives. Dropped, it vanishes.
#[derive(Debug)]
pub struct Viewer {
    pub(crate) connection: Connection,
    resource: Option<Resource>,
}

impl Viewer {
    /// Asks a WHEP endpoint for its stream; comes back when connected. Times count from the moment of asking.
    ///
    /// The error of a server that says no is [`crate::Refused`].
    pub async fn start(whep_url: &str, bearer: Option<&str>) -> anyhow::Result<Self> {
        let mut viewer = Self::open_to_watch().await?;
        let offer = viewer.connection.offer().await?;
        viewer.connection.heard.start();
        let (resource, answer) = signalling::offer(whep_url, bearer, offer).await?;
        viewer.resource = Some(resource);
        viewer.connection.accept(answer).await?;
        viewer.connection.connected().await?;
        Ok(viewer)
    }

    /// A viewer who wants picture and sound, connected to nobody.
    pub(crate) async fn open_to_watch() -> anyhow::Result<Self> {
        let viewer = Self::open().await?;
        for kind in [RtpCodecKind::Audio, RtpCodecKind::Video] {
            let init = RTCRtpTransceiverInit {
                direction: RTCRtpTransceiverDirection::Recvonly,
                streams: Vec::new(),
                send_encodings: Vec::new(),
            };
            viewer.connection.peer.add_transceiver_from_kind(kind, Some(init)).await?;
        }
        Ok(viewer)
    }

    /// A viewer without tracks.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        Ok(Self { connection: Connection::open().await?, resource: None })
    }

    /// What it has seen so far.
    pub fn seen(&self) -> Seen {
        self.connection.heard.with(|reception| reception.seen().clone())
    }

    /// Begins to collect ages of pictures anew.
    pub fn forget_ages(&self) {
        self.connection.heard.with(Reception::forget_ages);
    }

    /// The address of the WHEP session; none when connected directly.
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_ref().map(|resource| resource.url().as_str())
    }

    /// Waits for a whole keyframe; how long after asking it came.
    pub async fn wait_for_keyframe(&self, within: Duration) -> anyhow::Result<Duration> {
        self.wait_for("a keyframe", within, |seen| seen.first_keyframe).await
    }

    /// Waits until so many packets have come.
    pub async fn wait_for_packets(&self, packets: u64, within: Duration) -> anyhow::Result<()> {
        let enough = |seen: &Seen| (seen.video.packets + seen.audio.packets >= packets).then_some(());
        self.wait_for("packets", within, enough).await
    }

    /// Waits until so many whole pictures have come.
    pub async fn wait_for_frames(&self, frames: u64, within: Duration) -> anyhow::Result<()> {
        self.wait_for("pictures", within, |seen| (seen.frames >= frames).then_some(())).await
    }

    /// Waits until what has been seen satisfies a condition.
    pub async fn wait_for<T>(
        &self,
        what: &str,
        within: Duration,
        condition: impl Fn(&Seen) -> Option<T>,
    ) -> anyhow::Result<T> {
        let deadline = Instant::now() + within;
        let heard = &self.connection.heard;
        loop {
            let news = heard.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            if let Some(found) = heard.with(|reception| condition(reception.seen())) {
                return Ok(found);
            }
            if timeout_at(deadline, news).await.is_err() {
                let seen = Seen { ages: Vec::new(), ..self.seen() };
                bail!("waited {within:?} in vain for {what}; seen so far: {seen:?}");
            }
        }
    }

    /// Waits until the other side has cut us off.
    pub async fn wait_for_cut(&self, within: Duration) -> anyhow::Result<()> {
        self.connection.cut(within).await
    }

    /// Ends the session as WHEP has it, by DELETE; what was seen in all.
    pub async fn stop(mut self) -> anyhow::Result<Seen> {
        if let Some(resource) = self.resource.take() {
            resource.delete().await?;
        }
        let seen = self.seen();
        self.connection.close().await;
        Ok(seen)
    }

    /// Is gone from one packet to the next; what was seen in all.
    pub fn vanish(self) -> Seen {
        self.connection.tasks.abort();
        self.seen()
    }
}
