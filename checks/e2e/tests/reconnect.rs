//! A creator whose network fails: back within the grace time it is the same stream, later it is over.

use std::time::Instant;

use anyhow::{Context as _, ensure};
use e2e::{Creator, Instance, SOON, figure, figure_ms, found, probe, until_status};
use peer::{ChatClient, Media, Publisher, Refused, Viewer};
use rustix::process::Signal;

#[tokio::test]
async fn a_publisher_that_vanishes_and_comes_back_continues_its_stream_in_one_archive() -> anyhow::Result<()> {
    let instance = Instance::start(&[]).await?;
    let creator = Creator::sign_up(&instance, "mika").await?;
    let broadcast = creator.go_live("On a train", "public").await?;
    let info = broadcast.info.clone();
    let viewer = Viewer::start(&info.whep_url, None).await?;
    let mut room = ChatClient::connect(&info.chat_url, None).await?;
    room.join(None).await?;
    broadcast.has_sent(90).await?;
    let first = broadcast.publisher.vanish();
    let gone = Instant::now();

    let is_away =
        || async { Ok((creator.session.stream(&info.stream_id).await?["reconnecting"] == true).then_some(())) };
    found("it is noticed that the publisher is away", is_away).await?;
    figure_ms("publisher_loss_noticed_after", gone.elapsed());
    room.wait_for(|frame| frame["type"] == "stream" && frame["status"] == "reconnecting", SOON).await?;
    let stream = creator.session.stream(&info.stream_id).await?;
    ensure!(stream["status"] == "live", "the grace time runs: {stream}");

    let before = viewer.seen();
    let back = Instant::now();
    let publisher = Publisher::start(&info.whip_url, &info.publish_token, &Media::small().await?).await?;
    let more = before.keyframes + 1;
    let again = |seen: &peer::Seen| (seen.keyframes >= more).then_some(());
    viewer.wait_for("the picture again, in the same connection", SOON, again).await?;
    figure_ms("picture_again_after_return", back.elapsed());
    room.wait_for(|frame| frame["type"] == "stream" && frame["status"] == "live", SOON).await?;
    let is_back =
        || async { Ok((creator.session.stream(&info.stream_id).await?["reconnecting"] == false).then_some(())) };
    found("it is noticed that the publisher is back", is_back).await?;

    let enough = || async { Ok((publisher.sent().frames >= 90).then_some(())) };
    found("the second part is long enough", enough).await?;
    let second = publisher.sent();
    creator.session.end_stream(&info.stream_id).await?;
    let archive = creator.archive_of(&info.stream_id).await?;
    let all = creator.session.archives_of(&creator.session.account.user_id).await?;
    ensure!(all.len() == 1, "one stream has one archive: {all:?}");

    let played = probe(archive["hls_url"].as_str().context("it has an address")?, None).await?;
    let sent = first.frames + second.frames;
    figure("reconnect_archive_frames", played.frames as f64, &format!("of {sent}"));
    ensure!(played.frames + 30 >= sent, "{} of {sent} pictures; {}", played.frames, played.complaints);
    instance.stop(Signal::TERM).await?;
    Ok(())
}

#[tokio::test]
async fn a_publisher_that_stays_away_has_ended_its_stream() -> anyhow::Result<()> {
    let instance = Instance::start(&[("STREAMS__GRACE_SECS", "2")]).await?;
    let creator = Creator::sign_up(&instance, "mika").await?;
    let broadcast = creator.go_live("Into the tunnel", "public").await?;
    let info = broadcast.info.clone();
    broadcast.has_sent(60).await?;
    let sent = broadcast.publisher.vanish();
    let gone = Instant::now();
    until_status(&creator.session, &info.stream_id, "ended").await?;
    figure_ms("ended_after_loss_with_2_s_of_grace", gone.elapsed());

    let archive = creator.archive_of(&info.stream_id).await?;
    let played = probe(archive["hls_url"].as_str().context("it has an address")?, None).await?;
    ensure!(played.frames + 15 >= sent.frames, "{} of {} pictures", played.frames, sent.frames);
    let again = Publisher::start(&info.whip_url, &info.publish_token, &Media::small().await?).await;
    let error = again.err().context("an ended stream takes no publisher")?;
    ensure!(Refused::of(&error).is_some_and(|refused| refused.status < 500), "{error:#}");
    instance.stop(Signal::TERM).await?;
    Ok(())
}
