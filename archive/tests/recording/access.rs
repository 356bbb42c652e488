//! Who may have which bytes, and how caches may keep them.

use domain::{ArchiveId, StreamId, UserId, Visibility};

use super::publisher::Publisher;
use super::samples::Picture;
use super::world::World;

async fn recorded(world: &World, visibility: Visibility) -> (StreamId, ArchiveId, String) {
    let stream = world.live_stream(visibility).await;
    let publisher = Publisher::h264(Picture { secs: 2, ..Picture::SMALL });
    let mut recording = world.archives.begin(stream).await.unwrap();
    publisher.send(&mut recording).await;
    recording.pause().await.unwrap();
    world.end(stream).await;
    let archive = world.ready(stream).await;
    let owner = world.owner.to_string();
    let text = world.get(&format!("/api/archives/{}/hls/index.m3u8", archive.id), &[("x-test-user", &owner)]).await;
    let segment = text.text().lines().find(|line| line.ends_with(".m4s")).unwrap().to_owned();
    (stream, archive.id, format!("/api/archives/{}/hls/{segment}", archive.id))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_archive_is_there_for_its_owner_alone() {
    let world = World::new().await;
    let (stream, archive, segment) = recorded(&world, Visibility::Private).await;
    world.archives.finish_archive(archive).await.unwrap();
    let (owner, stranger) = (world.owner.to_string(), UserId::new().to_string());
    for path in [
        format!("/api/archives/{archive}/hls/index.m3u8"),
        format!("/api/archives/{archive}/download"),
        format!("/api/archives/{archive}/thumbnail"),
        format!("/api/streams/{stream}/hls/index.m3u8"),
        segment.clone(),
        segment.replace("-000000.m4s", "-init-0.mp4"),
    ] {
        assert_eq!(world.get(&path, &[]).await.status, 404, "{path}");
        assert_eq!(world.get(&path, &[("x-test-user", &stranger)]).await.status, 404, "{path}");
        let answer = world.get(&path, &[("x-test-user", &owner)]).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.header("cache-control").contains("public"), "{path}");
    }
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_kept_for_ever_come_in_stretches_and_are_not_sent_twice() {
    let world = World::new().await;
    let (_, _, segment) = recorded(&world, Visibility::Public).await;
    let whole = world.get(&segment, &[]).await;
    assert_eq!((whole.status, whole.header("content-type")), (200, "video/mp4"));
    assert_eq!(whole.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(whole.header("content-length"), whole.body.len().to_string());
    let some = world.get(&segment, &[("range", "bytes=4-7")]).await;
    assert_eq!((some.status, &some.body[..]), (206, &b"moof"[..]));
    assert_eq!(some.header("content-range"), format!("bytes 4-7/{}", whole.body.len()));
    let beyond = world.get(&segment, &[("range", "bytes=99999999-")]).await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, &format!("bytes */{}", whole.body.len())[..]));
    assert_eq!(beyond.header("content-type"), "application/json");
    assert!(beyond.text().contains(r#""code":"RANGE_INVALID""#), "{}", beyond.text());
    let same = world.get(&segment, &[("if-none-match", whole.header("etag"))]).await;
    assert_eq!((same.status, same.body.len()), (304, 0));
    let head = http::Request::head(&segment).body(axum::body::Body::empty()).unwrap();
    let head = world.answer(head).await;
    assert_eq!((head.status, head.header("content-length")), (200, &whole.body.len().to_string()[..]));
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn playlists_are_asked_for_again_but_not_sent_twice() {
    let world = World::new().await;
    let (_, archive, _) = recorded(&world, Visibility::Public).await;
    let path = format!("/api/archives/{archive}/hls/index.m3u8");
    let answer = world.get(&path, &[]).await;
    assert_eq!(answer.header("content-type"), "application/vnd.apple.mpegurl");
    assert_eq!(answer.header("cache-control"), "no-cache");
    assert_eq!(world.get(&path, &[("if-none-match", answer.header("etag"))]).await.status, 304);
    world.node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_that_name_nothing_are_not_found() {
    let world = World::new().await;
    let (_, archive, segment) = recorded(&world, Visibility::Public).await;
    let other = ArchiveId::new();
    for path in [
        format!("/api/archives/{other}/hls/index.m3u8"),
        "/api/archives/none/hls/index.m3u8".to_owned(),
        format!("/api/archives/{archive}/hls/..%2F..%2Fjournal"),
        format!("/api/archives/{archive}/hls/download.mp4"),
        segment.replace("000000.m4s", "000099.m4s"),
        segment.replace(&archive.to_string(), &other.to_string()),
        format!("/api/streams/{other}/hls/index.m3u8"),
    ] {
        let answer = world.get(&path, &[]).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text().contains("\"code\""), "{path}: {}", answer.text());
    }
    let not_made = world.get(&format!("/api/archives/{archive}/download"), &[]).await;
    assert_eq!((not_made.status, not_made.text().contains("NOT_MADE_YET")), (404, true));
    world.node.end().await;
}
