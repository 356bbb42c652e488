//! The main job: go live, watch, chat, end, and find the archive.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use e2e::{Broadcast, Creator, Ended, Instance, SOON, figure, figure_ms, found, probe, until, until_status};
use peer::{Api, ChatClient, Refused, Said, Session, Viewer, events_of};
use rustix::process::Signal;

/// Whatever takes longer is broken, however busy the machine. How fast it is, the figures and the benchmarks say.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_creator_goes_live_everybody_watches_and_chats_and_the_archive_is_there_at_once() -> anyhow::Result<()> {
    let instance = Instance::start(&[]).await?;
    let creator = Creator::sign_up(&instance, "mika").await?;
    let ren = Api::new(&instance.url).sign_up("ren").await?;
    let broadcast = creator.go_live("Painting the harbour", "public").await?;
    figure_ms("live_after_click", broadcast.live_after);
    ensure!(broadcast.live_after < PATIENCE, "live within seconds");

    watch_in_mid_stream(&broadcast).await?;
    count_viewers(&broadcast).await?;
    chat_both_ways(&broadcast, &creator.session, &ren).await?;
    play_live_by_hls(&broadcast, &ren).await?;
    // Long enough for several segments.
    broadcast.has_sent(300).await?;

    let ended = broadcast.end().await?;
    figure_ms("archive_watchable_after_end", ended.watchable_after);
    ensure!(ended.watchable_after <= PATIENCE, "watchable after {:?}", ended.watchable_after);
    until_status(&creator.session, text(&ended.archive, "stream_id")?, "ended").await?;
    play_archive(&ended).await?;
    finish_archive(&creator.session, &ended).await?;
    instance.stop(Signal::TERM).await?;
    Ok(())
}

/// Viewers who come between two keyframes: each has a picture half a second after asking.
async fn watch_in_mid_stream(broadcast: &Broadcast) -> anyhow::Result<()> {
    broadcast.has_sent(45).await?;
    for round in 0..3 {
        let viewer = Viewer::start(&broadcast.info.whep_url, None).await?;
        let first = viewer.wait_for_keyframe(SOON).await?;
        figure_ms("first_keyframe_after_post", first);
        ensure!(first <= PATIENCE, "viewer {round} waited {first:?} for a keyframe");
        // What comes first are the pictures since the last keyframe, as old as they are.
        viewer.wait_for_frames(45, SOON).await?;
        viewer.forget_ages();
        viewer.wait_for_frames(105, SOON).await?;
        let seen = viewer.stop().await?;
        ensure!(seen.video.missing + seen.audio.missing == 0, "nothing is lost on one machine: {seen:?}");
        let mut ages = seen.ages;
        ages.sort_unstable();
        figure_ms("frame_age_p50", ages[ages.len() / 2]);
        figure_ms("frame_age_p95", ages[ages.len() * 95 / 100]);
    }
    figure("keyframes_asked_for", broadcast.publisher.keyframe_requests() as f64, "requests");
    Ok(())
}

/// The count follows living connections: those that leave and those that vanish.
async fn count_viewers(broadcast: &Broadcast) -> anyhow::Result<()> {
    let has = |count: u64| async move {
        let is_so = || async { Ok((broadcast.stream().await?["viewer_count"] == count).then_some(())) };
        found(&format!("{count} viewers are counted"), is_so).await
    };
    let whep = &broadcast.info.whep_url;
    let (one, two) = tokio::try_join!(Viewer::start(whep, None), Viewer::start(whep, None))?;
    has(2).await?;
    one.stop().await?;
    has(1).await?;
    two.stop().await?;
    has(0).await
}

async fn chat_both_ways(broadcast: &Broadcast, mika: &Session, ren: &Session) -> anyhow::Result<()> {
    let room = &broadcast.info.chat_url;
    let mut creator = ChatClient::connect(room, Some(&mika.bearer)).await?;
    let mut viewer = ChatClient::connect(room, Some(&ren.bearer)).await?;
    let joined = creator.join(None).await?;
    ensure!(joined["status"] == "live" && joined["may_speak"] == true, "{joined}");
    viewer.join(None).await?;

    let said = Instant::now();
    ensure!(matches!(creator.say("welcome, all").await?, Said::At(_)), "the creator may speak");
    let heard = viewer.wait_for_message("welcome, all", SOON).await?;
    figure_ms("chat_line", said.elapsed());
    ensure!(heard["by"]["is_creator"] == true && heard["by"]["username"] == mika.account.username.as_str(), "{heard}");
    ensure!(matches!(viewer.say("hello from the other side").await?, Said::At(_)), "a viewer may speak");
    let heard = creator.wait_for_message("hello from the other side", SOON).await?;
    ensure!(heard["by"]["is_creator"] == false, "{heard}");

    let mut late = ChatClient::connect(room, None).await?;
    let joined = late.join(None).await?;
    let history: Vec<_> = events_of(&joined).iter().filter_map(|event| event["text"].as_str()).collect();
    ensure!(history == ["welcome, all", "hello from the other side"], "who comes late reads {history:?}");
    ensure!(joined["may_speak"] == false && joined["you"].is_null(), "{joined}");
    ensure!(late.say("me too").await? == Said::Refused("NOT_SIGNED_IN".to_owned()), "anonymous viewers only read");
    creator.leave().await?;
    viewer.leave().await
}

/// What is closed so far can be played while the stream goes on.
async fn play_live_by_hls(broadcast: &Broadcast, viewer: &Session) -> anyhow::Result<()> {
    let has_segments = || async {
        let (status, playlist) = viewer.fetch(&broadcast.info.hls_url).await?;
        let playlist = String::from_utf8_lossy(&playlist).into_owned();
        Ok((status == 200 && playlist.contains("#EXTINF")).then_some(playlist))
    };
    let playlist = found("the live playlist has a segment", has_segments).await?;
    ensure!(!playlist.contains("#EXT-X-ENDLIST"), "the stream is not over:\n{playlist}");
    Ok(())
}

async fn play_archive(ended: &Ended) -> anyhow::Result<()> {
    let played = probe(text(&ended.archive, "hls_url")?, None).await?;
    let published = ended.sent.duration.as_secs_f64();
    let told = ended.archive["duration"].as_f64().context("an archive has a duration")?;
    figure("archive_duration_off_by", (played.seconds - published).abs(), "s");
    ensure!(played.complaints.is_empty(), "it plays without complaints:\n{}", played.complaints);
    ensure!((played.seconds - published).abs() <= 0.5, "it plays {} s of {published} s", played.seconds);
    ensure!((told - published).abs() <= 0.5, "it is said to have {told} s of {published} s");
    ensure!(played.frames + 15 >= ended.sent.frames, "{} of {} pictures", played.frames, ended.sent.frames);
    ensure!(played.size == (640, 360) && played.codecs.iter().any(|codec| codec == "h264"), "{played:?}");
    Ok(())
}

/// The job that follows: a file to download, and a picture of it.
async fn finish_archive(session: &Session, ended: &Ended) -> anyhow::Result<()> {
    let id = text(&ended.archive, "archive_id")?;
    let since = Instant::now();
    let is_complete = || async {
        let archive = session.archive(id).await?;
        Ok((archive["status"] == "complete").then_some(archive))
    };
    let archive = found("the archive is complete", is_complete).await?;
    figure_ms("archive_complete_after_watchable", since.elapsed());

    let download = probe(text(&archive, "download_url")?, None).await?;
    ensure!(download.complaints.is_empty(), "the download plays without complaints:\n{}", download.complaints);
    let published = ended.sent.duration.as_secs_f64();
    ensure!((download.seconds - published).abs() <= 0.5, "it has {} s of {published} s", download.seconds);
    ensure!(download.frames + 15 >= ended.sent.frames, "{} of {} pictures", download.frames, ended.sent.frames);
    ensure!(download.sounds > 0, "it can be heard");

    let (status, picture) = session.fetch(text(&archive, "thumbnail_url")?).await?;
    ensure!(status == 200 && picture.starts_with(&[0xff, 0xd8, 0xff]), "the thumbnail is a JPEG");
    Ok(())
}

#[tokio::test]
async fn a_private_stream_is_invisible_to_strangers_everywhere() -> anyhow::Result<()> {
    let instance = Instance::start(&[]).await?;
    let creator = Creator::sign_up(&instance, "mika").await?;
    let api = Api::new(&instance.url);
    let stranger = api.sign_up("ren").await?;
    let broadcast = creator.go_live("For my eyes", "private").await?;
    let info = broadcast.info.clone();

    let viewer = Viewer::start(&info.whep_url, Some(&creator.session.bearer)).await?;
    viewer.wait_for_keyframe(SOON).await?;
    ChatClient::connect(&info.chat_url, Some(&creator.session.bearer)).await?.join(None).await?;
    let playable = || async { Ok((creator.session.fetch(&info.hls_url).await?.0 == 200).then_some(())) };
    found("its creator can play it by HLS", playable).await?;

    let path = format!("/api/streams/{}", info.stream_id);
    for bearer in [None, Some(stranger.bearer.as_str())] {
        ensure!(api.fetch(&path, bearer).await?.0 == 404, "the API does not know it");
        ensure!(api.fetch(&info.hls_url, bearer).await?.0 == 404, "there is no playlist of it");
        is_not_found(Viewer::start(&info.whep_url, bearer).await.map(drop), "WHEP")?;
        is_not_found(ChatClient::connect(&info.chat_url, bearer).await.map(drop), "the room")?;
        let (_, live) = api.fetch("/api/streams?status=live", bearer).await?;
        ensure!(!String::from_utf8_lossy(&live).contains(&info.stream_id), "it is not listed");
    }
    ensure!(stranger.put(&format!("{path}/end"), &serde_json::json!({})).await?.0 == 404, "a stranger cannot end it");

    let ended = broadcast.end().await?;
    let id = text(&ended.archive, "archive_id")?;
    let hls = text(&ended.archive, "hls_url")?;
    ensure!(probe(hls, Some(&creator.session.bearer)).await?.frames > 0, "its creator can play the archive");
    for bearer in [None, Some(stranger.bearer.as_str())] {
        ensure!(api.fetch(&format!("/api/archives/{id}"), bearer).await?.0 == 404, "the archive is not known");
        for what in ["hls/index.m3u8", "download", "thumbnail"] {
            let status = api.fetch(&format!("/api/archives/{id}/{what}"), bearer).await?.0;
            ensure!(status == 404, "{what} of the archive gives {status}");
        }
        let owner = &creator.session.account.user_id;
        let (_, list) = api.fetch(&format!("/api/archives?user_id={owner}"), bearer).await?;
        ensure!(!String::from_utf8_lossy(&list).contains(id), "the archive is not listed");
    }
    instance.stop(Signal::TERM).await?;
    Ok(())
}

#[tokio::test]
async fn a_creators_delete_ends_the_stream_and_viewers_are_told() -> anyhow::Result<()> {
    let instance = Instance::start(&[]).await?;
    let creator = Creator::sign_up(&instance, "mika").await?;
    let broadcast = creator.go_live("Short and sweet", "unlisted").await?;
    let info = broadcast.info.clone();
    let mut room = ChatClient::connect(&info.chat_url, None).await?;
    room.join(None).await?;
    let viewer = Viewer::start(&info.whep_url, None).await?;
    viewer.wait_for_keyframe(SOON).await?;
    broadcast.has_sent(60).await?;
    broadcast.publisher.stop().await?;
    let stopped = Instant::now();
    until_status(&creator.session, &info.stream_id, "ended").await?;
    viewer.wait_for_cut(SOON).await?;
    figure_ms("viewer_cut_after_end", stopped.elapsed());
    room.wait_for(|frame| frame["type"] == "stream" && frame["status"] == "ended", SOON).await?;
    creator.archive_of(&info.stream_id).await?;
    until("nobody can publish to it any more", || async {
        let again = peer::Publisher::start(&info.whip_url, &info.publish_token, &media().await).await;
        again.err().is_some_and(|error| Refused::of(&error).is_some())
    })
    .await?;
    let refusal = Viewer::start(&info.whep_url, None).await.err().context("there is nothing to watch any more")?;
    ensure!(Refused::of(&refusal).is_some_and(|refused| refused.status < 500), "{refusal}");
    instance.stop(Signal::TERM).await?;
    Ok(())
}

#[tokio::test]
async fn an_encoder_with_a_stream_key_is_live_without_a_click() -> anyhow::Result<()> {
    let instance = Instance::start(&[]).await?;
    let creator = Creator::sign_up(&instance, "mika").await?;
    let (status, key) = creator.session.post("/api/stream-keys", &serde_json::json!({ "label": "Studio" })).await?;
    ensure!(status == 201, "{status} {key}");
    let publisher = peer::Publisher::start(text(&key, "whip_url")?, text(&key, "key")?, &media().await).await?;
    let is_live = || async {
        let (_, live) = creator.session.get("/api/streams?status=live").await?;
        Ok(live["items"].as_array().and_then(|items| items.first().cloned()))
    };
    let stream = found("its stream is live", is_live).await?;
    ensure!(stream["user_id"] == creator.session.account.user_id.as_str(), "{stream}");
    let viewer = Viewer::start(text(&stream, "whep_url")?, None).await?;
    viewer.wait_for_keyframe(SOON).await?;
    publisher.stop().await?;
    until_status(&creator.session, text(&stream, "stream_id")?, "ended").await?;

    let path = format!("/api/stream-keys/{}", text(&key, "stream_key_id")?);
    ensure!(creator.session.delete(&path).await?.0 < 300, "the key is revoked");
    let again = peer::Publisher::start(text(&key, "whip_url")?, text(&key, "key")?, &media().await).await;
    let error = again.err().context("a revoked key opens nothing")?;
    ensure!(Refused::of(&error).is_some_and(|refused| refused.status == 401), "{error:#}");
    instance.stop(Signal::TERM).await?;
    Ok(())
}

async fn media() -> peer::Media {
    peer::Media::small().await.expect("ffmpeg makes it")
}

fn is_not_found(outcome: anyhow::Result<()>, what: &str) -> anyhow::Result<()> {
    let error = outcome.err().with_context(|| format!("{what} let a stranger in"))?;
    ensure!(Refused::of(&error).is_some_and(|refused| refused.status == 404), "{what} says {error:#}");
    Ok(())
}

fn text<'a>(value: &'a serde_json::Value, key: &str) -> anyhow::Result<&'a str> {
    value[key].as_str().with_context(|| format!("no {key} in {value}"))
}
