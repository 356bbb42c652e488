//! Several processes, each in a role of its own, on shared stores.

use anyhow::{Context as _, ensure};
use e2e::{Creator, Instance, SOON, probe, until_status};
use local_s3::LocalS3;
use peer::{ChatClient, Viewer};
use rustix::process::Signal;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A key of the length that the config asks for.
const TOKEN_KEY: &str = "0123456789abcdef0123456789abcdef";

/// What the roles share.
struct Stores {
    settings: Vec<(&'static str, String)>,
    _objects: tempfile::TempDir,
    stop: CancellationToken,
}

impl Stores {
    async fn open() -> anyhow::Result<Self> {
        let objects = tempfile::tempdir()?;
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let keys = ("a key".to_owned(), "its secret".to_owned());
        let s3 = LocalS3::start(objects.path(), listener, keys.0.clone(), keys.1.clone(), &tasks, stop.clone())?;
        let (database, redis) = store::testing::addresses().await;
        let settings = vec![
            ("DATABASE__URL", database),
            ("REDIS__URL", redis),
            ("REDIS__PREFIX", format!("roles{}:", std::process::id())),
            ("S3__ENDPOINT", s3.endpoint()),
            ("S3__ACCESS_KEY", keys.0),
            ("S3__SECRET_KEY", keys.1),
            ("AUTH__TOKEN_KEY", TOKEN_KEY.to_owned()),
        ];
        Ok(Self { settings, _objects: objects, stop })
    }

    async fn start(&self, role: &'static str) -> anyhow::Result<Instance> {
        let settings: Vec<(&str, &str)> = self.settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
        Instance::start_role(role, &settings).await
    }
}

#[tokio::test]
async fn the_roles_in_processes_of_their_own_do_the_whole_job_together() -> anyhow::Result<()> {
    let stores = Stores::open().await?;
    let api = stores.start("api").await?;
    let (media, chat, worker) = tokio::try_join!(stores.start("media"), stores.start("chat"), stores.start("worker"))?;
    ensure!(api.children()?.is_empty(), "a role of its own starts no stores");

    let creator = Creator::sign_up(&api, "mika").await?;
    let broadcast = creator.go_live("Harbour", "public").await?;
    ensure!(broadcast.info.whip_url.starts_with(&media.url), "media goes to the media node: {:?}", broadcast.info);
    let viewer = Viewer::start(&broadcast.info.whep_url, None).await?;
    viewer.wait_for_keyframe(SOON).await?;

    let room = broadcast.info.chat_url.replace(&api.url.replace("http", "ws"), &chat.url.replace("http", "ws"));
    let mut speaker = ChatClient::connect(&room, Some(&creator.session.bearer)).await?;
    ensure!(speaker.join(None).await?["may_speak"] == true, "a token of the API is good at the chat");
    speaker.say("over the process boundary").await?;
    broadcast.has_sent(120).await?;

    let stream_id = broadcast.info.stream_id.clone();
    let ended = broadcast.end().await?;
    viewer.wait_for_cut(SOON).await?;
    speaker.wait_for(|frame| frame["status"] == "ended", SOON).await?;
    until_status(&creator.session, &stream_id, "ended").await?;
    let played = probe(ended.archive["hls_url"].as_str().context("it has an address")?, None).await?;
    ensure!(played.frames >= 100 && played.complaints.is_empty(), "{} pictures: {}", played.frames, played.complaints);

    for instance in [chat, media, worker, api] {
        instance.stop(Signal::TERM).await?;
    }
    stores.stop.cancel();
    Ok(())
}

#[tokio::test]
async fn a_role_of_its_own_says_which_stores_it_lacks() -> anyhow::Result<()> {
    let refusal = Instance::start_role("api", &[]).await.expect_err("there are no stores").to_string();
    for key in ["database.url", "redis.url", "s3.region", "auth.token_key"] {
        ensure!(refusal.contains(key), "{key} is not named in: {refusal}");
    }
    Ok(())
}
