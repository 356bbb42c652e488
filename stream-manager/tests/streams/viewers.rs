//! Counting who watches, and the registry of media nodes.

use std::sync::Arc;

use domain::{NodeId, StreamId, Visibility};
use store::redis::Redis;
use stream_manager::testing::FakeMedia;
use stream_manager::{Config, StreamManager};

use crate::world::{World, caller};

#[tokio::test]
async fn counts_of_all_nodes_add_up_and_a_stream_that_is_reported_no_more_has_none() {
    let world = World::new().await;
    let (tokyo, osaka) = (NodeId::new(), NodeId::new());
    let (jam, talk, none) = (StreamId::new(), StreamId::new(), StreamId::new());
    world.streams.report_viewers(tokyo, &[(jam, 3), (talk, 1)]).await.unwrap();
    world.streams.report_viewers(osaka, &[(jam, 4)]).await.unwrap();
    assert_eq!(world.streams.viewers(&[jam, none, talk]).await, [7, 0, 1]);
    world.streams.report_viewers(tokyo, &[(jam, 2)]).await.unwrap();
    assert_eq!(world.streams.viewers(&[talk, jam]).await, [0, 6]);
    assert!(world.streams.viewers(&[]).await.is_empty());
}

#[tokio::test]
async fn a_node_that_stopped_reporting_counts_for_15_seconds() {
    let world = World::new().await;
    let (tokyo, osaka, jam) = (NodeId::new(), NodeId::new(), StreamId::new());
    world.streams.report_viewers(tokyo, &[(jam, 3)]).await.unwrap();
    world.clock.forward(10);
    world.streams.report_viewers(osaka, &[(jam, 4)]).await.unwrap();
    assert_eq!(world.streams.viewers(&[jam]).await, [7]);
    world.clock.forward(5);
    assert_eq!(world.streams.viewers(&[jam]).await, [4]);
}

#[tokio::test]
async fn the_counts_of_a_forgotten_stream_expire() {
    let world = World::new().await;
    let jam = StreamId::new();
    world.streams.report_viewers(NodeId::new(), &[(jam, 3)]).await.unwrap();
    let key = world.redis.viewers_key(jam);
    let ttl: i64 = redis::cmd("TTL").arg(key).query_async(&mut world.redis.commands()).await.unwrap();
    assert!((1..=60).contains(&ttl), "{ttl}");
}

#[tokio::test]
async fn without_redis_streams_start_live_and_end_and_nobody_is_counted() {
    let world = World::new().await;
    let mika = world.user("mika").await;
    let nowhere = Redis::connect("redis+unix:///nowhere.sock", "test:").await.unwrap();
    let media = Arc::new(FakeMedia::new());
    let node = media.node;
    let (store, clock) = (world.store.clone(), world.clock.clone());
    let streams = StreamManager::new(store, nowhere, media, Config::default(), clock);
    let started = streams.start(&mika, crate::world::new_stream(Visibility::Public)).await.unwrap();
    streams.went_live(started.stream.id, node).await.unwrap();
    assert_eq!(streams.viewers(&[started.stream.id]).await, [0]);
    world.clock.forward(60);
    let reaped = streams.reap().await.unwrap();
    assert!(reaped.away.is_empty() && reaped.ended.is_empty(), "nothing is known of its node");
    streams.end(&caller(&mika), started.stream.id).await.unwrap();
}

#[tokio::test]
async fn the_next_stream_goes_to_the_living_node_with_the_fewest() {
    let world = World::new().await;
    let nodes = world.nodes();
    assert!(nodes.place().await.is_err());
    let (busy, idle) = (NodeId::new(), NodeId::new());
    let (one, two) = ("http://10.0.0.1:8080".parse().unwrap(), "http://10.0.0.2:8080".parse().unwrap());
    nodes.heartbeat(busy, &one, &[(StreamId::new(), 5), (StreamId::new(), 0)]).await.unwrap();
    nodes.heartbeat(idle, &two, &[(StreamId::new(), 90)]).await.unwrap();
    assert_eq!(nodes.place().await.unwrap().node, idle);
    nodes.leave(idle).await.unwrap();
    assert_eq!(nodes.place().await.unwrap().base_url, one);
    let listed = nodes.list().await.unwrap();
    assert_eq!((listed.len(), listed[0].streams, listed[0].watchers), (1, 2, 5));
}

#[tokio::test]
async fn a_node_without_heartbeat_expires_and_is_forgotten() {
    let world = World::new().await;
    world.heartbeat().await;
    let (redis, node) = (&world.redis, world.media.node);
    let ttl: i64 = redis::cmd("PTTL").arg(redis.node_key(node)).query_async(&mut redis.commands()).await.unwrap();
    assert!((1..=10_000).contains(&ttl), "{ttl}");
    // What its expiry leaves behind.
    let _: () = redis::cmd("DEL").arg(redis.node_key(node)).query_async(&mut redis.commands()).await.unwrap();
    assert!(world.nodes().list().await.unwrap().is_empty());
    let members: i64 = redis::cmd("SCARD").arg(redis.nodes_key()).query_async(&mut redis.commands()).await.unwrap();
    assert_eq!(members, 0);
}
