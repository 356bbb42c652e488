//! Stream keys and what OBS does with them.

use domain::event::StreamEvent;
use domain::{Fault as _, Identity, Kind, StreamStatus, Visibility};
use stream_manager::{Config, Label, NewKey};

use crate::world::{World, caller};

async fn key(world: &World, owner: &Identity) -> NewKey {
    world.streams.create_key(owner, Label::parse("OBS at home").unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_key_makes_a_public_stream_named_after_its_owner_and_goes_on_with_it() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let key = key(&world, &mika).await;
    let text = key.text.expose();
    assert!(text.starts_with(&format!("{}_", key.key.prefix)));

    let id = world.streams.stream_for_key(text).await.unwrap();
    let stream = world.stream(id).await;
    assert_eq!((stream.title.as_str(), stream.visibility), ("mika's stream", Visibility::Public));
    assert!(world.media.is_open(id));
    assert_eq!(world.streams.stream_for_key(text).await.unwrap(), id, "before the first picture");
    world.streams.went_live(id, world.media.node).await.unwrap();
    world.streams.publisher_left(id, world.media.node, false).await.unwrap();
    world.clock.forward(59);
    assert_eq!(world.streams.stream_for_key(text).await.unwrap(), id, "within the grace time");
    world.clock.forward(2);
    assert_ne!(world.streams.stream_for_key(text).await.unwrap(), id, "the reaper is only late");
    let used = world.streams.keys(&mika).await.unwrap();
    assert!(used[0].last_used_at.is_some());
}

#[tokio::test]
async fn a_key_that_goes_on_from_another_node_moves_its_stream_and_tells_everybody() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let key = key(&world, &mika).await;
    let text = key.text.expose();
    let id = world.streams.stream_for_key(text).await.unwrap();
    world.streams.went_live(id, world.media.node).await.unwrap();
    world.streams.publisher_left(id, world.media.node, false).await.unwrap();
    let (elsewhere, media) = world.another_process();
    let mut news = world.news().await;
    assert_eq!(elsewhere.stream_for_key(text).await.unwrap(), id);
    assert_eq!(elsewhere.stream_for_key(text).await.unwrap(), id, "it moved once");
    assert_eq!(world.stream(id).await.node, Some(media.node));
    elsewhere.went_live(id, media.node).await.unwrap();
    assert_eq!(news.next().await, StreamEvent::Moved { stream: id, node: media.node });
    assert_eq!(news.next().await, StreamEvent::WentLive { stream: id });
}

#[tokio::test]
async fn two_posts_at_once_with_one_key_make_one_stream() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let key = key(&world, &mika).await;
    let text = key.text.expose();
    let (one, two) = tokio::join!(world.streams.stream_for_key(text), world.streams.stream_for_key(text));
    assert_eq!(one.unwrap(), two.unwrap());
}

#[tokio::test]
async fn a_key_stream_counts_and_an_own_stream_is_not_taken_over_by_it() {
    let world = World::with(Config { at_once_per_creator: 1, ..Config::default() }).await;
    let mika = world.user("mika").await;
    world.live(&mika, Visibility::Private).await;
    let key = key(&world, &mika).await;
    let error = world.streams.stream_for_key(key.text.expose()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "STREAM_LIMIT"));
}

#[tokio::test]
async fn what_is_not_exactly_a_key_opens_nothing() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let key = key(&world, &mika).await;
    let text = key.text.expose();
    for wrong in
        ["", "lsp_", &key.key.prefix, &format!("{text}x"), &text[..text.len() - 1], &text.replace("lsp", "LSP")]
    {
        let error = world.streams.stream_for_key(wrong).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Unknown, "STREAM_KEY_INVALID"), "{wrong}");
    }
}

#[tokio::test]
async fn rotating_a_key_kills_the_old_text_and_cuts_its_stream() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let old = key(&world, &mika).await;
    let id = world.streams.stream_for_key(old.text.expose()).await.unwrap();
    world.streams.went_live(id, world.media.node).await.unwrap();
    let new = world.streams.rotate_key(&mika, old.key.id).await.unwrap();
    assert_eq!((new.key.id, &new.key.label), (old.key.id, &old.key.label));
    assert_eq!(world.streams.stream_for_key(old.text.expose()).await.unwrap_err().kind(), Kind::Unknown);
    assert_eq!(world.stream(id).await.status, StreamStatus::Ended);
    assert!(!world.media.is_open(id));
    assert_ne!(world.streams.stream_for_key(new.text.expose()).await.unwrap(), id);
}

#[tokio::test]
async fn revoking_a_key_is_for_good_and_leaves_other_streams_alone() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let (one, two) = (key(&world, &mika).await, key(&world, &mika).await);
    let cut = world.streams.stream_for_key(one.text.expose()).await.unwrap();
    let kept = world.streams.stream_for_key(two.text.expose()).await.unwrap();
    world.streams.revoke_key(&mika, one.key.id).await.unwrap();
    assert_eq!(world.stream(cut).await.status, StreamStatus::Ended);
    assert_eq!(world.stream(kept).await.status, StreamStatus::Starting);
    assert_eq!(world.streams.stream_for_key(one.text.expose()).await.unwrap_err().kind(), Kind::Unknown);
    assert_eq!(world.streams.keys(&mika).await.unwrap().len(), 1);
    assert_eq!(world.streams.revoke_key(&mika, one.key.id).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(world.streams.rotate_key(&mika, one.key.id).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn a_strangers_key_is_not_found() {
    let world = World::new().await;
    let (mika, ren) = (world.user("mika").await, world.user("ren").await);
    let key = key(&world, &mika).await;
    assert_eq!(world.streams.rotate_key(&ren, key.key.id).await.unwrap_err().code(), "STREAM_KEY_NOT_FOUND");
    assert_eq!(world.streams.revoke_key(&ren, key.key.id).await.unwrap_err().code(), "STREAM_KEY_NOT_FOUND");
    assert!(world.streams.keys(&ren).await.unwrap().is_empty());
    world.streams.stream_for_key(key.text.expose()).await.unwrap();
}

#[tokio::test]
async fn a_creator_has_a_limited_number_of_keys() {
    let world = World::with(Config { keys_per_creator: 2, ..Config::default() }).await;
    let mika = world.user("mika").await;
    let first = key(&world, &mika).await;
    key(&world, &mika).await;
    let error = world.streams.create_key(&mika, Label::parse("third").unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "STREAM_KEY_LIMIT"));
    world.streams.revoke_key(&mika, first.key.id).await.unwrap();
    key(&world, &mika).await;
}

#[tokio::test]
async fn no_secret_is_printed() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let key = key(&world, &mika).await;
    let started = world.start(&mika, Visibility::Public).await;
    let printed = format!("{key:?} {started:?} {:?} {:?}", world.streams, caller(&mika));
    assert!(!printed.contains(key.text.expose()) && !printed.contains(started.publish_token.expose()));
}
