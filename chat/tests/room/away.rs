//! Redis goes and comes back. Each test has a Redis of its own.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use chat::Config;
use serde_json::json;
use store::redis::Redis;
use tempfile::TempDir;

use crate::world::{World, eventually, texts, unhurried};

/// A Redis that a test may kill. What it held is there again after a start if it was saved.
struct OwnRedis {
    folder: TempDir,
    process: Child,
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        self.kill();
    }
}

impl OwnRedis {
    fn new() -> Self {
        let folder = TempDir::with_prefix("chat-redis-").expect("a folder");
        let process = Self::run(folder.path());
        Self { folder, process }
    }

    fn run(folder: &Path) -> Child {
        Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(folder.join("redis.sock"))
            .arg("--dir")
            .arg(folder)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed")
    }

    async fn connect(&self) -> Redis {
        let url = format!("redis+unix://{}", self.folder.path().join("redis.sock").display());
        let redis = Redis::connect(&url, "away:").await.expect("an address");
        eventually("Redis answers", async || redis.ping().await.ok()).await;
        redis
    }

    fn kill(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }

    /// `STOP` freezes it, with its connections open; `CONT` lets it go on.
    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status();
        assert!(sent.expect("there is a kill").success());
    }

    fn start(&mut self) {
        self.process = Self::run(self.folder.path());
    }
}

async fn run(redis: &Redis, command: &[&str]) -> redis::Value {
    redis::cmd(command[0]).arg(&command[1..]).query_async(&mut redis.commands()).await.expect("Redis answers")
}

#[tokio::test]
async fn a_killed_subscription_is_repaired_without_loss() {
    let own = OwnRedis::new();
    let world = World::on(own.connect().await);
    let stream = world.stream();
    let (here, there) = (world.node(unhurried()).await, world.node(unhurried()).await);
    let (mut mika, _) = here.join(stream, Some("mika")).await;
    let (mut ren, _) = there.join(stream, Some("ren")).await;
    for round in 0..5_u64 {
        run(&world.redis, &["CLIENT", "KILL", "TYPE", "pubsub"]).await;
        for n in 1..=20 {
            mika.said(&format!("{round}.{n}"), "x").await;
        }
        let mut seen = round * 20;
        while seen < (round + 1) * 20 {
            let frame = ren.frame().await;
            for event in frame["events"].as_array().expect("only events are sent") {
                seen += 1;
                assert_eq!(event["offset"], seen);
            }
        }
    }
}

#[tokio::test]
async fn while_redis_is_away_connections_stay_and_nothing_is_lost_after_it() {
    let mut own = OwnRedis::new();
    let world = World::on(own.connect().await);
    let (node, stream) = (world.node(unhurried()).await, world.stream());
    let (mut mika, before) = node.join(stream, Some("mika")).await;
    let (mut ren, _) = node.join(stream, Some("ren")).await;
    mika.said("1", "before").await;
    assert_eq!(ren.event().await["text"], "before");
    run(&world.redis, &["SAVE"]).await;
    own.kill();

    let refusal = mika.say("2", "anybody?").await;
    assert_eq!((&refusal["type"], &refusal["code"]), (&json!("error"), &json!("CHAT_UNAVAILABLE")));
    assert!(refusal["retry_after_ms"].is_u64());
    let (mut late, joined) = node.join(stream, None).await;
    assert_eq!((&joined["history"], &joined["recovered"]), (&json!("unavailable"), &json!(false)));
    assert_eq!((&joined["epoch"], &joined["events"]), (&json!(""), &json!([])));

    own.start();
    eventually("the message is taken", async || {
        world.clock.forward(1);
        let answer = mika.say("2", "anybody?").await;
        (answer["type"] == "ack").then_some(())
    })
    .await;
    assert_eq!(ren.event().await["offset"], 2, "whoever was here stays and hears it once");
    assert_eq!(late.close_code().await, Some(3010), "whoever joined without history joins anew");
    let (_, back) = node.rejoin(stream, &before["epoch"], 0).await;
    assert_eq!((&back["recovered"], texts(&back["events"])), (&json!(true), vec!["before", "anybody?"]));
}

#[tokio::test]
async fn a_redis_that_comes_back_empty_sends_everybody_to_join_anew() {
    let mut own = OwnRedis::new();
    let world = World::on(own.connect().await);
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut mika, before) = node.join(stream, Some("mika")).await;
    mika.said("1", "forgotten").await;
    own.kill();
    own.start();
    assert_eq!(mika.close_code().await, Some(3010));
    let (_, back) = node.rejoin(stream, &before["epoch"], 1).await;
    assert_eq!((&back["recovered"], &back["events"]), (&json!(false), &json!([])));
    assert_ne!(back["epoch"], before["epoch"]);
}

#[tokio::test]
async fn a_full_redis_is_a_clear_error_and_no_crash() {
    let own = OwnRedis::new();
    let world = World::on(own.connect().await);
    let (node, stream) = (world.node(Config::default()).await, world.stream());
    let (mut mika, _) = node.join(stream, Some("mika")).await;
    run(&world.redis, &["CONFIG", "SET", "maxmemory", "1"]).await;
    assert_eq!(mika.say("1", "no room").await["code"], "CHAT_UNAVAILABLE");
    run(&world.redis, &["CONFIG", "SET", "maxmemory", "0"]).await;
    mika.said("1", "room").await;
    assert_eq!(mika.event().await["text"], "room");
}

#[tokio::test]
async fn a_redis_that_freezes_says_nothing_twice() {
    let own = OwnRedis::new();
    let world = World::on(own.connect().await);
    let (node, stream) = (world.node(unhurried()).await, world.stream());
    let (mut mika, before) = node.join(stream, Some("mika")).await;
    mika.said("1", "before").await;
    own.signal("STOP");
    assert_eq!(mika.say("2", "did it arrive?").await["code"], "CHAT_UNAVAILABLE");
    own.signal("CONT");
    eventually("the message is taken", async || (mika.say("2", "did it arrive?").await["type"] == "ack").then_some(()))
        .await;
    let (_, back) = node.rejoin(stream, &before["epoch"], 0).await;
    assert_eq!(texts(&back["events"]), ["before", "did it arrive?"], "whatever Redis did with the first one");
}
