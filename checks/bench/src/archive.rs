//! From the end of a stream to an archive that plays, and how much of the stream is in it.

use std::time::Duration;

use anyhow::{Context as _, bail};
use peer::{Api, Media, Publisher, Session};
use tokio::time::{Instant, sleep, sleep_until};

use crate::report::{Report, Times};

const ROUNDS: u32 = 5;
const ON_AIR: Duration = Duration::from_secs(8);
/// An archive is watchable this soon ...
const GOAL_WATCHABLE_MS: f64 = 3000.0;
/// ... and as long as the stream was, but for this.
const GOAL_OFF_BY_SECS: f64 = 0.5;
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Measures.
pub(crate) async fn measure(api: &Api) -> anyhow::Result<Report> {
    let mika = api.sign_up("mika").await?;
    let media = Media::small().await?;
    let (mut waits, mut worst) = (Vec::new(), 0f64);
    for round in 0..ROUNDS {
        let stream = mika.start_stream(&format!("Round {round}"), "public").await?;
        let publisher = Publisher::start(&stream.whip_url, &stream.publish_token, &media).await?;
        sleep(ON_AIR).await;
        let ended = Instant::now();
        mika.end_stream(&stream.stream_id).await?;
        let sent = publisher.vanish();
        let seconds = watchable(&mika, &stream.stream_id, ended).await?;
        waits.push(ended.elapsed());
        worst = worst.max((seconds - sent.duration.as_secs_f64()).abs());
    }
    let waits = Times::of(waits);
    let mut report = Report::new("archive");
    report.figure("streams", f64::from(ROUNDS));
    report.figure("watchable_p50_ms", waits.ms(0.5));
    report.at_most("watchable_max_ms", waits.ms(1.0), GOAL_WATCHABLE_MS);
    report.at_most("duration_off_by_max_secs", worst, GOAL_OFF_BY_SECS);
    Ok(report)
}

/// Waits for a playlist that is whole; how many seconds it plays.
async fn watchable(mika: &Session, stream_id: &str, ended: Instant) -> anyhow::Result<f64> {
    for look in 1.. {
        if let Some(seconds) = playlist_of(mika, stream_id).await? {
            return Ok(seconds);
        }
        if ended.elapsed() > PATIENCE {
            break;
        }
        sleep_until(ended + LOOK_EVERY * look).await;
    }
    bail!("no archive within {PATIENCE:?}")
}

async fn playlist_of(mika: &Session, stream_id: &str) -> anyhow::Result<Option<f64>> {
    let stream = mika.stream(stream_id).await?;
    let Some(id) = stream["archive_id"].as_str() else { return Ok(None) };
    let archive = mika.archive(id).await?;
    if !matches!(archive["status"].as_str(), Some("ready" | "complete")) {
        return Ok(None);
    }
    let url = archive["hls_url"].as_str().with_context(|| format!("no hls_url in {archive}"))?;
    let (status, playlist) = mika.fetch(url).await?;
    let playlist = String::from_utf8_lossy(&playlist);
    Ok((status == 200 && playlist.contains("#EXT-X-ENDLIST")).then(|| seconds_of(&playlist)))
}

/// The playing time of an HLS playlist of segments.
fn seconds_of(playlist: &str) -> f64 {
    let segment = |line: &str| line.strip_prefix("#EXTINF:")?.split(',').next()?.parse::<f64>().ok();
    playlist.lines().filter_map(segment).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_playlist_plays_as_long_as_its_segments() {
        let playlist = "#EXTM3U\n#EXTINF:2.5,\na.m4s\n#EXTINF:1.25,title\nb.m4s\n#EXT-X-ENDLIST\n";
        assert_eq!(seconds_of(playlist), 3.75);
    }
}
