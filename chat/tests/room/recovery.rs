//! Coming back: exactly what was missed, or "start afresh".

use chat::Config;
use serde_json::{Value, json};

use crate::world::{World, texts, unhurried};

fn offsets(events: &Value) -> Vec<u64> {
    events.as_array().expect("a list").iter().map(|event| event["offset"].as_u64().expect("an offset")).collect()
}

#[tokio::test]
async fn a_reconnect_gets_exactly_what_was_missed() {
    let world = World::new().await;
    let (node, stream) = (world.node(unhurried()).await, world.stream());
    let (mut mika, joined) = node.join(stream, Some("mika")).await;
    for n in 1..=30 {
        mika.said(&n.to_string(), &format!("line {n}")).await;
    }
    let epoch = &joined["epoch"];
    for left_off in [0, 1, 12, 29, 30] {
        let (_, back) = node.rejoin(stream, epoch, left_off).await;
        assert_eq!(back["recovered"], true, "from {left_off}");
        assert_eq!(offsets(&back["events"]), (left_off + 1..=30).collect::<Vec<_>>());
        assert_eq!((&back["epoch"], &back["offset"]), (epoch, &json!(30)));
    }
}

#[tokio::test]
async fn a_position_that_never_was_starts_afresh() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut mika, joined) = node.join(stream, Some("mika")).await;
    mika.said("1", "hello").await;
    for (epoch, offset) in [(json!("elsewhere"), 1), (joined["epoch"].clone(), 2), (joined["epoch"].clone(), u64::MAX)]
    {
        let (_, back) = node.rejoin(stream, &epoch, offset).await;
        assert_eq!((&back["recovered"], texts(&back["events"])), (&json!(false), vec!["hello"]), "{epoch} {offset}");
    }
}

#[tokio::test]
async fn a_gap_older_than_five_minutes_starts_afresh() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut mika, joined) = node.join(stream, Some("mika")).await;
    mika.said("1", "one").await;
    mika.said("2", "two").await;
    world.clock.forward(250);
    mika.said("3", "three").await;
    world.clock.forward(100);
    mika.said("4", "four").await;
    let (_, partly) = node.rejoin(stream, &joined["epoch"], 1).await;
    assert_eq!((&partly["recovered"], texts(&partly["events"])), (&json!(false), vec!["three", "four"]));
    let (_, wholly) = node.rejoin(stream, &joined["epoch"], 2).await;
    assert_eq!((&wholly["recovered"], texts(&wholly["events"])), (&json!(true), vec!["three", "four"]));
}

#[tokio::test]
async fn a_gap_too_large_to_send_starts_afresh_with_the_newest() {
    let world = World::new().await;
    let config = Config { recovery_events: 10, history_events: 5, ..unhurried() };
    let (node, stream) = (world.node(config).await, world.stream());
    let (mut mika, joined) = node.join(stream, Some("mika")).await;
    for n in 1..=12 {
        mika.said(&n.to_string(), "x").await;
    }
    let (_, back) = node.rejoin(stream, &joined["epoch"], 2).await;
    assert_eq!((&back["recovered"], offsets(&back["events"])), (&json!(true), (3..=12).collect()));
    let (_, back) = node.rejoin(stream, &joined["epoch"], 1).await;
    assert_eq!((&back["recovered"], offsets(&back["events"])), (&json!(false), (8..=12).collect()));
    assert_eq!(offsets(&node.join(stream, None).await.1["events"]), (8..=12).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_lost_log_is_a_new_epoch_and_sends_everybody_to_join_anew() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut mika, joined) = node.join(stream, Some("mika")).await;
    let (mut ren, _) = node.join(stream, Some("ren")).await;
    mika.said("1", "before").await;
    mika.said("2", "before").await;
    let keys = [world.redis.chat_log_key(stream), world.redis.chat_meta_key(stream)];
    let () = redis::cmd("DEL").arg(&keys).query_async(&mut world.redis.commands()).await.expect("Redis answers");
    ren.send(json!({"type": "say", "id": "r", "text": "after"})).await;
    assert_eq!(ren.close_code().await, Some(3010));
    assert_eq!(mika.close_code().await, Some(3010));
    let (mut back, rejoined) = node.rejoin(stream, &joined["epoch"], 2).await;
    assert_eq!((&rejoined["recovered"], texts(&rejoined["events"])), (&json!(false), vec!["after"]));
    assert_ne!(rejoined["epoch"], joined["epoch"]);
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    mika.said("3", "goes on").await;
    assert_eq!(back.event().await["offset"], 2);
}

#[tokio::test]
async fn joining_amid_a_flood_neither_loses_nor_repeats() {
    let world = World::new().await;
    let (node, stream) = (world.node(unhurried()).await, world.stream());
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    let (mut reader, _) = node.join(stream, None).await;
    let speaking = async {
        for n in 1..=300 {
            mika.said(&n.to_string(), "x").await;
        }
    };
    let joining = async {
        for _ in 0..20 {
            reader.event().await;
            let (mut client, joined) = node.join(stream, None).await;
            let mut seen = offsets(&joined["events"]);
            while *seen.last().unwrap_or(&0) < joined["offset"].as_u64().expect("a number") + 5 {
                seen.push(client.event().await["offset"].as_u64().expect("a number"));
            }
            assert_eq!(seen, (1..=seen.len() as u64).collect::<Vec<_>>());
        }
    };
    tokio::join!(speaking, joining);
}
