//! Who may come in, who may write, and who has to leave.

use chat::{Config, Room};
use domain::{StreamId, StreamStatus};
use serde_json::json;

use crate::world::World;

fn often() -> Config {
    Config { recheck_secs: 1, ..Config::default() }
}

#[tokio::test]
async fn anonymous_viewers_read_only() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut nobody, joined) = node.join(stream, None).await;
    assert_eq!((&joined["you"], &joined["may_speak"]), (&json!(null), &json!(false)));
    let refusal = nobody.say("1", "hello").await;
    assert_eq!((&refusal["type"], &refusal["code"]), (&json!("error"), &json!("NOT_SIGNED_IN")));
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    mika.said("1", "hi").await;
    assert_eq!(nobody.event().await["text"], "hi");
}

#[tokio::test]
async fn an_ended_stream_keeps_its_history_and_takes_no_more() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    mika.said("1", "bye").await;
    drop(mika);
    let stream_has_ended = world.room(false, StreamStatus::Ended);
    world.streams.set(stream, stream_has_ended, false);
    let other = world.node(Config::default()).await;
    let (mut ren, joined) = other.join(stream, Some("ren")).await;
    assert_eq!((&joined["status"], &joined["may_speak"]), (&json!("ended"), &json!(false)));
    assert_eq!(joined["events"][0]["text"], "bye");
    assert_eq!(ren.say("r", "wait").await["code"], "CHAT_CLOSED");
}

#[tokio::test]
async fn whoever_comes_while_the_publisher_is_away_is_told() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let away = Room { is_publisher_away: true, ..world.room(true, StreamStatus::Live) };
    world.streams.set(stream, away, false);
    assert_eq!(node.join(stream, None).await.1["status"], "reconnecting");
}

#[tokio::test]
async fn a_private_stream_of_somebody_else_does_not_exist() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    world.streams.set(stream, world.room(true, StreamStatus::Live), true);
    let id = stream.to_string();
    for headers in [&[][..], &[("authorization", "Bearer ren")]] {
        let (status, body) = node.open(&id, headers).await.err().expect("it is refused");
        assert_eq!((status, &body["code"]), (404, &json!("STREAM_NOT_FOUND")));
    }
    assert!(node.open(&id, &[("authorization", "Bearer mika")]).await.is_ok());
}

#[tokio::test]
async fn unknown_streams_and_plain_requests_are_refused_in_the_usual_shape() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    for missing in [StreamId::new().to_string(), "not-an-id".to_owned(), "%00".to_owned()] {
        let (status, body) = node.open(&missing, &[]).await.err().expect("it is refused");
        assert_eq!((status, &body["code"]), (404, &json!("STREAM_NOT_FOUND")), "{missing}");
    }
    let (status, body) =
        node.open(&stream.to_string(), &[("sec-websocket-version", "7")]).await.err().expect("refused");
    assert_eq!((status, &body["code"]), (400, &json!("WEBSOCKET_REQUIRED")));
}

#[tokio::test]
async fn the_subprotocol_is_chosen_if_offered_and_another_one_refused() {
    let world = World::new().await;
    let (node, stream) = (world.node(Config::default()).await, world.stream().to_string());
    let named = node.open(&stream, &[("sec-websocket-protocol", "livestream.chat.v1")]).await;
    assert_eq!(named.ok().and_then(|client| client.subprotocol).as_deref(), Some("livestream.chat.v1"));
    let silent = node.open(&stream, &[]).await;
    assert_eq!(silent.map(|client| client.subprotocol), Ok(None));
    let (status, body) = node.open(&stream, &[("sec-websocket-protocol", "irc")]).await.err().expect("refused");
    assert_eq!((status, &body["code"]), (400, &json!("SUBPROTOCOL_UNKNOWN")));
}

#[tokio::test]
async fn foreign_pages_are_refused_and_ours_are_not() {
    let world = World::new().await;
    let config = Config { allowed_origins: vec!["https://ours.example".into()], ..Config::default() };
    let (node, stream) = (world.node(config).await, world.stream().to_string());
    let (status, body) = node.open(&stream, &[("origin", "https://evil.example")]).await.err().expect("refused");
    assert_eq!((status, &body["code"]), (403, &json!("FOREIGN_PAGE")));
    assert!(node.open(&stream, &[("origin", "https://ours.example")]).await.is_ok());
    let same = format!("http://{}", node.address);
    assert!(node.open(&stream, &[("origin", &same)]).await.is_ok());
}

#[tokio::test]
async fn a_revoked_session_is_sent_away_and_nobody_else() {
    let world = World::new().await;
    let (node, stream) = (world.node(often()).await, world.stream());
    let (mut ren, _) = node.join(stream, Some("ren")).await;
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    let key = world.redis.revoked_session_key(world.person("ren").session);
    let () = redis::cmd("SET").arg(key).arg(1).query_async(&mut world.redis.commands()).await.expect("Redis answers");
    assert_eq!(ren.close_code().await, Some(3005));
    mika.said("1", "still here").await;
}

#[tokio::test]
async fn a_stream_that_turns_private_keeps_its_creator_alone() {
    let world = World::new().await;
    let (node, stream) = (world.node(often()).await, world.stream());
    let (mut nobody, _) = node.join(stream, None).await;
    let (mut ren, _) = node.join(stream, Some("ren")).await;
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    world.streams.set(stream, world.room(true, StreamStatus::Live), true);
    assert_eq!(nobody.close_code().await, Some(3507));
    assert_eq!(ren.close_code().await, Some(3507));
    mika.said("1", "alone").await;
}

#[tokio::test]
async fn an_end_that_was_not_announced_is_noticed() {
    let world = World::new().await;
    let (node, stream) = (world.node(often()).await, world.stream());
    let (mut ren, _) = node.join(stream, Some("ren")).await;
    world.streams.set(stream, world.room(false, StreamStatus::Ended), false);
    assert_eq!(ren.frame().await, json!({"type": "stream", "status": "ended"}));
    assert_eq!(ren.say("1", "hello?").await["code"], "CHAT_CLOSED");
}

#[tokio::test]
async fn a_full_node_says_so() {
    let world = World::new().await;
    let config = Config { max_connections: 1, ..Config::default() };
    let (node, stream) = (world.node(config).await, world.stream());
    let first = node.join(stream, None).await;
    let (status, body) = node.open(&stream.to_string(), &[]).await.err().expect("refused");
    assert_eq!((status, &body["code"]), (503, &json!("CHAT_FULL")));
    drop(first);
    crate::world::eventually("there is room again", async || node.open(&stream.to_string(), &[]).await.ok()).await;
}
