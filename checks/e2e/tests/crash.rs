//! A power cut in mid-stream: what is lost, and what is not.

use anyhow::{Context as _, ensure};
use e2e::{Creator, Instance, figure, found, probe, until_status};
use peer::{Api, Media, Publisher};
use rustix::process::Signal;

/// Pictures in the second before the cut.
const LAST_SECOND: u64 = 30;

#[tokio::test]
async fn after_a_power_cut_nothing_is_stuck_live_and_all_but_the_last_second_plays() -> anyhow::Result<()> {
    let instance = Instance::start(&[("STREAMS__GRACE_SECS", "2")]).await?;
    let creator = Creator::sign_up(&instance, "mika").await?;
    let broadcast = creator.go_live("Thunderstorm", "public").await?;
    let info = broadcast.info.clone();
    broadcast.has_sent(165).await?;
    let sent = broadcast.publisher.sent();
    let killed = instance.kill_tree().await?;
    drop(broadcast);

    let again = killed.start().await?;
    let session = Api::new(&again.url).login(&creator.session.account).await?;
    let creator = Creator { session };
    until_status(&creator.session, &info.stream_id, "ended").await?;
    let archive = creator.archive_of(&info.stream_id).await?;
    let played = probe(archive["hls_url"].as_str().context("it has an address")?, None).await?;
    figure("frames_lost_by_kill", sent.frames.saturating_sub(played.frames) as f64, "frames");
    ensure!(played.frames + LAST_SECOND >= sent.frames, "{} of {} pictures", played.frames, sent.frames);
    ensure!(played.complaints.is_empty(), "it plays without complaints:\n{}", played.complaints);
    let (_, live) = creator.session.get("/api/streams?status=live").await?;
    ensure!(live["items"].as_array().is_some_and(Vec::is_empty), "nothing is stuck live: {live}");
    again.stop(Signal::TERM).await?;
    Ok(())
}

#[tokio::test]
async fn a_creator_who_comes_back_after_a_power_cut_continues_the_stream() -> anyhow::Result<()> {
    let instance = Instance::start(&[]).await?;
    let creator = Creator::sign_up(&instance, "mika").await?;
    let broadcast = creator.go_live("Candlelight", "public").await?;
    let info = broadcast.info.clone();
    broadcast.has_sent(105).await?;
    let first = broadcast.publisher.sent();
    let old = instance.url.clone();
    let killed = instance.kill_tree().await?;
    drop(broadcast);

    let again = killed.start().await?;
    let session = Api::new(&again.url).login(&creator.session.account).await?;
    let creator = Creator { session };
    let stream = creator.session.stream(&info.stream_id).await?;
    ensure!(stream["status"] == "live", "the grace time runs: {stream}");
    // Every start of a test has another port; an installation keeps its own.
    let whip = info.whip_url.replace(&old, &again.url);
    let publisher = Publisher::start(&whip, &info.publish_token, &Media::small().await?).await?;
    let enough = || async { Ok((publisher.sent().frames >= 90).then_some(())) };
    found("the second part is long enough", enough).await?;
    let second = publisher.sent();
    creator.session.end_stream(&info.stream_id).await?;

    let archive = creator.archive_of(&info.stream_id).await?;
    let played = probe(archive["hls_url"].as_str().context("it has an address")?, None).await?;
    let sent = first.frames + second.frames;
    ensure!(played.frames + LAST_SECOND + 15 >= sent, "{} of {sent} pictures; {}", played.frames, played.complaints);
    let all = creator.session.archives_of(&creator.session.account.user_id).await?;
    ensure!(all.len() == 1, "one stream has one archive: {all:?}");
    again.stop(Signal::TERM).await?;
    Ok(())
}
