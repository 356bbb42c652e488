//! Archives over HTTP. What makes them is another room's work; here a row stands for it.

use domain::{ArchiveId, Clock as _, StreamId};
use http::StatusCode;
use serde_json::{Value, json};
use store::archives;

use crate::world::{Client, URL, World};

/// A stream of this visibility, its archive, and whether that can be watched.
async fn archived(world: &World, creator: &Client, visibility: &str, is_ready: bool) -> (Value, ArchiveId) {
    let stream = creator.start_stream(&format!("a {visibility} one"), visibility).await;
    let at = format!("/api/streams/{}/end", stream["stream_id"].as_str().unwrap());
    creator.put(&at, json!({})).await.must_be(StatusCode::OK);
    let id = ArchiveId::new();
    let of: StreamId = stream["stream_id"].as_str().unwrap().parse().unwrap();
    let mut db = world.store.acquire().await.unwrap();
    archives::ensure(&mut db, id, of, &format!("archives/{id}/"), world.clock.now()).await.unwrap().unwrap();
    if is_ready {
        archives::make_ready(&mut db, id, world.clock.now()).await.unwrap();
    }
    (stream, id)
}

#[tokio::test]
async fn an_archive_has_the_promised_shape_and_its_stream_names_it() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    let (stream, id) = archived(&world, &mika, "public", true).await;
    let archive = world.stranger().fetch(&format!("/api/archives/{id}")).await.must_be(StatusCode::OK).json;
    assert_eq!((&archive["archive_id"], &archive["stream_id"]), (&json!(id), &stream["stream_id"]));
    assert_eq!((&archive["status"], &archive["title"]), (&json!("ready"), &json!("a public one")));
    assert_eq!(archive["hls_url"], json!(format!("{URL}/api/archives/{id}/hls/index.m3u8")));
    assert_eq!((&archive["download_url"], &archive["thumbnail_url"]), (&json!(null), &json!(null)));
    assert!(archive["duration"].is_number() && archive["file_size"].is_number() && archive["created_at"].is_string());
    assert_eq!(archive["user"]["username"], "mika");
    assert_eq!(archive["s3_key"], json!(format!("archives/{id}/")));

    let at = format!("/api/streams/{}", stream["stream_id"].as_str().unwrap());
    assert_eq!(mika.fetch(&at).await.json["archive_id"], json!(id));
}

#[tokio::test]
async fn strangers_see_public_archives_that_can_be_watched_and_links_to_unlisted_ones() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    let ren = world.program("ren").await;
    let (_, public) = archived(&world, &mika, "public", true).await;
    let (_, unfinished) = archived(&world, &mika, "public", false).await;
    let (_, unlisted) = archived(&world, &mika, "unlisted", true).await;
    let (_, private) = archived(&world, &mika, "private", true).await;

    let ids = |list: &Value| -> Vec<Value> {
        list["items"].as_array().unwrap().iter().map(|item| item["archive_id"].clone()).collect()
    };
    let of_mika = format!("/api/archives?user_id={}", mika.user_id().await);
    for other in [&ren, &world.stranger()] {
        for list in ["/api/archives", &of_mika] {
            assert_eq!(ids(&other.fetch(list).await.must_be(StatusCode::OK).json), [json!(public)]);
        }
        other.fetch(&format!("/api/archives/{unlisted}")).await.must_be(StatusCode::OK);
        other.fetch(&format!("/api/archives/{private}")).await.must_refuse(404, "ARCHIVE_NOT_FOUND");
    }
    let own = mika.fetch(&of_mika).await.must_be(StatusCode::OK).json;
    assert_eq!(ids(&own), [private, unlisted, unfinished, public].map(|id| json!(id)));
    mika.fetch(&format!("/api/archives/{private}")).await.must_be(StatusCode::OK);
    mika.fetch(&format!("/api/archives/{}", ArchiveId::new())).await.must_refuse(404, "ARCHIVE_NOT_FOUND");
}
