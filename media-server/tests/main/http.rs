//! WHIP and WHEP as HTTP: statuses, headers, bad input.

use domain::StreamId;
use http::Method;

use crate::client::{Client, DELTA, IDR, Video};
use crate::world::{TOKEN, World, until};

const SDP: (&str, &str) = ("content-type", "application/sdp");
const FRAGMENT: (&str, &str) = ("content-type", "application/trickle-ice-sdpfrag");
const AUTH: (&str, &str) = ("authorization", "Bearer let-me-in");

#[tokio::test]
async fn an_answer_names_the_session_and_has_everything_a_client_needs() {
    assert_eq!(AUTH.1, format!("Bearer {TOKEN}"));
    let world = World::new().await;
    let stream = StreamId::new();
    let publisher = Client::publishing(&world, stream, Video::H264).await;
    let answer = &publisher.answer;
    assert_eq!(answer.header("content-type"), "application/sdp");
    assert!(publisher.location.starts_with(&format!("/api/streams/{stream}/whip/")), "{}", publisher.location);
    assert!(answer.header("etag").starts_with('"') && answer.header("etag").len() > 8);
    let port = world.server.udp_addr().port();
    for line in [
        "a=ice-lite".to_owned(),
        "a=setup:passive".to_owned(),
        format!("127.0.0.1 {port} typ host"),
        "a=end-of-candidates".to_owned(),
        "a=recvonly".to_owned(),
    ] {
        assert!(answer.body.contains(&line), "{line} is missing in\n{}", answer.body);
    }
    world.end().await;
}

#[tokio::test]
async fn options_and_get_need_no_token_and_succeed() {
    let world = World::new().await;
    let stream = StreamId::new();
    for path in [format!("/api/streams/{stream}/whip"), format!("/api/streams/{stream}/whep"), "/whip".to_owned()] {
        let options = world.request(Method::OPTIONS, &path, &[], "").await;
        assert_eq!((options.status.as_u16(), options.header("accept-post")), (200, "application/sdp"), "{path}");
        let get = world.request(Method::GET, &path, &[], "").await;
        assert_eq!((get.status.as_u16(), get.body.as_str()), (204, ""), "{path}");
        assert_eq!(world.request(Method::PUT, &path, &[], "").await.status, 405, "{path}");
    }
    let session = format!("/api/streams/{stream}/whip/{}", "0".repeat(32));
    assert_eq!(world.request(Method::OPTIONS, &session, &[], "").await.status, 200);
    assert_eq!(world.request(Method::GET, &session, &[], "").await.status, 204);
    world.end().await;
}

#[tokio::test]
async fn bad_offers_are_refused_with_a_reason() {
    let world = World::new().await;
    let stream = StreamId::new();
    let good = Client::publishing(&world, stream, Video::H264).await.offer;
    let path = format!("/api/streams/{stream}/whip");
    let refuse = async |body: &str| {
        let answer = world.request(Method::POST, &path, &[SDP, AUTH], body).await;
        (answer.status.as_u16(), answer.code().to_owned())
    };
    assert_eq!(refuse("").await, (400, "OFFER_MALFORMED".into()));
    assert_eq!(refuse("v=0\r\nhello").await, (400, "OFFER_MALFORMED".into()));
    assert_eq!(refuse(&"x".repeat(65_537)).await, (413, "BODY_TOO_LARGE".into()));
    assert_eq!(refuse(&good.replace("sendonly", "recvonly")).await, (422, "OFFER_UNUSABLE".into()));
    assert_eq!(refuse(&good.replace("H264", "H266")).await, (422, "CODEC_NOT_OFFERED".into()));
    let audio_and_data = good.replace("m=video", "m=application");
    assert_eq!(refuse(&audio_and_data).await, (422, "OFFER_UNUSABLE".into()));
    let html = world.request(Method::POST, &path, &[("content-type", "text/html"), AUTH], &good).await;
    assert_eq!((html.status.as_u16(), html.code()), (400, "CONTENT_TYPE_UNEXPECTED"));
    let bare = world.request(Method::POST, &path, &[AUTH], &good).await;
    assert_eq!(bare.status, 400);
    world.end().await;
}

#[tokio::test]
async fn tokens_are_asked_for_at_the_endpoint_and_at_the_session() {
    let world = World::new().await;
    let stream = StreamId::new();
    let publisher = Client::publishing(&world, stream, Video::H264).await;
    let path = format!("/api/streams/{stream}/whip");
    let missing = world.request(Method::POST, &path, &[SDP], &publisher.offer).await;
    assert_eq!((missing.status.as_u16(), missing.code()), (401, "TOKEN_MISSING"));
    assert_eq!(missing.header("www-authenticate"), "Bearer");
    let wrong = ("authorization", "Bearer guess");
    assert_eq!(world.request(Method::POST, &path, &[SDP, wrong], &publisher.offer).await.status, 401);
    for method in [Method::DELETE, Method::PATCH] {
        let missing = world.request(method.clone(), &publisher.location, &[FRAGMENT], "").await;
        assert_eq!((missing.status.as_u16(), missing.code()), (401, "TOKEN_MISSING"));
        let guessed = world.request(method, &publisher.location, &[FRAGMENT, wrong], "").await;
        assert_eq!((guessed.status.as_u16(), guessed.code()), (401, "TOKEN_INVALID"));
    }
    let elsewhere = publisher.location.replace(&stream.to_string(), &StreamId::new().to_string());
    assert_eq!(world.delete(&elsewhere).await.status, 404);
    assert_eq!(world.delete(&publisher.location.replace("whip", "whep")).await.status, 404);
    let nonsense = world.request(Method::POST, "/api/streams/nonsense/whip", &[SDP, AUTH], "").await;
    assert_eq!((nonsense.status.as_u16(), nonsense.code()), (404, "STREAM_NOT_FOUND"));
    world.end().await;
}

#[tokio::test]
async fn whoever_wants_to_watch_nothing_is_told_when_to_ask_again() {
    let world = World::new().await;
    let stream = StreamId::new();
    let offer = Client::publishing(&world, stream, Video::H264).await.offer.replace("sendonly", "recvonly");
    let answer = world.post_whep(stream, &offer).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (409, "STREAM_NOT_PUBLISHING"));
    assert_eq!(answer.header("retry-after"), "1");
    let private = world.post_whep(world.private, &offer).await;
    assert_eq!((private.status.as_u16(), private.code()), (404, "STREAM_NOT_FOUND"));
    let sending = world.post_whep(stream, &offer.replace("recvonly", "sendonly")).await;
    assert_eq!((sending.status.as_u16(), sending.code()), (422, "OFFER_UNUSABLE"));
    world.end().await;
}

#[tokio::test]
async fn a_full_server_asks_to_come_back() {
    let world = World::with(|config| config.profile.limits.connections = 1).await;
    let publisher = Client::publishing(&world, StreamId::new(), Video::H264).await;
    let answer = world.post_whip(StreamId::new(), &publisher.offer).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, "MEDIA_SERVER_FULL"));
    assert_eq!(answer.header("retry-after"), "1");
    world.end().await;
}

#[tokio::test]
async fn pages_of_other_origins_may_do_what_clients_do() {
    let world = World::new().await;
    let stream = StreamId::new();
    let origin = ("origin", "https://elsewhere.example");
    let session = "0".repeat(32);
    let whip = format!("/api/streams/{stream}/whip");
    let whep = format!("/api/streams/{stream}/whep");
    let paths = [whip.clone(), format!("{whip}/{session}"), whep.clone(), format!("{whep}/{session}"), "/whip".into()];
    for path in paths {
        let asked = [
            origin,
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization,content-type,if-match"),
        ];
        let preflight = world.request(Method::OPTIONS, &path, &asked, "").await;
        assert_eq!(preflight.status, 200, "{path}");
        assert_eq!(preflight.header("access-control-allow-origin"), "*");
        assert_eq!(preflight.header("access-control-allow-headers"), "authorization, content-type, if-match");
        assert!(preflight.header("access-control-allow-methods").contains("POST, PATCH, DELETE"));
        assert_eq!(preflight.header("access-control-allow-credentials"), "", "no cookies");
        let says = format!("{}{}", preflight.header("accept-post"), preflight.header("accept-patch"));
        assert!(says.starts_with("application/"), "{path} says what it takes");
    }
    let refused = world.request(Method::POST, &whip, &[origin, SDP], "").await;
    assert_eq!((refused.status.as_u16(), refused.header("access-control-allow-origin")), (401, "*"));
    let publisher = Client::publishing(&world, stream, Video::H264).await;
    let readable = publisher.answer.header("access-control-expose-headers").to_owned();
    assert!(["location", "etag", "link", "retry-after"].iter().all(|name| readable.contains(name)), "{readable}");
    world.end().await;
}

#[tokio::test]
async fn one_address_posts_only_so_often() {
    let world = World::with(|config| config.profile.limits.posts_at_once = 2).await;
    let path = format!("/api/streams/{}/whep", StreamId::new());
    for _ in 0..2 {
        assert_eq!(world.request(Method::POST, &path, &[SDP], "").await.status, 400);
    }
    let refused = world.request(Method::POST, &path, &[SDP], "").await;
    assert_eq!((refused.status.as_u16(), refused.code()), (429, "TOO_MANY_REQUESTS"));
    assert_eq!((refused.header("retry-after"), refused.header("access-control-allow-origin")), ("1", "*"));
    assert_eq!(world.request(Method::OPTIONS, &path, &[], "").await.status, 200, "asking costs nothing");
    world.end().await;
}

#[tokio::test]
async fn watchers_leave_places_for_publishers() {
    let mut world = World::with(|config| config.profile.limits.watchers = 1).await;
    let stream = StreamId::new();
    let publisher = Client::publisher(&world, stream).await;
    world.event().await;
    publisher.video(1, 0, IDR);
    let watcher = Client::watcher(&world, stream).await;
    world.counts(stream, 1).await;
    let refused = world.post_whep(stream, &watcher.offer).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (503, "MEDIA_SERVER_FULL"));
    assert_eq!(refused.header("retry-after"), "1");
    let _another = Client::publisher(&world, StreamId::new()).await;
    world.end().await;
}

#[tokio::test]
async fn watchers_who_never_come_make_room_for_those_who_do() {
    let mut world = World::with(|config| config.profile.limits.connecting_watchers = 2).await;
    let stream = StreamId::new();
    let publisher = Client::publisher(&world, stream).await;
    world.event().await;
    publisher.video(1, 0, IDR);
    let offer = Client::watcher(&world, stream).await.offer;
    let mut posted = Vec::new();
    for _ in 0..20 {
        let answer = world.post_whep(stream, &offer).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        posted.push(answer.header("location").to_owned());
    }
    let watcher = Client::watcher(&world, stream).await;
    watcher.receives(102, 1).await;
    assert_eq!(world.delete(&posted[0]).await.status, 404, "the oldest had to go");
    assert_eq!(world.delete(&posted[19]).await.status, 200, "the newest may still come");
    world.end().await;
}

#[tokio::test]
async fn late_candidates_are_taken_with_the_right_tag_only() {
    let world = World::new().await;
    let publisher = Client::publishing(&world, StreamId::new(), Video::H264).await;
    let fragment = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n\
        a=candidate:1 1 udp 2130706431 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 10500 typ host\r\n";
    let etag = publisher.answer.header("etag").to_owned();
    let patch = async |headers: &[(&str, &str)], body: &str| {
        let answer = world.request(Method::PATCH, &publisher.location, headers, body).await;
        (answer.status.as_u16(), answer.code().to_owned())
    };
    assert_eq!(patch(&[FRAGMENT, AUTH, ("if-match", &etag)], fragment).await, (204, String::new()));
    assert_eq!(patch(&[FRAGMENT, AUTH], fragment).await, (428, "IF_MATCH_MISSING".into()));
    assert_eq!(patch(&[FRAGMENT, AUTH, ("if-match", "\"old\"")], fragment).await, (412, "IF_MATCH_STALE".into()));
    let malformed = (400, "FRAGMENT_MALFORMED".to_owned());
    assert_eq!(patch(&[FRAGMENT, AUTH, ("if-match", &etag)], "hello").await, malformed);
    assert_eq!(patch(&[FRAGMENT, AUTH, ("if-match", "*")], "a=mid:0\r\n").await, malformed);
    assert_eq!(patch(&[SDP, AUTH, ("if-match", &etag)], fragment).await, (400, "CONTENT_TYPE_UNEXPECTED".into()));
    world.end().await;
}

#[tokio::test]
async fn ice_is_restarted_and_the_media_goes_on() {
    let mut world = World::new().await;
    let stream = StreamId::new();
    let publisher = Client::publisher(&world, stream).await;
    world.event().await;
    publisher.video(1, 0, IDR);
    world.event().await;
    let watcher = Client::watcher(&world, stream).await;
    watcher.receives(102, 1).await;
    let fragment = watcher.restarts().await;
    let before = watcher.answer.header("etag").to_owned();
    let restart = [FRAGMENT, ("if-match", "*")];
    let answer = world.request(Method::PATCH, &watcher.location, &restart, &fragment).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let tag = answer.header("etag").to_owned();
    assert!(tag != before && answer.body.contains(&format!("a=ice-ufrag:{}", tag.trim_matches('"'))));
    assert!(answer.body.contains("typ host"), "{}", answer.body);
    let again = world.request(Method::PATCH, &watcher.location, &restart, &fragment).await;
    assert_eq!((again.status.as_u16(), again.code()), (429, "ICE_RESTART_TOO_SOON"));
    assert_eq!(again.header("retry-after"), "2");
    let stale = [FRAGMENT, ("if-match", before.as_str())];
    assert_eq!(world.request(Method::PATCH, &watcher.location, &stale, &fragment).await.status, 412);
    watcher.restarted(&answer.body);
    // What was sent while the paths were checked anew is lost or asked for again; then it goes on.
    let mut sequence = 2;
    until("media over the new path", || {
        publisher.video(sequence, u32::from(sequence) * 3_000, DELTA);
        sequence += 1;
        watcher.received(102).len() > 10
    })
    .await;
    world.end().await;
}
