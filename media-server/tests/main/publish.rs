//! What a publisher sees, and what is told of it.

use std::time::Duration;

use domain::StreamId;
use domain::media::{Codec, TapEvent, Track};
use media_server::Event;
use rtc::rtcp::sender_report::SenderReport;

use crate::client::{Client, DELTA, IDR, VIDEO_SSRC, Video};
use crate::world::{PATIENCE, World};

#[tokio::test]
async fn a_publisher_connects_sends_and_leaves() {
    let mut world = World::new().await;
    let stream = StreamId::new();
    let publisher = Client::publisher(&world, stream).await;
    assert_eq!(world.event().await, Event::PublisherConnected { stream });
    publisher.video(1, 0, DELTA);
    publisher.video(2, 3_000, IDR);
    publisher.video(3, 6_000, IDR);
    assert_eq!(world.event().await, Event::KeyframeArrived { stream });
    assert_eq!(world.delete(&publisher.location).await.status, 200);
    assert_eq!(world.event().await, Event::PublisherLeft { stream, deliberate: true });
    publisher.is_closed_by_the_server().await;
    assert!(world.has_no_event());
    assert_eq!(world.delete(&publisher.location).await.status, 404);
    world.end().await;
}

#[tokio::test]
async fn silence_ends_a_publisher() {
    let silence = Duration::from_millis(400);
    let mut world = World::with(|config| config.profile.liveness.publisher_silence = silence).await;
    let stream = StreamId::new();
    let publisher = Client::publisher(&world, stream).await;
    world.event().await;
    publisher.vanish();
    assert_eq!(world.event().await, Event::PublisherLeft { stream, deliberate: false });
    assert!(world.server.tap(stream).is_none());
    world.end().await;
}

#[tokio::test]
async fn an_answer_that_nobody_takes_up_is_dropped_without_a_word() {
    let wait = Duration::from_millis(300);
    let mut world = World::with(|config| config.profile.liveness.connect_within = wait).await;
    let stream = StreamId::new();
    let publisher = Client::publishing(&world, stream, Video::H264).await;
    publisher.vanish();
    let location = publisher.location.clone();
    let gone = async {
        while world.request(http::Method::PATCH, &location, &[auth()], "").await.status != 404 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("the session ends");
    assert!(world.has_no_event());
    world.end().await;
}

fn auth() -> (&'static str, &'static str) {
    ("authorization", "Bearer let-me-in")
}

#[tokio::test]
async fn a_newer_publisher_takes_over() {
    let mut world = World::new().await;
    let stream = StreamId::new();
    let first = Client::publisher(&world, stream).await;
    assert_eq!(world.event().await, Event::PublisherConnected { stream });
    let second = Client::publisher(&world, stream).await;
    assert_eq!(world.event().await, Event::PublisherLeft { stream, deliberate: false });
    assert_eq!(world.event().await, Event::PublisherConnected { stream });
    first.is_closed_by_the_server().await;
    second.video(1, 0, IDR);
    assert_eq!(world.event().await, Event::KeyframeArrived { stream });
    world.end().await;
}

#[tokio::test]
async fn closing_a_stream_ends_its_sessions_and_shuts_the_door() {
    let mut world = World::new().await;
    let stream = StreamId::new();
    let publisher = Client::publisher(&world, stream).await;
    let watcher = Client::watcher(&world, stream).await;
    world.event().await;
    world.server.close(stream);
    assert_eq!(world.event().await, Event::PublisherLeft { stream, deliberate: false });
    publisher.is_closed_by_the_server().await;
    watcher.is_closed_by_the_server().await;
    let answer = world.post_whip(stream, &publisher.offer).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (409, "STREAM_ENDED"));
    world.server.open(stream);
    assert_eq!(world.post_whip(stream, &publisher.offer).await.status, 201);
    world.end().await;
}

#[tokio::test]
async fn the_tap_yields_both_tracks_in_order_with_their_clocks() {
    let mut world = World::new().await;
    let stream = StreamId::new();
    let publisher = Client::publisher(&world, stream).await;
    world.event().await;
    let mut tap = world.server.tap(stream).expect("somebody publishes");
    publisher.video(10, 90_000, IDR);
    publisher.audio(5, 48_000);
    publisher.video(12, 96_000, DELTA);
    publisher.video(11, 93_000, DELTA);
    let report = SenderReport { ssrc: VIDEO_SSRC, ntp_time: 7 << 32, rtp_time: 99_000, ..SenderReport::default() };
    publisher.control(report);
    publisher.video(13, 99_000, DELTA);
    world.event().await;
    let mut video = Vec::new();
    let (mut begins, mut audio, mut clock) = (None, 0, None);
    while video.len() < 4 || clock.is_none() {
        match tokio::time::timeout(PATIENCE, tap.next()).await.expect("in time").expect("it goes on") {
            TapEvent::Begins { video, audio } => begins = Some((video, audio)),
            TapEvent::Packet(Track::Video, packet) => video.push(packet),
            TapEvent::Packet(Track::Audio, _) => audio += 1,
            TapEvent::SenderClock { track, timestamp, wall } => clock = Some((track, timestamp, wall)),
            TapEvent::Gap(..) => panic!("nothing is lost"),
        }
    }
    assert_eq!((begins, audio), (Some((Some(Codec::H264), Some(Codec::Opus))), 1));
    assert!(video.windows(2).all(|pair| pair[1].sequence == pair[0].sequence + 1));
    assert!(video.windows(2).all(|pair| pair[1].timestamp == pair[0].timestamp + 3_000));
    assert_eq!(video.iter().map(|packet| packet.starts_keyframe).collect::<Vec<_>>(), [true, false, false, false]);
    assert_eq!(video[0].payload.as_ref(), IDR);
    let (track, timestamp, wall) = clock.expect("a clock");
    assert_eq!((track, timestamp, wall), (Track::Video, video[3].timestamp, Duration::from_secs(7)));
    world.delete(&publisher.location).await;
    let rest = async { while tap.next().await.is_some() {} };
    tokio::time::timeout(PATIENCE, rest).await.expect("the tap ends with the connection");
    world.end().await;
}

#[tokio::test]
async fn what_the_publisher_lost_is_asked_for_again() {
    let mut world = World::new().await;
    let stream = StreamId::new();
    let publisher = Client::publisher(&world, stream).await;
    world.event().await;
    for sequence in [1, 2, 5, 6] {
        publisher.video(sequence, 0, IDR);
    }
    let asked = || {
        publisher.controls().iter().any(|control| match control {
            crate::client::Control::Missing(missing) => missing.contains(&3) && missing.contains(&4),
            _ => false,
        })
    };
    crate::world::until("a request for 3 and 4", asked).await;
    world.end().await;
}

#[tokio::test]
async fn a_stream_key_publishes_its_stream() {
    let mut world = World::new().await;
    let stream = world.key_stream;
    let offer = Client::publisher(&world, StreamId::new()).await.offer;
    world.event().await;
    let headers = [("content-type", "application/sdp"), auth()];
    let answer = world.request(http::Method::POST, "/whip", &headers, &offer).await;
    assert_eq!(answer.status, 201);
    let location = answer.header("location").to_owned();
    assert!(location.starts_with("/whip/"), "{location}");
    assert_eq!(world.request(http::Method::DELETE, &location, &[], "").await.status, 401);
    assert_eq!(world.delete(&location).await.status, 200);
    assert!(world.server.tap(stream).is_none());
    world.end().await;
}

#[tokio::test]
async fn while_it_is_recorded_keyframes_are_asked_for_regularly() {
    let mut world = World::with(|config| {
        config.profile.keyframes.recorded_every = Duration::from_millis(200);
        config.profile.keyframes.request_every = Duration::from_millis(100);
    })
    .await;
    let stream = StreamId::new();
    let publisher = Client::publisher(&world, stream).await;
    world.event().await;
    publisher.video(1, 0, IDR);
    world.event().await;
    let _tap = world.server.tap(stream).expect("somebody publishes");
    crate::world::until("a keyframe request", || publisher.keyframe_requests() > 0).await;
    world.end().await;
}
