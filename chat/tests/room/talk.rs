//! People talk: both ways, one after the other, and across nodes.

use chat::{Config, Notice, Status};
use domain::ArchiveId;
use serde_json::json;

use crate::world::{Heard, World, eventually, texts, unhurried};

#[tokio::test]
async fn messages_go_both_ways_and_name_their_author() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut mika, joined) = node.join(stream, Some("mika")).await;
    assert_eq!(joined["you"], json!({"user_id": world.person("mika").user, "username": "mika"}));
    assert_eq!(
        (&joined["may_speak"], &joined["max_chars"], &joined["status"]),
        (&json!(true), &json!(500), &json!("live"))
    );
    assert_eq!((&joined["recovered"], &joined["events"], &joined["offset"]), (&json!(false), &json!([]), &json!(0)));
    let (mut ren, _) = node.join(stream, Some("ren")).await;

    mika.send(json!({"type": "say", "id": "m1", "text": "  hello <b>there</b> "})).await;
    let event = ren.event().await;
    assert_eq!(event["text"], "hello <b>there</b>");
    assert_eq!((&event["kind"], &event["client_id"], &event["offset"]), (&json!("message"), &json!("m1"), &json!(1)));
    assert_eq!(event["by"], json!({"user_id": world.person("mika").user, "username": "mika", "is_creator": true}));
    assert_eq!(event["id"], format!("{}-1", event["at"]));

    assert_eq!(ren.said("r1", "hi").await, 2);
    let own = [mika.event().await, mika.event().await];
    assert_eq!((&own[0]["text"], &own[1]["text"]), (&json!("hello <b>there</b>"), &json!("hi")));
    assert_eq!(own[1]["by"]["is_creator"], false);
}

#[tokio::test]
async fn a_late_joiner_gets_the_history_and_then_what_follows() {
    let world = World::new().await;
    let (node, stream) = (world.node(unhurried()).await, world.stream());
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    for n in 1..=20 {
        mika.said(&format!("m{n}"), &format!("line {n}")).await;
    }
    let (mut late, joined) = node.join(stream, None).await;
    let expected: Vec<String> = (1..=20).map(|n| format!("line {n}")).collect();
    assert_eq!(texts(&joined["events"]), expected);
    assert_eq!(joined["offset"], 20);
    mika.said("m21", "line 21").await;
    assert_eq!(late.event().await["offset"], 21);
}

#[tokio::test]
async fn the_history_ends_five_minutes_ago_and_older_lines_leave_redis() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    mika.said("1", "old").await;
    world.clock.forward(200);
    mika.said("2", "middle").await;
    world.clock.forward(101);
    let (_, joined) = node.join(stream, None).await;
    assert_eq!(texts(&joined["events"]), ["middle"], "what is too old is not shown, trimmed or not");
    mika.said("3", "new").await;
    let kept: u64 = redis::cmd("XLEN")
        .arg(world.redis.chat_log_key(stream))
        .query_async(&mut world.redis.commands())
        .await
        .expect("Redis answers");
    assert_eq!(kept, 2, "the next message trims");
    world.clock.forward(301);
    let (_, joined) = node.join(stream, None).await;
    assert_eq!((&joined["events"], &joined["offset"]), (&json!([]), &json!(3)));
}

#[tokio::test]
async fn a_repeated_client_id_is_one_message() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    let (mut ren, _) = node.join(stream, Some("ren")).await;
    let (mut listener, _) = node.join(stream, None).await;
    assert_eq!(mika.said("same", "once").await, 1);
    assert_eq!(mika.said("same", "once").await, 1);
    assert_eq!(ren.said("same", "another person's id is another id").await, 2);
    let (mut again, joined) = node.join(stream, Some("mika")).await;
    assert_eq!(joined["events"].as_array().map(Vec::len), Some(2));
    assert_eq!(again.said("same", "once").await, 1, "over a new connection too");
    assert_eq!(ren.said("r", "next").await, 3);
    for offset in 1..=3 {
        assert_eq!(listener.event().await["offset"], offset, "each is heard once");
    }
}

#[tokio::test]
async fn two_nodes_on_one_redis_hear_each_other() {
    let world = World::new().await;
    let stream = world.stream();
    let (here, there) = (world.node(unhurried()).await, world.node(unhurried()).await);
    let (mut mika, _) = here.join(stream, Some("mika")).await;
    let (mut ren, _) = there.join(stream, Some("ren")).await;
    for n in 0..10 {
        mika.said(&format!("m{n}"), "from here").await;
        ren.said(&format!("r{n}"), "from there").await;
    }
    let (mut a, joined_a) = here.join(stream, None).await;
    let (mut b, joined_b) = there.join(stream, None).await;
    assert_eq!(joined_a["events"], joined_b["events"]);
    assert_eq!(joined_a["epoch"], joined_b["epoch"]);
    mika.said("last", "to both").await;
    assert_eq!(a.event().await, b.event().await);
}

#[tokio::test]
async fn a_node_subscribes_once_per_room_whatever_the_number_of_viewers() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let mut viewers = Vec::new();
    for _ in 0..20 {
        viewers.push(node.join(stream, None).await);
    }
    let (_, subscribers): (String, u64) = redis::cmd("PUBSUB")
        .arg("NUMSUB")
        .arg(world.redis.chat_channel(stream))
        .query_async(&mut world.redis.commands())
        .await
        .expect("Redis answers");
    assert_eq!(subscribers, 1);
    assert_eq!(node.chat.rooms_open(), [stream]);
    assert_eq!(node.chat.connections(), 20);
}

#[tokio::test]
async fn an_empty_room_is_given_up() {
    let world = World::new().await;
    let node = world.node(Config { recheck_secs: 1, ..Config::default() }).await;
    let stream = world.stream();
    drop(node.join(stream, None).await);
    eventually("the room is empty", async || node.chat.rooms_open().is_empty().then_some(())).await;
    eventually("its subscription is gone", async || {
        let (_, subscribers): (String, u64) = redis::cmd("PUBSUB")
            .arg("NUMSUB")
            .arg(world.redis.chat_channel(stream))
            .query_async(&mut world.redis.commands())
            .await
            .expect("Redis answers");
        (subscribers == 0).then_some(())
    })
    .await;
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    mika.said("1", "the room opens again").await;
    assert_eq!(mika.event().await["offset"], 1);
}

#[tokio::test]
async fn news_of_the_stream_reach_those_present_and_are_not_kept() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut ren, joined) = node.join(stream, Some("ren")).await;
    assert_eq!(joined["viewer_count"], json!(null));
    node.chat.announce(stream, Notice { status: Status::Reconnecting, viewer_count: Some(12), archive_id: None });
    assert_eq!(ren.frame().await, json!({"type": "stream", "status": "reconnecting", "viewer_count": 12}));
    let (_, joined) = node.join(stream, None).await;
    assert_eq!((&joined["status"], &joined["viewer_count"]), (&json!("reconnecting"), &json!(12)));
    assert_eq!(joined["events"], json!([]));

    for count in [12, 13, 13] {
        node.chat.announce_viewers(stream, count);
    }
    assert_eq!(ren.frame().await, json!({"type": "stream", "status": "reconnecting", "viewer_count": 13}), "news only");
    let archive = ArchiveId::new();
    node.chat.announce(stream, Notice { status: Status::Ended, viewer_count: None, archive_id: Some(archive) });
    assert_eq!(ren.frame().await, json!({"type": "stream", "status": "ended", "archive_id": archive}));
    assert_eq!(ren.say("late", "still here?").await["code"], "CHAT_CLOSED");
    assert_eq!(node.join(stream, Some("mika")).await.1["may_speak"], false);
}

#[tokio::test]
async fn a_stop_tells_everybody_to_reconnect_and_leaves_no_task() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut joined, _) = node.join(stream, None).await;
    let mut waiting = node.connect(stream, None).await;
    let (joined, waiting, ()) = tokio::join!(joined.hear(), waiting.hear(), node.stop());
    assert_eq!((joined, waiting), (Heard::Closed(Some(3001)), Heard::Closed(Some(3001))));
}
