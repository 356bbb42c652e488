//! What is refused, how it is said, and when a connection ends for it.

use chat::Config;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::world::{Heard, World, unhurried};

#[tokio::test]
async fn too_long_and_empty_messages_are_refused_with_a_sentence() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    let refusal = mika.say("1", &"あ".repeat(501)).await;
    assert_eq!(refusal["code"], "MESSAGE_TOO_LONG");
    assert_eq!(refusal["error"], "a message has at most 500 characters, this one has 1 more");
    assert_eq!(mika.say("2", " \u{200B} ").await["code"], "MESSAGE_EMPTY");
    mika.send(json!({"type": "say", "id": "no spaces", "text": "x"})).await;
    assert_eq!(mika.frame().await["code"], "MESSAGE_ID_INVALID");
    assert_eq!(mika.said("3", &"あ".repeat(500)).await, 1);
}

#[tokio::test]
async fn too_fast_says_how_long_to_wait_and_other_connections_do_not_help() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    for n in 0..5 {
        mika.said(&n.to_string(), "quick").await;
    }
    let refusal = mika.say("6", "too quick").await;
    assert_eq!(refusal["code"], "TOO_FAST");
    let wait = refusal["retry_after_ms"].as_u64().expect("a time to wait");
    assert!((1..=1500).contains(&wait), "{wait}");
    let (mut second, _) = node.join(stream, Some("mika")).await;
    assert_eq!(second.say("7", "by the back door").await["code"], "TOO_FAST");
    let (mut ren, _) = node.join(stream, Some("ren")).await;
    ren.said("1", "others may").await;
    world.clock.forward(2);
    mika.said("8", "rested").await;
}

#[tokio::test]
async fn whoever_never_heeds_a_refusal_is_sent_away() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut nobody, _) = node.join(stream, None).await;
    for n in 0..30 {
        nobody.send(json!({"type": "say", "id": n.to_string(), "text": "x"})).await;
    }
    assert_eq!(nobody.close_code().await, Some(3013));
}

#[tokio::test]
async fn malformed_frames_are_answered_and_then_end_the_connection() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    let bad = [
        Message::text("{"),
        Message::text(r#"{"type":"dance"}"#),
        Message::text(r#"{"type":"say","id":7,"text":"x"}"#),
        Message::binary(&b"{}"[..]),
        Message::text(r#"{"type":"join"}"#),
    ];
    for frame in bad {
        mika.send_raw(frame).await;
        let answer = mika.frame().await;
        assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!("BAD_FRAME")), "{answer}");
    }
    assert_eq!(mika.close_code().await, Some(3501));
}

#[tokio::test]
async fn an_occasional_bad_frame_does_no_harm() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let mut mika = node.connect(stream, Some("mika")).await;
    mika.send(json!({"type": "say", "id": "1", "text": "before joining"})).await;
    assert_eq!(mika.frame().await["code"], "BAD_FRAME");
    mika.send(json!({"type": "join"})).await;
    assert_eq!(mika.frame().await["type"], "joined");
    mika.send_raw(Message::text("?")).await;
    assert_eq!(mika.frame().await["code"], "BAD_FRAME");
    mika.said("1", "after").await;
}

fn raw(payload: &[u8], opcode: Data, is_final: bool) -> Message {
    Message::Frame(Frame::message(payload.to_vec(), OpCode::Data(opcode), is_final))
}

#[tokio::test]
async fn a_message_in_fragments_is_one_frame() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    mika.send_raw(raw(br#"{"type":"say","id":"1","#, Data::Text, false)).await;
    mika.send_raw(Message::Ping(Default::default())).await;
    mika.send_raw(raw(br#""text":"in two parts"}"#, Data::Continue, true)).await;
    assert_eq!(mika.event().await["text"], "in two parts");
}

#[tokio::test]
async fn text_that_is_no_utf_8_ends_the_connection() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    mika.send_raw(raw(b"{\"type\":\"say\",\"id\":\"1\",\"text\":\"\xff\"}", Data::Text, true)).await;
    assert_eq!(mika.close_code().await, Some(3501));
}

#[tokio::test]
async fn an_oversized_frame_ends_the_connection() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    mika.send(json!({"type": "say", "id": "1", "text": "x".repeat(15 * 1024)})).await;
    assert_eq!(mika.frame().await["code"], "MESSAGE_TOO_LONG");
    mika.send(json!({"type": "say", "id": "1", "text": "x".repeat(17 * 1024)})).await;
    assert_eq!(mika.close_code().await, Some(3501));
}

#[tokio::test]
async fn whoever_does_not_join_in_time_is_sent_away() {
    let world = World::new().await;
    let config = Config { join_secs: 1, ..Config::default() };
    let (node, stream) = (world.node(config).await, world.stream());
    assert_eq!(node.connect(stream, None).await.hear().await, Heard::Closed(Some(3012)));
}

#[tokio::test]
async fn silent_clients_are_asked_and_those_who_do_not_answer_sent_away() {
    let world = World::new().await;
    let config = Config { ping_secs: 1, pong_secs: 1, ..Config::default() };
    let (node, stream) = (world.node(config).await, world.stream());
    let (mut dead, _) = node.join(stream, None).await;
    let (mut alive, _) = node.join(stream, None).await;
    for _ in 0..3 {
        assert_eq!(alive.hear().await, Heard::Ping);
    }
    assert_eq!(dead.close_code().await, Some(3012));
    assert_eq!(alive.hear().await, Heard::Ping);
}

#[tokio::test]
async fn a_slow_reader_is_cut_off_and_slows_nobody() {
    let world = World::new().await;
    let config = Config { queue_frames: 16, ..unhurried() };
    let (node, stream) = (world.node(config).await, world.stream());
    let (mut slow, joined) = node.join(stream, None).await;
    let (mut ren, _) = node.join(stream, Some("ren")).await;
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    for n in 1..=100 {
        assert_eq!(mika.said(&n.to_string(), &"x".repeat(500)).await, n);
        assert_eq!(ren.event().await["offset"], n);
    }
    assert_eq!(slow.close_code().await, Some(3008));
    let (_, back) = node.rejoin(stream, &joined["epoch"], 0).await;
    assert_eq!((&back["recovered"], &back["offset"]), (&json!(true), &json!(100)));
}
