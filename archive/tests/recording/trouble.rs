//! Parts that are away come back; media that is no media is no trouble.

use std::time::Duration;

use archive::WriteError;
use bytes::Bytes;
use domain::media::{Codec, Packet, TapEvent, Track};
use domain::{ArchiveStatus, Visibility};

use super::publisher::Publisher;
use super::samples::Picture;
use super::world::{World, decodes, playlist_of, probe};

#[tokio::test(flavor = "multi_thread")]
async fn while_the_object_store_is_away_recordings_wait_on_disk_and_then_go_up_by_themselves() {
    let mut world = World::new().await;
    let stream = world.live_stream(Visibility::Public).await;
    world.stop_s3().await;
    let publisher = Publisher::h264(Picture::SMALL).with_sound(6);
    let mut recording = world.archives.begin(stream).await.unwrap();
    publisher.send(&mut recording).await;
    recording.pause().await.unwrap();
    world.end(stream).await;
    world.archives.finish(stream);
    assert!(world.archive(stream).await.is_none_or(|archive| archive.status == ArchiveStatus::Recording));
    assert!(world.recording_folder(stream).join("000002.m4s").exists());
    world.start_s3().await;
    let archive = world.ready(stream).await;
    let url = playlist_of(&world.serve().await, archive.id);
    decodes(&url).await;
    assert_eq!(probe(&url, "v").await.0, publisher.picture_count());
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_media_leaves_no_archive() {
    let world = World::new().await;
    let stream = world.live_stream(Visibility::Public).await;
    let mut recording = world.archives.begin(stream).await.unwrap();
    recording.write(TapEvent::Begins { video: Some(Codec::H264), audio: None }).await.unwrap();
    recording.pause().await.unwrap();
    world.end(stream).await;
    let folder = world.recording_folder(stream);
    world.until("the recording is gone", async || (!folder.exists()).then_some(())).await;
    assert_eq!(world.archive(stream).await, None);
    let answer = world.get(&format!("/api/streams/{stream}/hls/index.m3u8"), &[]).await;
    assert_eq!((answer.status, answer.text().contains("ARCHIVE_FAILED")), (404, true));
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn media_without_a_single_picture_is_an_archive_that_says_why_there_is_nothing() {
    let world = World::new().await;
    let stream = world.live_stream(Visibility::Public).await;
    let mut recording = world.archives.begin(stream).await.unwrap();
    recording.write(TapEvent::Begins { video: Some(Codec::H264), audio: None }).await.unwrap();
    for sequence in 0..2_000_u64 {
        let mut noise = sequence.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes().repeat(20);
        noise[0] = [0x65, 0x41][sequence as usize % 2];
        let packet = Packet {
            sequence,
            timestamp: sequence.wrapping_mul(0xDEAD_BEEF),
            marker: sequence % 3 == 0,
            starts_keyframe: sequence % 5 == 0,
            arrived_at: Duration::from_millis(sequence),
            payload: Bytes::from(noise),
        };
        recording.write(TapEvent::Packet(Track::Video, packet)).await.unwrap();
    }
    recording.pause().await.unwrap();
    world.end(stream).await;
    let archive = world.ready(stream).await;
    assert_eq!(archive.status, ArchiveStatus::Failed);
    assert!(archive.failure.is_some());
    let answer = world.get(&format!("/api/archives/{}/hls/index.m3u8", archive.id), &[]).await;
    assert_eq!((answer.status, answer.text().contains("ARCHIVE_FAILED")), (404, true));
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_packets_cost_pictures_and_no_more() {
    let world = World::new().await;
    let stream = world.live_stream(Visibility::Public).await;
    let publisher = Publisher::h264(Picture { gop: 15, ..Picture::SMALL }).with_sound(6);
    let mut recording = world.archives.begin(stream).await.unwrap();
    for (number, event) in publisher.events().into_iter().enumerate() {
        let is_lost = number > 0 && number % 97 == 0;
        if !is_lost {
            recording.write(event).await.unwrap();
        }
    }
    recording.pause().await.unwrap();
    world.end(stream).await;
    let archive = world.ready(stream).await;
    assert!((archive.duration.as_secs_f64() - 6.0).abs() < 0.5, "{:?}", archive.duration);
    let url = playlist_of(&world.serve().await, archive.id);
    decodes(&url).await;
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_connection_takes_over_and_an_ended_stream_takes_none() {
    let world = World::new().await;
    let stream = world.live_stream(Visibility::Public).await;
    let publisher = Publisher::h264(Picture { secs: 2, ..Picture::SMALL });
    let mut old = world.archives.begin(stream).await.unwrap();
    publisher.send(&mut old).await;
    let mut new = world.archives.begin(stream).await.unwrap();
    let begins = TapEvent::Begins { video: Some(Codec::H264), audio: None };
    assert_eq!(old.write(begins.clone()).await, Err(WriteError::TakenOver));
    drop(old);
    publisher.send(&mut new).await;
    world.end(stream).await;
    world.archives.finish(stream);
    let archive = world.ready(stream).await;
    assert!((archive.duration.as_secs_f64() - 4.0).abs() < 0.1, "{:?}", archive.duration);
    assert_eq!(new.write(begins).await, Ok(()), "late events are dropped");
    world.node.end().await;
}
