//! Publishers come and go.

use domain::event::StreamEvent;
use domain::{Fault as _, Kind, StreamId, StreamStatus, Visibility};

use crate::world::{World, caller};

#[tokio::test]
async fn only_the_token_of_the_stream_lets_a_publisher_in() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let (one, two) = (world.start(&mika, Visibility::Public).await, world.start(&mika, Visibility::Public).await);
    let id = one.stream.id;
    world.streams.may_publish(id, one.publish_token.expose()).await.unwrap();
    for (stream, token) in [
        (id, two.publish_token.expose().as_str()),
        (id, ""),
        (id, "***"),
        (StreamId::new(), one.publish_token.expose()),
    ] {
        let error = world.streams.may_publish(stream, token).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Unknown, "PUBLISH_TOKEN_INVALID"));
    }
    world.streams.end(&caller(&mika), id).await.unwrap();
    let error = world.streams.may_publish(id, one.publish_token.expose()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "STREAM_ENDED"));
}

#[tokio::test]
async fn the_first_keyframe_makes_a_stream_live_and_tells_everybody_once() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let id = world.start(&mika, Visibility::Public).await.stream.id;
    let mut news = world.news().await;
    world.clock.forward(5);
    world.streams.went_live(id, world.media.node).await.unwrap();
    world.streams.went_live(id, world.media.node).await.unwrap();
    let stream = world.stream(id).await;
    assert_eq!(stream.status, StreamStatus::Live);
    assert!(stream.started_at > stream.created_at);
    world.streams.publisher_left(id, world.media.node, false).await.unwrap();
    assert_eq!(news.next().await, StreamEvent::WentLive { stream: id });
    assert_eq!(news.next().await, StreamEvent::PublisherLeft { stream: id });
}

#[tokio::test]
async fn a_publisher_that_is_back_within_the_grace_time_goes_on_with_the_same_stream() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let id = world.live(&mika, Visibility::Public).await;
    world.streams.publisher_left(id, world.media.node, false).await.unwrap();
    world.clock.forward(59);
    assert_eq!(world.streams.reap().await.unwrap().ended, []);
    world.streams.went_live(id, world.media.node).await.unwrap();
    world.clock.forward(3600);
    world.heartbeat().await;
    assert_eq!(world.streams.reap().await.unwrap().ended, []);
    let stream = world.stream(id).await;
    assert_eq!((stream.status, stream.publisher_left_at), (StreamStatus::Live, None));
}

#[tokio::test]
async fn a_publisher_that_says_goodbye_ends_the_stream_at_once() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let live = world.live(&mika, Visibility::Public).await;
    let waiting = world.start(&mika, Visibility::Public).await.stream.id;
    for id in [live, waiting] {
        world.streams.publisher_left(id, world.media.node, true).await.unwrap();
        assert_eq!(world.stream(id).await.status, StreamStatus::Ended);
        assert!(!world.media.is_open(id));
        world.streams.publisher_left(id, world.media.node, true).await.unwrap();
    }
}

#[tokio::test]
async fn a_publisher_that_fails_before_its_first_picture_may_try_again() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let started = world.start(&mika, Visibility::Public).await;
    let id = started.stream.id;
    world.streams.publisher_left(id, world.media.node, false).await.unwrap();
    world.clock.forward(120);
    world.streams.reap().await.unwrap();
    world.streams.may_publish(id, started.publish_token.expose()).await.unwrap();
    world.streams.went_live(id, world.media.node).await.unwrap();
    assert_eq!(world.stream(id).await.publisher_left_at, None);
}

#[tokio::test]
async fn a_publisher_of_an_ended_stream_is_cut_off() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let started = world.start(&mika, Visibility::Public).await;
    let id = started.stream.id;
    world.streams.end(&caller(&mika), id).await.unwrap();
    // As if it had been let in just before the end.
    stream_manager::MediaNodes::open(&*world.media, id).await.unwrap();
    assert_eq!(world.streams.went_live(id, world.media.node).await.unwrap_err().code(), "STREAM_ENDED");
    assert!(!world.media.is_open(id));
    assert_eq!(world.streams.went_live(StreamId::new(), world.media.node).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn after_a_restart_the_same_token_opens_the_stream_on_the_new_node() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let started = world.start(&mika, Visibility::Public).await;
    let id = started.stream.id;
    world.streams.went_live(id, world.media.node).await.unwrap();
    let (restarted, media) = world.another_process();
    restarted.may_publish(id, started.publish_token.expose()).await.unwrap();
    assert!(media.is_open(id));
    assert_eq!(world.stream(id).await.node, Some(media.node));
}

#[tokio::test]
async fn a_connection_that_dies_on_the_node_before_does_not_touch_the_stream() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let started = world.start(&mika, Visibility::Public).await;
    let (id, before) = (started.stream.id, world.media.node);
    world.streams.went_live(id, before).await.unwrap();
    let (elsewhere, media) = world.another_process();
    let mut news = world.news().await;
    elsewhere.may_publish(id, started.publish_token.expose()).await.unwrap();
    assert_eq!(news.next().await, StreamEvent::PublisherLeft { stream: id });
    assert_eq!(news.next().await, StreamEvent::Moved { stream: id, node: media.node });
    elsewhere.went_live(id, media.node).await.unwrap();
    assert_eq!(news.next().await, StreamEvent::WentLive { stream: id });
    for deliberate in [false, true] {
        world.streams.publisher_left(id, before, deliberate).await.unwrap();
        let stream = world.stream(id).await;
        assert_eq!((stream.status, stream.publisher_left_at), (StreamStatus::Live, None));
        assert!(media.is_open(id));
    }
    elsewhere.publisher_left(id, media.node, false).await.unwrap();
    assert!(world.stream(id).await.publisher_left_at.is_some());
}

#[tokio::test]
async fn a_publisher_that_moves_but_never_sends_a_picture_is_away() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let started = world.start(&mika, Visibility::Public).await;
    let id = started.stream.id;
    world.streams.went_live(id, world.media.node).await.unwrap();
    let (elsewhere, _) = world.another_process();
    elsewhere.may_publish(id, started.publish_token.expose()).await.unwrap();
    world.streams.publisher_left(id, world.media.node, false).await.unwrap();
    world.clock.forward(60);
    assert_eq!(world.streams.reap().await.unwrap().ended, [id]);
}

#[tokio::test]
async fn a_publisher_that_returns_to_the_node_before_finds_it_open() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let started = world.start(&mika, Visibility::Public).await;
    let (id, token) = (started.stream.id, started.publish_token.expose());
    let (elsewhere, media) = world.another_process();
    elsewhere.may_publish(id, token).await.unwrap();
    stream_manager::MediaNodes::close(&*world.media, id, Some(media.node)).await;
    let mut news = world.news().await;
    world.streams.may_publish(id, token).await.unwrap();
    assert!(world.media.is_open(id));
    assert_eq!(world.stream(id).await.node, Some(world.media.node));
    assert_eq!(news.next().await, StreamEvent::Moved { stream: id, node: world.media.node });
}

#[tokio::test]
async fn a_picture_on_another_node_takes_the_stream_over() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let id = world.live(&mika, Visibility::Public).await;
    let (elsewhere, media) = world.another_process();
    let mut news = world.news().await;
    elsewhere.went_live(id, media.node).await.unwrap();
    assert_eq!(world.stream(id).await.node, Some(media.node));
    assert_eq!(news.next().await, StreamEvent::Moved { stream: id, node: media.node });
    assert_eq!(news.next().await, StreamEvent::WentLive { stream: id });
}

#[tokio::test]
async fn a_first_picture_is_not_forgotten_while_the_database_is_away() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let id = world.start(&mika, Visibility::Public).await.stream.id;
    // A pool without a free connection looks like a database that does not answer.
    let mut taken = Vec::new();
    while taken.len() < 8 {
        taken.push(world.store.acquire().await.unwrap());
    }
    let streams = world.streams.clone();
    let node = world.media.node;
    let mut going_live = tokio::spawn(async move { streams.went_live(id, node).await });
    let longer_than_one_try = std::time::Duration::from_millis(3500);
    assert!(tokio::time::timeout(longer_than_one_try, &mut going_live).await.is_err(), "it insists");
    taken.clear();
    going_live.await.unwrap().unwrap();
    assert_eq!(world.stream(id).await.status, StreamStatus::Live);
}
