//! What no honest client sends to WHIP, WHEP, HLS and chat: a clear refusal each time, never a failure of ours.
//! The JSON API's own refusals are tested in `api`.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use e2e::{Creator, Instance, SOON};
use peer::{Api, ChatClient, Offers, Refused, Said, StreamInfo};
use rustix::process::Signal;
use serde_json::{Value, json};

const SDP: &str = "application/sdp";
/// An id that nothing has.
const NOBODY: &str = "0192f0c1-7b7e-7000-8000-000000000000";

/// Larger than any offer, and small enough to be sent before the refusal comes back.
static LARGE: [u8; 100_000] = [b'a'; 100_000];

/// One request and what has to come of it.
struct Case<'a> {
    what: &'a str,
    method: &'a str,
    path: String,
    content_type: &'a str,
    bearer: Option<&'a str>,
    body: Vec<u8>,
    refused: (u16, &'a str),
}

async fn refuse(api: &Api, cases: Vec<Case<'_>>) -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    for case in cases {
        let answer = api.send(case.method, &case.path, case.content_type, case.bearer, case.body).await;
        let (status, body) = answer.with_context(|| format!("no answer to: {}", case.what))?;
        let is_clear = body["error"].as_str().is_some_and(|error| !error.is_empty());
        if (status, body["code"].as_str().unwrap_or_default()) != case.refused || !is_clear {
            wrong.push(format!("{}: {status} {body}, not {:?}", case.what, case.refused));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// A creator with a stream that waits for its publisher, and a second one.
struct World {
    instance: Instance,
    api: Api,
    creator: Creator,
    stream: StreamInfo,
    other: StreamInfo,
    offers: Offers,
}

impl World {
    async fn new() -> anyhow::Result<Self> {
        let instance = Instance::start(&[]).await?;
        let creator = Creator::sign_up(&instance, "mika").await?;
        let stream = creator.session.start_stream("Bare wires", "public").await?;
        let other = creator.session.start_stream("Another", "public").await?;
        let api = Api::new(&instance.url);
        Ok(Self { instance, api, creator, stream, other, offers: Offers::make().await? })
    }

    /// All of it has harmed nobody.
    async fn end(self) -> anyhow::Result<()> {
        ensure!(self.api.get("/healthz").await?.0 == 200, "it is well");
        self.creator.go_live("After the storm", "public").await?;
        let log = self.instance.log();
        for word in ["panicked", "ERROR"] {
            ensure!(!log.contains(word), "{word} in the log:\n{log}");
        }
        self.instance.stop(Signal::TERM).await?;
        Ok(())
    }
}

#[tokio::test]
async fn whip_refuses_what_is_no_offer_of_the_streams_creator() -> anyhow::Result<()> {
    let world = World::new().await?;
    let whip = |id: &str| format!("/api/streams/{id}/whip");
    let token = Some(world.stream.publish_token.as_str());
    let case = |what, bearer, body: &[u8], refused| Case {
        what,
        method: "POST",
        path: whip(&world.stream.stream_id),
        content_type: SDP,
        bearer,
        body: body.to_vec(),
        refused,
    };
    let offer = world.offers.publish.as_bytes();
    let with_path = |path: String, case| Case { path, ..case };
    let without_video: String = world.offers.publish.replace("H264/90000", "H261/90000");
    let cases = vec![
        case("no token", None, offer, (401, "TOKEN_MISSING")),
        case("an empty token", Some(""), offer, (401, "TOKEN_MISSING")),
        case("a wrong token", Some("wrong"), offer, (401, "PUBLISH_TOKEN_INVALID")),
        case("another stream's token", Some(&world.other.publish_token), offer, (401, "PUBLISH_TOKEN_INVALID")),
        case("an access token", Some(&world.creator.session.bearer), offer, (401, "PUBLISH_TOKEN_INVALID")),
        with_path(whip(NOBODY), case("no such stream", token, offer, (401, "PUBLISH_TOKEN_INVALID"))),
        with_path(whip("me"), case("no id of a stream", token, offer, (404, "STREAM_NOT_FOUND"))),
        case("nothing", token, b"", (400, "OFFER_MALFORMED")),
        case("a text", token, b"please?", (400, "OFFER_MALFORMED")),
        case("no text", token, &[0, 159, 146, 150], (400, "OFFER_MALFORMED")),
        case("the beginning of an offer", token, &offer[..120], (400, "OFFER_MALFORMED")),
        case("an offer to watch", token, world.offers.watch.as_bytes(), (422, "OFFER_UNUSABLE")),
        case("a codec of 1988", token, without_video.as_bytes(), (422, "CODEC_NOT_OFFERED")),
        case("more than any offer", token, &LARGE, (413, "BODY_TOO_LARGE")),
        Case { content_type: "application/json", ..case("JSON", token, offer, (400, "CONTENT_TYPE_UNEXPECTED")) },
        with_path("/whip".to_owned(), case("an unknown stream key", Some("sk"), offer, (401, "STREAM_KEY_INVALID"))),
        with_path("/whip".to_owned(), case("no stream key", None, offer, (401, "TOKEN_MISSING"))),
        with_path("/whip".to_owned(), case("a stream key and no offer", Some("sk"), b"", (400, "OFFER_MALFORMED"))),
    ];
    refuse(&world.api, cases).await?;
    let session = format!("{}/{NOBODY}", whip(&world.stream.stream_id));
    let gone = |what, method, content_type| Case {
        method,
        content_type,
        path: session.clone(),
        ..case(what, token, b"", (404, "SESSION_NOT_FOUND"))
    };
    let fragment = "application/trickle-ice-sdpfrag";
    refuse(
        &world.api,
        vec![gone("the end of no session", "DELETE", SDP), gone("news of no session", "PATCH", fragment)],
    )
    .await?;
    world.end().await
}

#[tokio::test]
async fn whep_and_hls_refuse_what_is_not_there() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = &world.stream.stream_id;
    let offer = world.offers.watch.as_bytes();
    let case = |what, path: String, body: &[u8], refused| Case {
        what,
        method: "POST",
        path,
        content_type: SDP,
        bearer: None,
        body: body.to_vec(),
        refused,
    };
    let whep = |id: &str| format!("/api/streams/{id}/whep");
    let get = |what, path: &str, refused| Case { method: "GET", ..case(what, path.to_owned(), b"", refused) };
    let mut cases = vec![
        case("nobody publishes yet", whep(id), offer, (409, "STREAM_NOT_PUBLISHING")),
        case("no such stream", whep(NOBODY), offer, (404, "STREAM_NOT_FOUND")),
        case("no id of a stream", whep("me"), offer, (404, "STREAM_NOT_FOUND")),
        case("nothing", whep(id), b"", (400, "OFFER_MALFORMED")),
        case("an offer to publish", whep(id), world.offers.publish.as_bytes(), (422, "OFFER_UNUSABLE")),
        case("more than any offer", whep(id), &LARGE, (413, "BODY_TOO_LARGE")),
        Case { bearer: Some("wrong"), ..case("a wrong token", whep(id), offer, (401, "TOKEN_INVALID")) },
        get("no picture yet", &format!("/api/streams/{id}/hls/index.m3u8"), (404, "NOTHING_RECORDED_YET")),
        get("no such stream", &format!("/api/streams/{NOBODY}/hls/index.m3u8"), (404, "STREAM_NOT_FOUND")),
    ];
    for name in ["hls/index.m3u8", "download", "thumbnail"] {
        cases.push(get("no such archive", &format!("/api/archives/{NOBODY}/{name}"), (404, "ARCHIVE_NOT_FOUND")));
        cases.push(get("no id of an archive", &format!("/api/archives/42/{name}"), (404, "NOT_FOUND")));
    }
    let broadcast = world.creator.go_live("A short one", "public").await?;
    broadcast.has_sent(45).await?;
    let ended = broadcast.end().await?;
    let archive = ended.archive["archive_id"].as_str().context("it has an id")?;
    let path = format!("/api/archives/{archive}/hls");
    for name in ["..%2f..%2f..%2fsecrets%2ftoken-key", "%00", "index.m3u8.bak", "0-init-0.mp4", &"a".repeat(4000)] {
        cases.push(get("no name of a segment", &format!("{path}/{name}"), (404, "SEGMENT_NOT_FOUND")));
    }
    let index = format!("{path}/index.m3u8");
    cases.push(case("a playlist is not written", index, b"#EXTM3U", (405, "METHOD_NOT_ALLOWED")));
    refuse(&world.api, cases).await?;
    world.end().await
}

#[tokio::test]
async fn the_chat_refuses_strange_openings_and_strange_frames() -> anyhow::Result<()> {
    let world = World::new().await?;
    let room = &world.stream.chat_url;
    let path = format!("/api/streams/{}/chat", world.stream.stream_id);
    let (status, answer) = world.api.get(&path).await?;
    ensure!((status, &answer["code"]) == (400, &json!("WEBSOCKET_REQUIRED")), "{status} {answer}");
    let nowhere = room.replace(&world.stream.stream_id, NOBODY);
    for (url, bearer, expected) in [(room, Some("wrong"), 401), (&nowhere, None, 404)] {
        let error = ChatClient::connect(url, bearer).await.err().context("it is refused")?;
        ensure!(Refused::of(&error).is_some_and(|refused| refused.status == expected), "{url}: {error:#}");
    }

    let bearer = Some(world.creator.session.bearer.as_str());
    let mut chat = ChatClient::connect(room, bearer).await?;
    chat.join(None).await?;
    ensure!(chat.say("").await? == refused("MESSAGE_EMPTY"));
    ensure!(chat.say(&"a".repeat(501)).await? == refused("MESSAGE_TOO_LONG"));
    chat.send(&json!({ "type": "say", "id": "", "text": "x" })).await?;
    chat.wait_for(|frame| frame["code"] == "MESSAGE_ID_INVALID", SOON).await?;
    let mut said = Vec::new();
    for word in ["one", "two", "three", "four", "five", "six", "seven"] {
        said.push(chat.say(word).await?);
    }
    ensure!(said.contains(&refused("TOO_FAST")), "nobody writes seven lines at once: {said:?}");
    for frame in ["{", "[]", "{\"type\":\"sing\"}", "\u{0}", "{\"type\":\"say\"}"] {
        chat.send_text(frame).await?;
        chat.wait_for(|frame: &Value| frame["code"] == "BAD_FRAME", SOON).await?;
    }
    ensure!(chat.wait_for_close(SOON).await? == Some(3501), "five bad frames are the end");

    let mut shouting = ChatClient::connect(room, bearer).await?;
    shouting.join(None).await?;
    shouting.send_text(&"a".repeat(17 * 1024)).await?;
    ensure!(shouting.wait_for_close(SOON).await? == Some(3501), "a frame has at most 16 KiB");
    let mut silent = ChatClient::connect(room, None).await?;
    ensure!(silent.wait_for_close(Duration::from_secs(20)).await? == Some(3012), "who does not join is asked to leave");
    world.end().await
}

fn refused(code: &str) -> Said {
    Said::Refused(code.to_owned())
}
