//! Streams whose publisher vanished.

use domain::event::StreamEvent;
use domain::{StreamStatus, Visibility};

use crate::world::World;

#[tokio::test]
async fn a_stream_ends_when_its_publisher_stayed_away_past_the_grace_time() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let id = world.live(&mika, Visibility::Public).await;
    world.streams.publisher_left(id, world.media.node, false).await.unwrap();
    let mut news = world.news().await;
    world.clock.forward(60);
    assert_eq!(world.streams.reap().await.unwrap().ended, [id]);
    assert_eq!(world.stream(id).await.status, StreamStatus::Ended);
    assert!(!world.media.is_open(id));
    assert_eq!(news.next().await, StreamEvent::Ended { stream: id, node: Some(world.media.node) });
    assert_eq!(world.streams.reap().await.unwrap().ended, []);
}

#[tokio::test]
async fn a_stream_that_never_had_a_picture_ends_after_ten_minutes() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let id = world.start(&mika, Visibility::Public).await.stream.id;
    world.clock.forward(599);
    assert_eq!(world.streams.reap().await.unwrap().ended, []);
    world.clock.forward(1);
    assert_eq!(world.streams.reap().await.unwrap().ended, [id]);
}

#[tokio::test]
async fn after_a_crash_of_everything_no_stream_stays_live_past_the_grace_time() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    world.heartbeat().await;
    let id = world.live(&mika, Visibility::Public).await;
    world.streams.reap().await.unwrap();
    world.nodes().leave(world.media.node).await.unwrap();

    let (restarted, _) = world.another_process();
    assert_eq!(restarted.reap().await.unwrap().away, [], "one missed heartbeat proves nothing");
    world.clock.forward(10);
    assert_eq!(restarted.reap().await.unwrap().away, [id]);
    assert_eq!(world.stream(id).await.status, StreamStatus::Live, "the publisher may still come back");
    world.clock.forward(50);
    assert_eq!(restarted.reap().await.unwrap().ended, [id], "60 s after the restart");
}

#[tokio::test]
async fn a_redis_that_was_emptied_takes_no_stream_along() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    world.heartbeat().await;
    let id = world.live(&mika, Visibility::Public).await;
    world.nodes().leave(world.media.node).await.unwrap();
    world.streams.reap().await.unwrap();
    world.clock.forward(4);
    world.heartbeat().await;
    world.streams.reap().await.unwrap();
    world.nodes().leave(world.media.node).await.unwrap();
    world.clock.forward(8);
    world.streams.reap().await.unwrap();
    assert_eq!(world.stream(id).await.publisher_left_at, None, "it was never missing for 10 s");
}

#[tokio::test]
async fn several_reapers_at_once_end_each_stream_once() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for name in ["mika", "ren", "yui"] {
        let creator = world.user(name).await;
        for _ in 0..3 {
            let id = world.live(&creator, Visibility::Public).await;
            world.streams.publisher_left(id, world.media.node, false).await.unwrap();
            ids.push(id);
        }
    }
    world.clock.forward(60);
    let (other, _) = world.another_process();
    let (third, _) = world.another_process();
    let (one, two, three) = tokio::join!(world.streams.reap(), other.reap(), third.reap());
    let mut ended = [one.unwrap().ended, two.unwrap().ended, three.unwrap().ended].concat();
    ended.sort();
    ids.sort();
    assert_eq!(ended, ids);
}
