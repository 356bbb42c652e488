//! A killed process loses what was in its memory, and no more.

use std::io::Write as _;

use domain::Visibility;

use super::publisher::Publisher;
use super::samples::Picture;
use super::world::{World, decodes, playlist_of, probe};

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_all_but_the_last_parts_are_there_and_the_stream_goes_on() {
    let mut world = World::new().await;
    let stream = world.live_stream(Visibility::Public).await;
    let publisher = Publisher::h264(Picture::SMALL).with_sound(6);
    let mut recording = world.archives.begin(stream).await.unwrap();
    publisher.send(&mut recording).await;
    world.crash().await;
    drop(recording);
    tear(&world, stream);
    world.restart().await;
    let mut recording = world.archives.begin(stream).await.unwrap();
    publisher.send(&mut recording).await;
    recording.pause().await.unwrap();
    world.end(stream).await;
    let archive = world.ready(stream).await;
    let lost = 12.0 - archive.duration.as_secs_f64();
    assert!((0.0..1.0).contains(&lost), "lost {lost} s");
    let url = playlist_of(&world.serve().await, archive.id);
    decodes(&url).await;
    let (pictures, ..) = probe(&url, "v").await;
    assert!(pictures >= 2 * publisher.picture_count() - 30, "{pictures}");
    world.node.end().await;
}

/// A write that the crash cut in two: in the newest segment and in the journal.
fn tear(world: &World, stream: domain::StreamId) {
    let folder = world.recording_folder(stream);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "m4s"));
    files.sort();
    for path in [files.last().unwrap().clone(), folder.join("journal")] {
        let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(b"\0\0\x03\xE8moof and then the power").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_whose_stream_ended_while_we_were_away_is_finished_at_the_start() {
    let mut world = World::new().await;
    let stream = world.live_stream(Visibility::Public).await;
    let publisher = Publisher::h264(Picture::SMALL).with_sound(6);
    let mut recording = world.archives.begin(stream).await.unwrap();
    publisher.send(&mut recording).await;
    world.crash().await;
    drop(recording);
    world.end(stream).await;
    world.restart().await;
    let archive = world.ready(stream).await;
    assert!(archive.duration.as_secs_f64() > 5.0);
    let folder = world.folder.path().to_owned();
    world
        .until("nothing is left on the disk", async || {
            std::fs::read_dir(&folder).unwrap().next().is_none().then_some(())
        })
        .await;
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_the_disk_lost_cost_their_part_of_the_recording_alone() {
    let mut world = World::new().await;
    let stream = world.live_stream(Visibility::Public).await;
    world.stop_s3().await;
    let publisher = Publisher::h264(Picture::SMALL).with_sound(6);
    let mut recording = world.archives.begin(stream).await.unwrap();
    publisher.send(&mut recording).await;
    world.crash().await;
    drop(recording);
    let second = world.recording_folder(stream).join("000001.m4s");
    let half = std::fs::metadata(&second).unwrap().len() / 2;
    std::fs::OpenOptions::new().write(true).open(&second).unwrap().set_len(half).unwrap();
    world.start_s3().await;
    world.restart().await;
    world.end(stream).await;
    let archive = world.ready(stream).await;
    let secs = archive.duration.as_secs_f64();
    assert!((4.0..5.5).contains(&secs), "{secs}");
    let url = playlist_of(&world.serve().await, archive.id);
    decodes(&url).await;
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_job_was_working_with_is_removed_at_the_start() {
    let mut world = World::new().await;
    let left = world.folder.path().join(".livestream-work-killed");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("lock"), b"").unwrap();
    std::fs::write(left.join("0.mp4"), b"half of a film").unwrap();
    world.crash().await;
    assert!(left.exists(), "it belongs to another folder");
    world.restart().await;
    assert!(!left.exists());
    world.node.end().await;
}
