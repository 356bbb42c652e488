//! What was sent is what is played.

use std::time::Duration;

use domain::{ArchiveStatus, Visibility};

use super::publisher::Publisher;
use super::samples::Picture;
use super::world::{World, decodes, playlist_of, probe};

fn near(a: f64, b: f64, within: f64) -> bool {
    (a - b).abs() <= within
}

#[tokio::test(flavor = "multi_thread")]
async fn every_picture_is_in_the_archive_and_it_is_ready_three_seconds_after_the_end() {
    let world = World::new().await;
    let stream = world.live_stream(Visibility::Public).await;
    let publisher = Publisher::h264(Picture::SMALL).with_sound(6);
    let mut recording = world.archives.begin(stream).await.unwrap();
    publisher.send(&mut recording).await;
    recording.pause().await.unwrap();
    world.end(stream).await;
    let ended = tokio::time::Instant::now();
    world.archives.finish(stream);
    let archive = world.ready(stream).await;
    assert!(ended.elapsed() < Duration::from_secs(3), "{:?}", ended.elapsed());
    assert_eq!(archive.status, ArchiveStatus::Ready);
    assert!(near(archive.duration.as_secs_f64(), 6.0, 0.1), "{:?}", archive.duration);
    let url = playlist_of(&world.serve().await, archive.id);
    decodes(&url).await;
    let (pictures, first_picture, last_picture) = probe(&url, "v").await;
    assert_eq!(pictures, publisher.picture_count());
    let (sounds, first_sound, last_sound) = probe(&url, "a").await;
    assert!((298..=302).contains(&sounds), "{sounds}");
    assert!(near(first_picture, first_sound, 0.04) && near(last_picture, last_sound, 0.06));
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn high_profile_at_an_odd_size_plays_too() {
    let world = World::new().await;
    let stream = world.live_stream(Visibility::Unlisted).await;
    let picture = Picture { size: "426x240", fps: 25, secs: 5, gop: 25, profile: "high" };
    let publisher = Publisher::h264(picture).with_sound(5);
    let mut recording = world.archives.begin(stream).await.unwrap();
    publisher.send(&mut recording).await;
    drop(recording);
    world.end(stream).await;
    let archive = world.ready(stream).await;
    let url = playlist_of(&world.serve().await, archive.id);
    decodes(&url).await;
    assert_eq!(probe(&url, "v").await.0, publisher.picture_count(), "found by the sweep, unpaused");
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vp8_is_recorded_as_it_is() {
    let world = World::new().await;
    let stream = world.live_stream(Visibility::Public).await;
    let publisher = Publisher::vp8(Picture { secs: 4, ..Picture::SMALL }).with_sound(4);
    let mut recording = world.archives.begin(stream).await.unwrap();
    publisher.send(&mut recording).await;
    recording.pause().await.unwrap();
    world.end(stream).await;
    let archive = world.ready(stream).await;
    let url = playlist_of(&world.serve().await, archive.id);
    decodes(&url).await;
    assert_eq!(probe(&url, "v").await.0, publisher.picture_count());
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_arrives_late_stands_where_the_sender_reports_say() {
    let world = World::new().await;
    let stream = world.live_stream(Visibility::Public).await;
    let late = Duration::from_millis(150);
    let mut publisher = Publisher::h264(Picture::SMALL).with_sound(6);
    (publisher.sound_delay, publisher.reports) = (late, true);
    let mut recording = world.archives.begin(stream).await.unwrap();
    publisher.send(&mut recording).await;
    recording.pause().await.unwrap();
    world.end(stream).await;
    let archive = world.ready(stream).await;
    let url = playlist_of(&world.serve().await, archive.id);
    decodes(&url).await;
    // The tone is 6 s long like the picture: corrected, its last packet ends with the last picture, not 150 ms later.
    let (_, _, last_sound) = probe(&url, "a").await;
    let (_, _, last_picture) = probe(&url, "v").await;
    assert!(near(last_sound, last_picture, 0.04), "{last_sound} {last_picture}");
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconnect_in_another_size_is_one_archive_with_a_discontinuity() {
    let world = World::new().await;
    let stream = world.live_stream(Visibility::Public).await;
    let first = Publisher::h264(Picture { secs: 3, ..Picture::SMALL }).with_sound(3);
    let second = Publisher::h264(Picture { secs: 3, size: "480x270", ..Picture::SMALL }).with_sound(3);
    for publisher in [&first, &second] {
        let mut recording = world.archives.begin(stream).await.unwrap();
        publisher.send(&mut recording).await;
        recording.pause().await.unwrap();
    }
    world.end(stream).await;
    let archive = world.ready(stream).await;
    assert!(near(archive.duration.as_secs_f64(), 6.0, 0.1), "{:?}", archive.duration);
    let text = world.get(&format!("/api/archives/{}/hls/index.m3u8", archive.id), &[]).await.text();
    assert_eq!(text.matches("#EXT-X-DISCONTINUITY\n").count(), 1, "{text}");
    assert_eq!(text.matches("#EXT-X-MAP").count(), 2, "{text}");
    let url = playlist_of(&world.serve().await, archive.id);
    let (pictures, _, last) = probe(&url, "v").await;
    assert_eq!(pictures, first.picture_count() + second.picture_count());
    assert!(near(last, 6.0, 0.1), "the timeline goes on: {last}");
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_stream_can_be_watched_as_far_as_it_is() {
    let world = World::new().await;
    let stream = world.live_stream(Visibility::Public).await;
    let path = format!("/api/streams/{stream}/hls/index.m3u8");
    assert_eq!(world.get(&path, &[]).await.status, 404);
    let publisher = Publisher::h264(Picture::SMALL).with_sound(6);
    let mut recording = world.archives.begin(stream).await.unwrap();
    publisher.send(&mut recording).await;
    let text = world
        .until("the first two segments are listed", async || {
            let answer = world.get(&path, &[]).await;
            (answer.status == 200 && answer.text().matches("#EXTINF").count() == 2).then(|| answer.text())
        })
        .await;
    assert!(text.contains("EVENT") && !text.contains("ENDLIST"), "{text}");
    let segment = text.lines().find(|line| line.ends_with(".m4s")).unwrap();
    assert_eq!(world.get(segment, &[]).await.status, 200);
    world.end(stream).await;
    recording.pause().await.unwrap();
    world.ready(stream).await;
    let text = world.get(&path, &[]).await.text();
    assert!(text.contains("ENDLIST") && text.matches("#EXTINF").count() == 3, "{text}");
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_alone_and_pictures_alone_are_archives() {
    let world = World::new().await;
    let base = world.serve().await;
    for (publisher, kind, frames) in
        [(Publisher::sound(5), "a", 250..=252), (Publisher::h264(Picture { secs: 3, ..Picture::SMALL }), "v", 90..=90)]
    {
        let stream = world.live_stream(Visibility::Public).await;
        let mut recording = world.archives.begin(stream).await.unwrap();
        publisher.send(&mut recording).await;
        recording.pause().await.unwrap();
        world.end(stream).await;
        let archive = world.ready(stream).await;
        let url = playlist_of(&base, archive.id);
        decodes(&url).await;
        let (count, ..) = probe(&url, kind).await;
        assert!(frames.contains(&count), "{kind}: {count}");
    }
    world.node.end().await;
}
