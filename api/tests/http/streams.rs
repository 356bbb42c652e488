//! Streams and stream keys over HTTP.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{URL, World};

fn id(stream: &Value) -> &str {
    stream["stream_id"].as_str().unwrap()
}

#[tokio::test]
async fn a_new_stream_has_the_promised_shape_and_absolute_addresses() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    let stream =
        mika.post("/api/streams", json!({ "title": "  Evening jam " })).await.must_be(StatusCode::CREATED).json;
    let at = format!("{URL}/api/streams/{}", id(&stream));
    let node = format!("http://127.0.0.1:8080/api/streams/{}", id(&stream));
    assert_eq!(stream["title"], "Evening jam");
    assert_eq!((&stream["status"], &stream["visibility"]), (&json!("starting"), &json!("public")));
    assert_eq!(stream["user_id"], json!(mika.user_id().await));
    assert_eq!(stream["whip_url"], json!(format!("{node}/whip")));
    assert_eq!(stream["whep_url"], json!(format!("{node}/whep")));
    assert_eq!(stream["hls_url"], json!(format!("{at}/hls/index.m3u8")));
    assert_eq!(stream["chat_url"], json!(format!("{}/chat", at.replace("https", "wss"))));
    assert!(stream["publish_token"].as_str().unwrap().len() >= 27);
    assert!(stream["started_at"].is_string());
    assert!(world.media.is_open(id(&stream).parse().unwrap()));

    let read = mika.fetch(&format!("/api/streams/{}", id(&stream))).await.must_be(StatusCode::OK).json;
    assert!(read.get("publish_token").is_none());
    assert_eq!((&read["ended_at"], &read["archive_id"]), (&json!(null), &json!(null)));
    assert_eq!((&read["viewer_count"], &read["reconnecting"]), (&json!(0), &json!(false)));
    let user = json!({ "user_id": read["user_id"], "username": "mika", "display_name": null });
    assert_eq!(read["user"], user);
}

#[tokio::test]
async fn only_its_creator_ends_or_changes_a_stream() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    let ren = world.program("ren").await;
    let stranger = world.stranger();
    let public = mika.start_stream("open", "public").await;
    let private = mika.start_stream("closed", "private").await;

    for (path, body) in [("", json!({ "title": "taken over" })), ("/end", json!({}))] {
        let path = |stream: &Value| format!("/api/streams/{}{path}", id(stream));
        ren.put(&path(&public), body.clone()).await.must_refuse(403, "NOT_YOUR_STREAM");
        ren.put(&path(&private), body.clone()).await.must_refuse(404, "STREAM_NOT_FOUND");
        stranger.put(&path(&public), body.clone()).await.must_refuse(401, "NOT_SIGNED_IN");
        let nowhere = json!({ "stream_id": Uuid::now_v7() });
        mika.put(&path(&nowhere), body.clone()).await.must_refuse(404, "STREAM_NOT_FOUND");
    }
    let at = format!("/api/streams/{}", id(&public));
    let change = json!({ "title": "Later jam", "visibility": "unlisted" });
    let changed = mika.put(&at, change).await.must_be(StatusCode::OK).json;
    assert_eq!((&changed["title"], &changed["visibility"]), (&json!("Later jam"), &json!("unlisted")));
    for _ in 0..2 {
        let ended = mika.send(Method::PUT, &format!("{at}/end"), None).await.must_be(StatusCode::OK).json;
        assert_eq!(ended["status"], "ended");
        assert!(ended["ended_at"].is_string());
    }
    assert!(!world.media.is_open(id(&public).parse().unwrap()));
}

#[tokio::test]
async fn a_private_stream_is_found_by_its_creator_alone() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    let ren = world.program("ren").await;
    let private = mika.start_stream("secret rehearsal", "private").await;
    let at = format!("/api/streams/{}", id(&private));
    mika.fetch(&at).await.must_be(StatusCode::OK);
    for other in [&ren, &world.stranger()] {
        let refused = other.fetch(&at).await;
        assert!(!refused.text.contains("rehearsal"));
        refused.must_refuse(404, "STREAM_NOT_FOUND");
    }
}

#[tokio::test]
async fn lists_come_by_pages_and_show_what_the_caller_may_see() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    let me = mika.user_id().await;
    let mut made = Vec::new();
    for (title, visibility) in [("one", "public"), ("two", "private"), ("three", "unlisted")] {
        made.push(mika.start_stream(title, visibility).await);
    }
    let titles = |list: &Value| -> Vec<String> {
        list["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
    };
    let own = format!("/api/streams?user_id={me}");
    let first = mika.fetch(&format!("{own}&limit=2")).await.must_be(StatusCode::OK).json;
    assert_eq!(titles(&first), ["three", "two"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = mika.fetch(&format!("{own}&limit=2&cursor={cursor}")).await.must_be(StatusCode::OK).json;
    assert_eq!((titles(&second), &second["next_cursor"]), (vec!["one".to_owned()], &json!(null)));

    // A stream that never went live is nobody else's business.
    let others = world.stranger().fetch(&own).await.must_be(StatusCode::OK).json;
    assert_eq!(others, json!({ "items": [], "next_cursor": null }));
    let live = mika.fetch(&format!("{own}&status=live")).await.must_be(StatusCode::OK).json;
    assert_eq!(titles(&live), [""; 0]);
    for query in ["status=ended&", "status=starting&"] {
        world.stranger().fetch(&format!("/api/streams?{query}")).await.must_be(StatusCode::OK);
    }
    for (query, code) in [
        ("limit=0", "LIMIT_INVALID"),
        ("limit=101", "LIMIT_INVALID"),
        ("limit=x", "QUERY_INVALID"),
        ("limit=-1", "QUERY_INVALID"),
        ("cursor=x", "CURSOR_INVALID"),
        ("status=dead", "QUERY_INVALID"),
        ("user_id=me", "QUERY_INVALID"),
        ("stauts=live", "QUERY_INVALID"),
    ] {
        mika.fetch(&format!("/api/streams?{query}")).await.must_refuse(400, code);
        if !query.starts_with("sta") {
            mika.fetch(&format!("/api/archives?{query}")).await.must_refuse(400, code);
        }
    }
}

#[tokio::test]
async fn without_a_media_node_no_stream_starts() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    world.media.set_away(true);
    mika.post("/api/streams", json!({ "title": "jam" })).await.must_refuse(503, "MEDIA_UNAVAILABLE");
    world.media.set_away(false);
    mika.start_stream("jam", "public").await;
}

#[tokio::test]
async fn a_stream_key_is_shown_once_and_belongs_to_one() {
    let world = World::new().await;
    let mika = world.program("mika").await;
    let ren = world.program("ren").await;
    let made = mika.post("/api/stream-keys", json!({ "label": "OBS" })).await.must_be(StatusCode::CREATED).json;
    let key = made["key"].as_str().unwrap();
    assert_eq!(made["whip_url"], json!(format!("{URL}/whip")));
    assert!(key.starts_with(made["prefix"].as_str().unwrap()));

    let list = mika.fetch("/api/stream-keys").await.must_be(StatusCode::OK);
    assert!(!list.text.contains(key));
    assert_eq!(list.json["items"][0]["label"], "OBS");
    assert_eq!(ren.fetch("/api/stream-keys").await.json["items"], json!([]));

    let at = format!("/api/stream-keys/{}", made["stream_key_id"].as_str().unwrap());
    ren.send(Method::POST, &format!("{at}/rotate"), None).await.must_refuse(404, "STREAM_KEY_NOT_FOUND");
    ren.delete(&at).await.must_refuse(404, "STREAM_KEY_NOT_FOUND");
    let rotated = mika.send(Method::POST, &format!("{at}/rotate"), None).await.must_be(StatusCode::OK).json;
    assert_ne!(rotated["key"], made["key"]);
    mika.delete(&at).await.must_be(StatusCode::NO_CONTENT);
    mika.delete(&at).await.must_refuse(404, "STREAM_KEY_NOT_FOUND");
    mika.post("/api/stream-keys", json!({ "label": "" })).await.must_refuse(400, "LABEL_INVALID");
}
