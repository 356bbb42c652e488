//! From a click to a picture, and how old pictures are when they arrive.

use std::time::Duration;

use peer::{Api, Media, Publisher, Seen, Viewer, connect_directly};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

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
/// Who comes is sent what was since the last keyframe; at pictures younger than this they have caught up.
const CAUGHT_UP: Duration = Duration::from_millis(60);
const PATIENCE: Duration = Duration::from_secs(10);

/// Measures.
pub(crate) async fn measure(api: &Api) -> anyhow::Result<Report> {
    let mut report = Report::new("media");
    let media = Media::hd().await?;
    let direct = directly(&media).await?;

    let mika = api.sign_up("mika").await?;
    let stream = mika.start_stream("Fireworks", "public").await?;
    let publisher = Publisher::start(&stream.whip_url, &stream.publish_token, &media).await?;
    sleep(Duration::from_secs(2)).await;
    joins(&stream.whep_url, &mut report).await?;
    report.figure("keyframes_asked_for", publisher.keyframe_requests() as f64);

    report.figure("direct_picture_age_p50_ms", direct.ms(0.5));
    report.figure("direct_picture_age_p95_ms", direct.ms(0.95));
    report.figure("direct_picture_age_p99_ms", direct.ms(0.99));
    let alone = Times::of(watch(Viewer::start(&stream.whep_url, None).await?).await?.ages);
    report.figure("alone_picture_age_p50_ms", alone.ms(0.5));
    report.figure("alone_picture_age_p95_ms", alone.ms(0.95));
    report.figure("alone_picture_age_p99_ms", alone.ms(0.99));
    together(&stream.whep_url, &mut report).await?;
    publisher.stop().await?;
    Ok(report)
}

/// The same client with nothing between publisher and viewer: what is not ours in the figures.
async fn directly(media: &Media) -> anyhow::Result<Times> {
    let (publisher, viewer) = connect_directly(media).await?;
    let seen = watch(viewer).await?;
    publisher.stop().await?;
    Ok(Times::of(seen.ages))
}

/// One viewer after the other.
async fn joins(whep_url: &str, report: &mut Report) -> anyhow::Result<()> {
    let (mut firsts, mut edges) = (Vec::new(), Vec::new());
    for _ in 0..JOINS {
        let asked = Instant::now();
        let viewer = Viewer::start(whep_url, None).await?;
        firsts.push(viewer.wait_for_keyframe(PATIENCE).await?);
        catch_up(&viewer).await?;
        edges.push(asked.elapsed());
        viewer.stop().await?;
        sleep(BETWEEN_JOINS).await;
    }
    let (firsts, edges) = (Times::of(firsts), Times::of(edges));
    report.figure("joins", f64::from(JOINS));
    report.figure("first_keyframe_p50_ms", firsts.ms(0.5));
    report.at_most("first_keyframe_max_ms", firsts.ms(1.0), GOAL_FIRST_MS);
    report.figure("caught_up_p50_ms", edges.ms(0.5));
    report.figure("caught_up_max_ms", edges.ms(1.0));
    Ok(())
}

/// Several viewers at once.
async fn together(whep_url: &str, report: &mut Report) -> anyhow::Result<()> {
    let mut watching = JoinSet::new();
    for _ in 0..WATCHERS {
        watching.spawn(watch(Viewer::start(whep_url, None).await?));
    }
    let (mut ages, mut packets, mut missing) = (Vec::new(), 0, 0);
    while let Some(seen) = watching.join_next().await {
        let seen = seen??;
        packets += seen.video.packets + seen.audio.packets;
        missing += seen.video.missing + seen.audio.missing;
        ages.extend(seen.ages);
    }
    let ages = Times::of(ages);
    report.figure("watchers", f64::from(WATCHERS));
    report.figure("pictures", ages.count() as f64);
    report.figure("picture_age_p50_ms", ages.ms(0.5));
    report.at_most("picture_age_p95_ms", ages.ms(0.95), GOAL_AGE_P95_MS);
    report.figure("picture_age_p99_ms", ages.ms(0.99));
    report.figure("packets", packets as f64);
    report.at_most("packets_missing", missing as f64, 0.0);
    Ok(())
}

/// Watches for a while, from the live edge on.
async fn watch(viewer: Viewer) -> anyhow::Result<Seen> {
    catch_up(&viewer).await?;
    viewer.forget_ages();
    sleep(WATCHING).await;
    viewer.stop().await
}

async fn catch_up(viewer: &Viewer) -> anyhow::Result<()> {
    let is_young = |seen: &Seen| seen.ages.last().is_some_and(|age| *age < CAUGHT_UP).then_some(());
    viewer.wait_for("pictures that are young", PATIENCE, is_young).await
}
