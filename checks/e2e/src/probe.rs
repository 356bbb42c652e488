//! What ffprobe, which knows nothing of us, finds in a recording.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

/// Reading and decoding a minute of a test picture takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// A file or stream, decoded to its end.
#[derive(Debug, Clone)]
pub struct Probe {
    /// How long it says it is.
    pub seconds: f64,
    /// Pictures that were decoded.
    pub frames: u64,
    /// Blocks of sound that were decoded.
    pub sounds: u64,
    /// Width and height of the picture.
    pub size: (u64, u64),
    /// The names of its codecs, in order.
    pub codecs: Vec<String>,
    /// All that ffprobe complained about, one a line.
    pub complaints: String,
}

/// Decodes what an address gives, signed in with `bearer`.
pub async fn probe(url: &str, bearer: Option<&str>) -> anyhow::Result<Probe> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "warning", "-count_frames", "-of", "json", "-show_entries"]);
    command.arg("format=duration:stream=codec_name,codec_type,width,height,nb_read_frames");
    if let Some(bearer) = bearer {
        command.args(["-headers", &format!("Authorization: Bearer {bearer}\r\n")]);
    }
    command.arg(url).stdin(Stdio::null()).kill_on_drop(true);
    let done = timeout(PATIENCE, command.output()).await.context("ffprobe takes too long")?;
    let done = done.context("cannot run ffprobe")?;
    let complaints = String::from_utf8_lossy(&done.stderr).into_owned();
    ensure!(done.status.success(), "ffprobe cannot read {url}: {complaints}");
    let found: Value = serde_json::from_slice(&done.stdout)?;
    let none = Vec::new();
    let streams = found["streams"].as_array().unwrap_or(&none);
    let of = |kind: &str| streams.iter().find(|stream| stream["codec_type"] == kind);
    let frames = |kind: &str| of(kind).map_or(0, |stream| number(&stream["nb_read_frames"]));
    let side = |name: &str| of("video").and_then(|video| video[name].as_u64()).unwrap_or(0);
    Ok(Probe {
        seconds: found["format"]["duration"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0.0),
        frames: frames("video"),
        sounds: frames("audio"),
        size: (side("width"), side("height")),
        codecs: streams.iter().filter_map(|stream| stream["codec_name"].as_str()).map(ToOwned::to_owned).collect(),
        complaints,
    })
}

fn number(text: &Value) -> u64 {
    text.as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}
