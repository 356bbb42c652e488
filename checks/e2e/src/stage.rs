//! The main job in words: sign up, go live, end, find the archive.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use peer::{Api, Media, Publisher, Sent, Session, StreamInfo};
use serde_json::Value;

use crate::Instance;

/// What happens on a person's click has happened by then, however busy the machine is.
pub const SOON: Duration = Duration::from_secs(30);

/// Somebody who has signed up and in.
#[derive(Debug)]
pub struct Creator {
    /// Their session.
    pub session: Session,
}

/// A stream that is live.
#[derive(Debug)]
pub struct Broadcast {
    /// Its addresses.
    pub info: StreamInfo,
    /// Who sends it.
    pub publisher: Publisher,
    /// From the click to `live`.
    pub live_after: Duration,
    session: Session,
}

/// A stream that has ended, and its archive.
#[derive(Debug)]
pub struct Ended {
    /// The archive, as the creator sees it once it can be watched.
    pub archive: Value,
    /// What had been sent when the end was asked for.
    pub sent: Sent,
    /// From the end to an archive that can be watched.
    pub watchable_after: Duration,
}

impl Creator {
    /// Signs up.
    pub async fn sign_up(instance: &Instance, name: &str) -> anyhow::Result<Self> {
        Ok(Self { session: Api::new(&instance.url).sign_up(name).await? })
    }

    /// Starts a stream, sends and waits until it is live.
    pub async fn go_live(&self, title: &str, visibility: &str) -> anyhow::Result<Broadcast> {
        let media = Media::small().await?;
        let clicked = Instant::now();
        let info = self.session.start_stream(title, visibility).await?;
        let publisher = Publisher::start(&info.whip_url, &info.publish_token, &media).await?;
        until_status(&self.session, &info.stream_id, "live").await?;
        let live_after = clicked.elapsed();
        Ok(Broadcast { info, publisher, live_after, session: self.session.clone() })
    }

    /// The archive of a stream that has ended, as soon as it can be watched.
    pub async fn archive_of(&self, stream_id: &str) -> anyhow::Result<Value> {
        watchable(&self.session, stream_id).await
    }
}

impl Broadcast {
    /// The stream as its creator sees it.
    pub async fn stream(&self) -> anyhow::Result<Value> {
        self.session.stream(&self.info.stream_id).await
    }

    /// Waits until so many pictures have been sent.
    pub async fn has_sent(&self, frames: u64) -> anyhow::Result<()> {
        let enough = || async { Ok((self.publisher.sent().frames >= frames).then_some(())) };
        found("enough has been sent", enough).await
    }

    /// Presses *End* and waits for the archive.
    pub async fn end(self) -> anyhow::Result<Ended> {
        let sent = self.publisher.sent();
        let clicked = Instant::now();
        self.session.end_stream(&self.info.stream_id).await?;
        let archive = watchable(&self.session, &self.info.stream_id).await?;
        Ok(Ended { archive, sent, watchable_after: clicked.elapsed() })
    }
}

/// Waits until a stream has this status.
pub async fn until_status(session: &Session, stream_id: &str, status: &str) -> anyhow::Result<Value> {
    let has_it = || async {
        let stream = session.stream(stream_id).await?;
        Ok((stream["status"] == status).then_some(stream))
    };
    found(&format!("the stream is {status}"), has_it).await
}

/// An archive can be watched when it says so and its playlist is whole.
async fn watchable(session: &Session, stream_id: &str) -> anyhow::Result<Value> {
    let is_there = || async {
        let stream = session.stream(stream_id).await?;
        let Some(id) = stream["archive_id"].as_str() else { return Ok(None) };
        let archive = session.archive(id).await?;
        if !matches!(archive["status"].as_str(), Some("ready" | "complete")) {
            return Ok(None);
        }
        let url = archive["hls_url"].as_str().with_context(|| format!("no hls_url in {archive}"))?;
        let (status, playlist) = session.fetch(url).await?;
        let is_whole = status == 200 && String::from_utf8_lossy(&playlist).contains("#EXT-X-ENDLIST");
        Ok(is_whole.then_some(archive))
    };
    found("the archive can be watched", is_there).await
}

/// Waits until there is what `look` looks for; fails with `what` after half a minute.
pub async fn found<T, F: Future<Output = anyhow::Result<Option<T>>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> anyhow::Result<T> {
    let deadline = tokio::time::Instant::now() + SOON;
    let mut every = tokio::time::interval(Duration::from_millis(25));
    loop {
        if let Some(found) = look().await.with_context(|| format!("while waiting until {what}"))? {
            return Ok(found);
        }
        if tokio::time::Instant::now() > deadline {
            bail!("waited in vain until {what}");
        }
        every.tick().await;
    }
}

/// Prints a measured figure in the form that is collected.
pub fn figure(name: &str, value: f64, unit: &str) {
    println!("figure: {name} = {value:.3} {unit}");
}

/// A duration as a figure in milliseconds.
pub fn figure_ms(name: &str, value: Duration) {
    figure(name, value.as_secs_f64() * 1e3, "ms");
}
