//! The job after the end: the download plays, the thumbnail is a picture, and bad media has a reason.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use archive::FinishError;
use domain::work::FinishArchive;
use domain::{Archive, ArchiveStatus, Fault as _, Kind, StreamId, SystemClock, Visibility};
use jobs::Worker;
use store::{archive_segments, archives};

use super::publisher::Publisher;
use super::samples::{Picture, run};
use super::world::{World, decodes, probe};

async fn recorded(world: &World, publishers: &[Publisher]) -> Archive {
    let stream = world.live_stream(Visibility::Public).await;
    for publisher in publishers {
        let mut recording = world.archives.begin(stream).await.unwrap();
        publisher.send(&mut recording).await;
        recording.pause().await.unwrap();
    }
    world.end(stream).await;
    world.ready(stream).await
}

async fn complete(world: &World, stream: StreamId) -> Archive {
    world
        .until("the archive is complete", async || {
            world.archive(stream).await.filter(|archive| archive.status == ArchiveStatus::Complete)
        })
        .await
}

fn entries(url: &str, kind: &str, what: &str) -> String {
    let mut command = Command::new("ffprobe");
    run(command.args(["-v", "error", "-select_streams", kind, "-show_entries", what, "-of", "csv=p=0", url]))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_has_the_download_and_the_thumbnail_made() {
    let world = World::new().await;
    let worker = Worker::new(world.store.clone(), Arc::new(SystemClock)).handle(world.archives.worker());
    world.node.tasks.spawn(worker.run(world.node.stop.clone()));
    let publisher = Publisher::h264(Picture::SMALL).with_sound(6);
    let ready = recorded(&world, std::slice::from_ref(&publisher)).await;
    let archive = complete(&world, ready.stream).await;
    assert!(archive.has_download && archive.has_thumbnail);
    let base = world.serve().await;
    let url = format!("{base}/api/archives/{}/download", archive.id);
    decodes(&url).await;
    assert_eq!(probe(&url, "v").await.0, publisher.picture_count(), "copied");
    assert_eq!(entries(&url, "v", "stream=codec_name,width,height"), "h264,320,180");
    assert_eq!(entries(&url, "a", "stream=codec_name"), "aac");
    let lasts: f64 =
        run(Command::new("ffprobe").args(["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", &url]))
            .parse()
            .unwrap();
    assert!((lasts - 6.0).abs() < 0.1, "{lasts}");
    let answer = world.get(&format!("/api/archives/{}/download", archive.id), &[]).await;
    assert!(answer.header("content-disposition").contains("filename*=UTF-8''Evening%20jam%20%2F%20%E5%A4%9C.mp4"));
    let index = answer.body.windows(4).position(|window| window == b"moov").unwrap();
    let data = answer.body.windows(4).position(|window| window == b"mdat").unwrap();
    assert!(index < data, "a player can start before it has all");
    let still = world.get(&format!("/api/archives/{}/thumbnail", archive.id), &[]).await;
    assert_eq!((still.header("content-type"), &still.body[..3]), ("image/jpeg", &[0xFF, 0xD8, 0xFF][..]));
    assert_eq!(archive.file_size, ready.file_size + (answer.body.len() + still.body.len()) as u64);
    assert!(archive.file_size > 0 && ready.file_size > 0);
    world.archives.finish_archive(archive.id).await.unwrap();
    assert_eq!(complete(&world, archive.stream).await.file_size, archive.file_size, "twice is once");
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vp8_and_changing_sizes_are_made_into_one_h264_film() {
    let world = World::new().await;
    let base = world.serve().await;
    let small = Picture { secs: 3, ..Picture::SMALL };
    let tall = Picture { size: "180x320", ..small };
    for (publishers, size) in [
        (vec![Publisher::vp8(small).with_sound(3)], "h264,320,180"),
        (
            vec![
                Publisher::h264(small).with_sound(3),
                Publisher::h264(Picture { size: "480x270", ..small }).with_sound(3),
            ],
            "h264,480,270",
        ),
        (vec![Publisher::h264(small).with_sound(3), Publisher::h264(tall)], "h264,320,180"),
    ] {
        let sent: usize = publishers.iter().map(Publisher::picture_count).sum();
        let archive = recorded(&world, &publishers).await;
        world.archives.finish_archive(archive.id).await.unwrap();
        let url = format!("{base}/api/archives/{}/download", archive.id);
        decodes(&url).await;
        assert_eq!(entries(&url, "v", "stream=codec_name,width,height"), size);
        assert_eq!(probe(&url, "v").await.0, sent);
        let (_, _, last_picture) = probe(&url, "v").await;
        let (_, first_sound, _) = probe(&url, "a").await;
        assert!((last_picture - archive.duration.as_secs_f64()).abs() < 0.1 && first_sound.abs() < 0.05);
    }
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_alone_has_a_download_and_no_thumbnail() {
    let world = World::new().await;
    let archive = recorded(&world, &[Publisher::sound(4)]).await;
    world.archives.finish_archive(archive.id).await.unwrap();
    let archive = complete(&world, archive.stream).await;
    assert!(archive.has_download && !archive.has_thumbnail);
    let url = format!("{}/api/archives/{}/download", world.serve().await, archive.id);
    decodes(&url).await;
    assert_eq!(entries(&url, "a", "stream=codec_name"), "aac");
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn media_that_is_none_fails_with_a_reason_and_for_good() {
    let world = World::new().await;
    let stream = world.live_stream(Visibility::Public).await;
    let s3 = world.s3_client();
    let (id, recording) = (domain::ArchiveId::new(), domain::RecordingId::new());
    let key = format!("archives/{id}/");
    let mut db = world.store.acquire().await.unwrap();
    archives::ensure(&mut db, id, stream, &key, super::world::now()).await.unwrap().unwrap();
    let init = archive_segments::Init {
        recording,
        number: 0,
        video: Some("h264".to_owned()),
        audio: None,
        width: 320,
        height: 180,
        bytes: 5,
    };
    let segment = archive_segments::Segment {
        recording,
        number: 0,
        init: 0,
        is_discontinuous: false,
        is_independent: true,
        duration: std::time::Duration::from_secs(2),
        bytes: 5,
    };
    archive_segments::insert_init(&mut db, id, &init).await.unwrap();
    archive_segments::insert(&mut db, id, &segment).await.unwrap();
    archives::make_ready(&mut db, id, super::world::now()).await.unwrap();
    for name in ["init-0.mp4", "000000.m4s"] {
        let key = format!("{key}{}-{name}", recording.uuid().simple());
        s3.put_object().bucket("livestream").key(key).body(b"bytes".to_vec().into()).send().await.unwrap();
    }
    let error = world.archives.finish_archive(id).await.unwrap_err();
    assert!(matches!(&error, FinishError::Media(_)), "{error}");
    assert_eq!((error.kind(), error.code()), (Kind::Unprocessable, "ARCHIVE_MEDIA"));
    let refusal = (world.archives.worker())(FinishArchive { archive: id }).await.unwrap_err();
    assert!(matches!(refusal, jobs::Refusal::GiveUp { .. }), "{refusal:?}");
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_thumbnail_is_there_though_the_download_cannot_be_made() {
    let world = World::new().await;
    let ready = recorded(&world, &[Publisher::h264(Picture::SMALL).with_sound(6)]).await;
    let recording = domain::RecordingId::new();
    let segment = archive_segments::Segment {
        recording,
        number: 0,
        init: 0,
        is_discontinuous: true,
        is_independent: true,
        duration: Duration::from_secs(2),
        bytes: 5,
    };
    let mut db = world.store.acquire().await.unwrap();
    archive_segments::insert(&mut db, ready.id, &segment).await.unwrap();
    let s3 = world.s3_client();
    for name in ["init-0.mp4", "000000.m4s"] {
        let key = format!("archives/{}/{}-{name}", ready.id, recording.uuid().simple());
        s3.put_object().bucket("livestream").key(key).body(b"bytes".to_vec().into()).send().await.unwrap();
    }
    for _ in 0..2 {
        let error = world.archives.finish_archive(ready.id).await.unwrap_err();
        assert!(matches!(&error, FinishError::Media(_)), "{error}");
    }
    let archive = world.archive(ready.stream).await.unwrap();
    assert_eq!((archive.status, archive.has_download, archive.has_thumbnail), (ArchiveStatus::Ready, false, true));
    let still = world.get(&format!("/api/archives/{}/thumbnail", archive.id), &[]).await;
    assert_eq!((still.status, &still.body[..3]), (200, &[0xFF, 0xD8, 0xFF][..]));
    assert_eq!(archive.file_size, ready.file_size + still.body.len() as u64, "twice is once");
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_is_corrected_all_the_time_stays_whole_in_the_download() {
    let world = World::new().await;
    let picture = Picture { fps: 10, gop: 20, secs: 64, ..Picture::SMALL };
    let mut publisher = Publisher::h264(picture).with_sound(64);
    (publisher.reports, publisher.jitter) = (true, Duration::from_millis(3));
    let archive = recorded(&world, &[publisher]).await;
    world.archives.finish_archive(archive.id).await.unwrap();
    let url = format!("{}/api/archives/{}/download", world.serve().await, archive.id);
    decodes(&url).await;
    let (sounds, first, last) = probe(&url, "a").await;
    assert!(first.abs() < 0.05 && (last - 64.0).abs() < 0.1, "from {first} to {last} s");
    // AAC has 1024 samples in a frame: as many frames as fit, so none stands twice and none is left out.
    assert!((sounds as f64 - 64.0 * 48_000.0 / 1024.0).abs() < 5.0, "{sounds}");
    world.node.end().await;
}
