//! What a publisher sends: a test picture and a tone, made by ffmpeg when first asked for and kept by the process.

use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::annex_b::{self, Picture};
use crate::ogg;

/// Pictures a second.
pub(crate) const FRAME_RATE: u32 = 30;
/// Samples a second on Opus's clock.
pub(crate) const OPUS_RATE: u32 = 48_000;
/// Samples in one packet of sound: 20 ms.
pub(crate) const OPUS_SAMPLES: u32 = 960;
/// Room for all headers, extensions and the authentication tag in a datagram of 1280 bytes.
const MOST_PAYLOAD: usize = 1_180;
/// An even number of groups: neighbouring keyframes carry different identifiers also where the loop closes.
const SECONDS: u32 = 4;

/// Encoded picture and sound, some seconds long, sent in a loop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Media(Arc<Content>);

#[derive(Debug)]
struct Content {
    pictures: Vec<Picture>,
    sound: Vec<Bytes>,
}

impl Media {
    /// 640x360 at about 700 kbit/s: light enough for tests on a busy machine.
    pub async fn small() -> anyhow::Result<Self> {
        static SMALL: OnceCell<Media> = OnceCell::const_new();
        SMALL.get_or_try_init(|| Self::make("640x360", 700)).await.cloned()
    }

    /// 1280x720 at about 2.5 Mbit/s: what a camera sends.
    pub async fn hd() -> anyhow::Result<Self> {
        static HD: OnceCell<Media> = OnceCell::const_new();
        HD.get_or_try_init(|| Self::make("1280x720", 2_500)).await.cloned()
    }

    async fn make(size: &str, kbits: u32) -> anyhow::Result<Self> {
        let (video, audio) = tokio::try_join!(video(size, kbits), audio())?;
        let pictures = annex_b::pictures(&video, MOST_PAYLOAD)?;
        ensure!(pictures.len() == (SECONDS * FRAME_RATE) as usize, "ffmpeg made {} pictures", pictures.len());
        let sound = ogg::opus_packets(&audio)?;
        ensure!(!sound.is_empty(), "ffmpeg made no sound");
        Ok(Self(Arc::new(Content { pictures, sound })))
    }

    /// The pictures of one round.
    pub(crate) fn pictures(&self) -> &[Picture] {
        &self.0.pictures
    }

    /// The packets of sound of one round.
    pub(crate) fn sound(&self) -> &[Bytes] {
        &self.0.sound
    }
}

async fn video(size: &str, kbits: u32) -> anyhow::Result<Bytes> {
    let source = format!("testsrc2=size={size}:rate={FRAME_RATE}");
    let (rate, group) = (format!("{kbits}k"), FRAME_RATE.to_string());
    let buffer = format!("{}k", kbits / 2);
    #[rustfmt::skip]
    let arguments = [
        "-f", "lavfi", "-i", &source, "-c:v", "libx264", "-profile:v", "baseline", "-preset", "veryfast",
        "-tune", "zerolatency", "-threads", "1", "-pix_fmt", "yuv420p", "-g", &group, "-keyint_min", &group,
        "-sc_threshold", "0", "-b:v", &rate, "-maxrate", &rate, "-bufsize", &buffer, "-f", "h264",
    ];
    ffmpeg(&arguments).await
}

async fn audio() -> anyhow::Result<Bytes> {
    #[rustfmt::skip]
    let arguments = [
        "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-ac", "2", "-c:a", "libopus", "-b:a", "64k",
        "-frame_duration", "20", "-f", "ogg",
    ];
    ffmpeg(&arguments).await
}

/// Runs ffmpeg for one round; what it makes comes through a pipe.
async fn ffmpeg(arguments: &[&str]) -> anyhow::Result<Bytes> {
    let seconds = SECONDS.to_string();
    let (output, name) = arguments.split_at(arguments.len() - 2);
    let made = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-nostdin"])
        .args(output)
        .args(["-t", &seconds])
        .args(name)
        .arg("pipe:1")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("cannot run ffmpeg")?;
    ensure!(made.status.success(), "ffmpeg failed: {}", String::from_utf8_lossy(&made.stderr));
    Ok(made.stdout.into())
}
