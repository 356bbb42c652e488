//! From a click to a picture, and how old pictures are when they arrive.

use std::time::Duration;

use peer::{Api, Media, Publisher, Viewer};
use tokio::task::JoinSet;

use crate::report::{Report, Times};

/// Viewers who come one after the other, at no particular moment of the second between two keyframes.
const JOINS: u32 = 20;
const BETWEEN_JOINS: Duration = Duration::from_millis(370);
/// Viewers who watch at the same time.
const WATCHERS: u32 = 8;
const WATCHING: Duration = Duration::from_secs(10);
/// A first keyframe takes at most this, and so does ...
const GOAL_FIRST_MS: f64 = 500.0;
/// ... a picture, from the publisher's packets to the viewer's, at its 95th percentile.
const GOAL_AGE_P95_MS: f64 = 250.0;
const PATIENCE: Duration = Duration::from_secs(10);

/// Measures.
pub(crate) async fn measure(api: &Api) -> anyhow::Result<Report> {
    let mika = api.sign_up("mika").await?;
    let stream = mika.start_stream("Fireworks", "public").await?;
    let media = Media::hd().await?;
    let publisher = Publisher::start(&stream.whip_url, &stream.publish_token, &media).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;

    let mut firsts = Vec::new();
    for _ in 0..JOINS {
        let viewer = Viewer::start(&stream.whep_url, None).await?;
        firsts.push(viewer.wait_for_keyframe(PATIENCE).await?);
        viewer.stop().await?;
        tokio::time::sleep(BETWEEN_JOINS).await;
    }
    let firsts = Times::of(firsts);

    let mut watching = JoinSet::new();
    for _ in 0..WATCHERS {
        let viewer = Viewer::start(&stream.whep_url, None).await?;
        watching.spawn(async move {
            viewer.wait_for_keyframe(PATIENCE).await?;
            viewer.forget_ages();
            tokio::time::sleep(WATCHING).await;
            viewer.stop().await
        });
    }
    let (mut ages, mut packets, mut missing) = (Vec::new(), 0, 0);
    while let Some(seen) = watching.join_next().await {
        let seen = seen??;
        packets += seen.video.packets + seen.audio.packets;
        missing += seen.video.missing + seen.audio.missing;
        ages.extend(seen.ages);
    }
    let ages = Times::of(ages);
    let asked = publisher.keyframe_requests();
    publisher.stop().await?;

    let mut report = Report::new("media");
    report.figure("joins", f64::from(JOINS));
    report.figure("first_keyframe_p50_ms", firsts.ms(0.5));
    report.at_most("first_keyframe_max_ms", firsts.ms(1.0), GOAL_FIRST_MS);
    report.figure("keyframes_asked_for", asked as f64);
    report.figure("watchers", f64::from(WATCHERS));
    report.figure("pictures", ages.count() as f64);
    report.figure("picture_age_p50_ms", ages.ms(0.5));
    report.at_most("picture_age_p95_ms", ages.ms(0.95), GOAL_AGE_P95_MS);
    report.figure("packets", packets as f64);
    report.at_most("packets_missing", missing as f64, 0.0);
    Ok(report)
}
