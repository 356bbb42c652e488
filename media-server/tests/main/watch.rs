//! What a watcher receives.

use std::time::Duration;

use domain::StreamId;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::nack_pairs_from_sequence_numbers;

use crate::client::{AUDIO_SSRC, Client, Control, DELTA, IDR, Nack, Received, VIDEO_SSRC, Video};
use crate::world::{World, until};

fn is_contiguous(packets: &[Received]) -> bool {
    packets.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1))
}

/// A stream that is being published, its keyframe sent.
async fn published(world: &mut World) -> (StreamId, Client) {
    let stream = StreamId::new();
    let publisher = Client::publisher(world, stream).await;
    world.event().await;
    publisher.video(100, 0, IDR);
    world.event().await;
    (stream, publisher)
}

#[tokio::test]
async fn a_watcher_receives_both_tracks_without_gaps() {
    let mut world = World::new().await;
    let (stream, publisher) = published(&mut world).await;
    let watcher = Client::watcher(&world, stream).await;
    world.counts(stream, 1).await;
    for n in 1..200_u16 {
        publisher.video(100 + n, u32::from(n) * 3_000, DELTA);
        publisher.audio(n, u32::from(n) * 960);
    }
    let video = watcher.receives(102, 200).await;
    let audio = watcher.receives(111, 199).await;
    assert!(is_contiguous(&video) && is_contiguous(&audio));
    assert_eq!(video[0].payload.as_ref(), IDR, "it begins with the kept keyframe");
    assert!(video.windows(2).all(|pair| pair[1].timestamp == pair[0].timestamp.wrapping_add(3_000)));
    assert!(video.iter().all(|packet| packet.marker && packet.source == video[0].source));
    world.end().await;
}

#[tokio::test]
async fn a_late_joiner_begins_at_the_newest_keyframe() {
    let mut world = World::new().await;
    let (stream, publisher) = published(&mut world).await;
    for n in 101..150 {
        publisher.video(n, 3_000, DELTA);
    }
    publisher.video(150, 6_000, &[0x65, 1, 2, 3]);
    publisher.video(151, 9_000, DELTA);
    // The first watcher has seen all of it: then it has arrived.
    let first = Client::watcher(&world, stream).await;
    until("the newest picture", || first.received(102).iter().any(|packet| packet.payload[1] == 1)).await;
    let late = Client::watcher(&world, stream).await;
    let video = late.receives(102, 2).await;
    assert_eq!(video[0].payload.as_ref(), [0x65, 1, 2, 3]);
    assert!(is_contiguous(&video));
    world.end().await;
}

#[tokio::test]
async fn without_a_young_keyframe_one_is_asked_for_and_the_joiner_waits_for_it() {
    let mut world = World::with(|config| config.profile.keyframes.cached_max_age = Duration::ZERO).await;
    let (stream, publisher) = published(&mut world).await;
    let watcher = Client::watcher(&world, stream).await;
    until("a keyframe request", || publisher.keyframe_requests() > 0).await;
    publisher.video(101, 3_000, DELTA);
    publisher.video(102, 6_000, &[0x65, 9, 9, 9]);
    let video = watcher.receives(102, 1).await;
    assert_eq!(video[0].payload.as_ref(), [0x65, 9, 9, 9]);
    world.end().await;
}

#[tokio::test]
async fn what_a_watcher_lost_is_sent_again_as_a_retransmission() {
    let mut world = World::new().await;
    let (stream, publisher) = published(&mut world).await;
    let watcher = Client::watcher(&world, stream).await;
    for n in 101..110 {
        publisher.video(n, 0, DELTA);
    }
    let video = watcher.receives(102, 10).await;
    let lost = [video[3].sequence, video[7].sequence];
    watcher.control(Nack {
        sender_ssrc: 1,
        media_ssrc: video[0].source,
        nacks: nack_pairs_from_sequence_numbers(&lost),
    });
    let repeated = watcher.receives(103, 2).await;
    let originals: Vec<u16> =
        repeated.iter().map(|packet| u16::from_be_bytes([packet.payload[0], packet.payload[1]])).collect();
    assert_eq!(originals, lost);
    assert!(repeated.iter().all(|packet| packet.source != video[0].source && packet.payload[2..] == *DELTA));
    assert!(is_contiguous(&repeated));
    world.end().await;
}

#[tokio::test]
async fn keyframe_requests_of_many_watchers_are_one() {
    let mut world = World::with(|config| config.profile.keyframes.request_every = Duration::from_secs(10)).await;
    let (stream, publisher) = published(&mut world).await;
    let mut watchers = Vec::new();
    for _ in 0..3 {
        watchers.push(Client::watcher(&world, stream).await);
    }
    for watcher in &watchers {
        let source = watcher.receives(102, 1).await[0].source;
        for _ in 0..5 {
            watcher.control(PictureLossIndication { sender_ssrc: 1, media_ssrc: source });
        }
        // An answer to a request sent afterwards shows that those before were read.
        let sequence = watcher.received(102)[0].sequence;
        let nacks = nack_pairs_from_sequence_numbers(&[sequence]);
        watcher.control(Nack { sender_ssrc: 1, media_ssrc: source, nacks });
        watcher.receives(103, 1).await;
    }
    until("a keyframe request", || publisher.keyframe_requests() > 0).await;
    assert_eq!(publisher.keyframe_requests(), 1);
    world.end().await;
}

#[tokio::test]
async fn streams_do_not_mix() {
    let mut world = World::new().await;
    let (here, publisher) = published(&mut world).await;
    let (there, other) = published(&mut world).await;
    let watcher = Client::watcher(&world, here).await;
    let elsewhere = Client::watcher(&world, there).await;
    other.video(101, 0, &[0x41, 0xee]);
    publisher.video(101, 0, &[0x41, 0xaa]);
    assert_eq!(watcher.receives(102, 2).await[1].payload.as_ref(), [0x41, 0xaa]);
    assert_eq!(elsewhere.receives(102, 2).await[1].payload.as_ref(), [0x41, 0xee]);
    world.end().await;
}

#[tokio::test]
async fn when_the_publisher_returns_its_watchers_go_on() {
    let mut world = World::new().await;
    let (stream, publisher) = published(&mut world).await;
    let watcher = Client::watcher(&world, stream).await;
    publisher.video(101, 3_000, DELTA);
    let before = watcher.receives(102, 2).await;
    world.delete(&publisher.location).await;
    world.event().await;
    world.counts(stream, 1).await;
    let again = Client::publisher(&world, stream).await;
    again.video(40_000, 77, DELTA);
    again.video(40_001, 3_077, IDR);
    again.video(40_002, 6_077, DELTA);
    let video = watcher.receives(102, 4).await;
    assert!(is_contiguous(&video));
    assert_eq!(video[2].payload.as_ref(), IDR, "it goes on with a keyframe");
    assert_eq!(video[3].timestamp, video[2].timestamp.wrapping_add(3_000));
    let ahead = video[2].timestamp.wrapping_sub(before[1].timestamp);
    assert!((1..90_000 * 30).contains(&ahead), "time goes on, by as much as has passed: {ahead}");
    world.end().await;
}

#[tokio::test]
async fn a_publisher_with_another_codec_sends_watchers_back_to_ask_anew() {
    let mut world = World::new().await;
    let (stream, _publisher) = published(&mut world).await;
    let watcher = Client::watcher(&world, stream).await;
    let other = Client::publishing(&world, stream, Video::Vp8).await;
    other.connects().await;
    watcher.is_closed_by_the_server().await;
    let again = Client::watching(&world, stream, Video::Vp8).await;
    again.connects().await;
    other.send(VIDEO_SSRC, 102, 1, 0, &[0x10, 0x00, 0x9d]);
    assert_eq!(again.receives(102, 1).await[0].payload.as_ref(), [0x10, 0x00, 0x9d]);
    let refused = world.post_whep(stream, &watcher.offer).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "CODEC_NOT_OFFERED"));
    world.end().await;
}

#[tokio::test]
async fn clients_without_the_cheap_encryption_publish_and_watch_too() {
    let mut world = World::new().await;
    let stream = StreamId::new();
    let publisher = Client::publishing(&world, stream, Video::H264WithoutGcm).await;
    publisher.connects().await;
    world.event().await;
    publisher.video(1, 0, IDR);
    world.event().await;
    let watcher = Client::watching(&world, stream, Video::H264WithoutGcm).await;
    assert_eq!(watcher.receives(102, 1).await[0].payload.as_ref(), IDR);
    world.end().await;
}

#[tokio::test]
async fn watchers_are_told_the_publishers_clocks_in_their_own_numbers() {
    let mut world = World::with(|config| config.profile.reports.every = Duration::from_millis(100)).await;
    let (stream, publisher) = published(&mut world).await;
    publisher.audio(1, 0);
    let watcher = Client::watcher(&world, stream).await;
    publisher.audio(2, 960);
    // Both clocks showed these at the same instant.
    let report = |ssrc, rtp_time| SenderReport { ssrc, rtp_time, ntp_time: 50 << 32, ..SenderReport::default() };
    publisher.control(report(VIDEO_SSRC, 180_000));
    publisher.control(report(AUDIO_SSRC, 96_000));
    let video = watcher.receives(102, 1).await;
    let audio = watcher.receives(111, 1).await;
    let clock = |of: u32| {
        let clocks = watcher.controls();
        clocks.into_iter().rev().find_map(|control| match control {
            Control::Clock { source, ntp, timestamp } if source == of => Some((ntp, timestamp)),
            _ => None,
        })
    };
    until("both clocks", || clock(video[0].source).is_some() && clock(audio[0].source).is_some()).await;
    let (video_ntp, video_time) = clock(video[0].source).expect("it came");
    let (audio_ntp, audio_time) = clock(audio[0].source).expect("it came");
    let original = audio.iter().find(|packet| packet.sequence == audio[0].sequence).expect("it came");
    // Seconds since each track's zero, at the same wall clock: the same for both.
    let seconds = |ntp: u64| ntp as f64 / f64::from(u32::MAX);
    let video_zero = seconds(video_ntp) - f64::from(video_time.wrapping_sub(video[0].timestamp)) / 90_000.0;
    let offset = if audio.len() == 1 { 960 } else { 0 };
    let audio_zero =
        seconds(audio_ntp) - (f64::from(audio_time.wrapping_sub(original.timestamp)) + f64::from(offset)) / 48_000.0;
    assert!((video_zero - audio_zero).abs() < 0.025, "{video_zero} {audio_zero}");
    world.end().await;
}

#[tokio::test]
async fn watchers_who_vanish_are_counted_no_more() {
    // A client checks its path every 2 s.
    let silence = Duration::from_secs(5);
    let mut world = World::with(|config| config.profile.liveness.watcher_silence = silence).await;
    let (stream, _publisher) = published(&mut world).await;
    let (_stays, goes) = (Client::watcher(&world, stream).await, Client::watcher(&world, stream).await);
    world.counts(stream, 2).await;
    goes.vanish();
    world.counts(stream, 1).await;
    world.end().await;
}

#[tokio::test]
async fn after_a_recheck_watchers_have_to_come_again_and_the_publisher_stays() {
    let mut world = World::new().await;
    let (stream, publisher) = published(&mut world).await;
    let (elsewhere, _other) = published(&mut world).await;
    let watcher = Client::watcher(&world, stream).await;
    let untouched = Client::watcher(&world, elsewhere).await;
    world.counts(elsewhere, 1).await;
    world.server.recheck(stream);
    watcher.is_closed_by_the_server().await;
    world.counts(stream, 0).await;
    assert_eq!(world.delete(&watcher.location).await.status, 404);
    let again = Client::watcher(&world, stream).await;
    publisher.video(101, 3_000, DELTA);
    again.receives(102, 2).await;
    world.counts(elsewhere, 1).await;
    assert_eq!(world.delete(&untouched.location).await.status, 200);
    assert!(world.has_no_event());
    world.end().await;
}

#[tokio::test]
async fn a_watcher_that_says_goodbye_is_gone_at_once() {
    let mut world = World::new().await;
    let (stream, _publisher) = published(&mut world).await;
    let watcher = Client::watcher(&world, stream).await;
    world.counts(stream, 1).await;
    assert_eq!(world.request(http::Method::DELETE, &watcher.location, &[], "").await.status, 200);
    assert_eq!(world.server.watchers(), [(stream, 0)]);
    world.end().await;
}
