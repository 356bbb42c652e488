//! Bytes that nobody asked for: the server drops them and goes on.

use domain::StreamId;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rtc::stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USERNAME};
use rtc::stun::fingerprint::FINGERPRINT;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{BINDING_REQUEST, Message, Setter};
use tokio::net::UdpSocket;

use crate::client::{Client, DELTA, IDR, Video};
use crate::world::{PATIENCE, World};

/// Datagrams that look like something: STUN, DTLS, SRTP, or nothing.
fn datagrams(count: usize) -> Vec<Vec<u8>> {
    let any_bytes = || proptest::collection::vec(any::<u8>(), 0..300);
    let stun = any_bytes().prop_map(|tail| {
        let length = (tail.len() as u16).to_be_bytes();
        [&[0, 1, length[0], length[1], 0x21, 0x12, 0xa4, 0x42][..], &[0; 12], &tail].concat()
    });
    let dtls = any_bytes().prop_map(|tail| {
        let length = (tail.len() as u16).to_be_bytes();
        [&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, length[0], length[1]][..], &tail].concat()
    });
    let media = any_bytes().prop_map(|tail| [&[0x80, 0xe6][..], &tail].concat());
    let all = prop_oneof![any_bytes(), stun, dtls, media];
    let mut runner = TestRunner::default();
    (0..count).map(|_| all.new_tree(&mut runner).expect("a datagram").current()).collect()
}

#[tokio::test]
async fn random_datagrams_from_strangers_and_from_peers_do_no_harm() {
    let mut world = World::new().await;
    let stream = StreamId::new();
    let publisher = Client::publisher(&world, stream).await;
    world.event().await;
    publisher.video(1, 0, IDR);
    let watcher = Client::watcher(&world, stream).await;
    let stranger = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    for datagram in datagrams(2_000) {
        let _ = stranger.send_to(&datagram, world.server.udp_addr()).await;
    }
    publisher.video(2, 3_000, DELTA);
    watcher.receives(102, 2).await;
    world.end().await;
}

#[tokio::test]
async fn a_stranger_cannot_slip_in_a_handshake_or_a_check() {
    let mut world = World::new().await;
    let stream = StreamId::new();
    let publisher = Client::publishing(&world, stream, Video::H264).await;
    let stranger = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let tag = publisher.answer.header("etag").trim_matches('"').to_owned();
    // A check that names the session but is not signed, then a ClientHello.
    let name = format!("{tag}:xxxx");
    let padding = vec![0; name.len().next_multiple_of(4) - name.len()];
    let attribute = [&[0, 6][..], &(name.len() as u16).to_be_bytes(), name.as_bytes(), &padding].concat();
    let length = (attribute.len() as u16).to_be_bytes();
    let check = [&[0, 1, length[0], length[1], 0x21, 0x12, 0xa4, 0x42][..], &[7; 12], &attribute].concat();
    let hello = [&[22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20][..], &[1; 20]].concat();
    for _ in 0..50 {
        stranger.send_to(&check, world.server.udp_addr()).await.expect("it is sent");
        stranger.send_to(&hello, world.server.udp_addr()).await.expect("it is sent");
    }
    publisher.connects().await;
    world.event().await;
    publisher.video(1, 0, IDR);
    world.event().await;
    let mut buffer = [0; 1_500];
    assert!(stranger.try_recv(&mut buffer).is_err(), "strangers get no answer");
    world.end().await;
}

/// A connectivity check from whoever offered to whoever answered, signed as it has to be.
fn signed_check(offer: &str, answer: &str) -> Vec<u8> {
    let value = |sdp: &str, name: &str| {
        sdp.lines().find_map(|line| line.trim_end().strip_prefix(name)).expect("it has credentials").to_owned()
    };
    let name = format!("{}:{}", value(answer, "a=ice-ufrag:"), value(offer, "a=ice-ufrag:"));
    let crypto = rtc::crypto::default_provider().expect("there is one");
    let signature =
        MessageIntegrity::new_short_term_integrity_with_provider(value(answer, "a=ice-pwd:"), crypto.crypto());
    let mut check = Message::new();
    check.set_type(BINDING_REQUEST);
    check.new_transaction_id().expect("random numbers");
    check.write_header();
    check.add(ATTR_USERNAME, name.as_bytes());
    check.add(ATTR_PRIORITY, &[0x6e, 0, 0, 0xff]);
    check.add(ATTR_ICE_CONTROLLING, &[7; 8]);
    signature.add_to(&mut check).expect("it is signed");
    FINGERPRINT.add_to(&mut check).expect("it is sealed");
    check.raw
}

#[tokio::test]
async fn an_address_is_not_taken_from_its_session_by_another_ones_check() {
    let mut world = World::new().await;
    let stream = StreamId::new();
    let publisher = Client::publisher(&world, stream).await;
    world.event().await;
    publisher.video(1, 0, IDR);
    let offer = Client::watcher(&world, stream).await.offer;
    let (owner, thief) = (world.post_whep(stream, &offer).await, world.post_whep(stream, &offer).await);
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    // The server's answers are in the order of the checks: which session answers which is told by the transaction.
    let checks = [&owner, &thief, &owner].map(|answer| signed_check(&offer, &answer.body));
    for check in &checks {
        socket.send_to(check, world.server.udp_addr()).await.expect("it is sent");
    }
    let mut answered = Vec::new();
    let mut buffer = [0; 1_500];
    while answered.last() != Some(&2) {
        let read = tokio::time::timeout(PATIENCE, socket.recv(&mut buffer)).await.expect("in time");
        let length = read.expect("it is read");
        let transaction = &buffer[8..20.min(length)];
        answered.extend(checks.iter().position(|check| check[8..20] == *transaction));
    }
    assert_eq!(answered, [0, 2], "the address is its owner's");
    world.end().await;
}

#[tokio::test]
async fn offers_with_anything_in_them_get_an_answer_or_a_refusal() {
    let world = World::new().await;
    let good = Client::publishing(&world, StreamId::new(), Video::H264).await.offer;
    let mut runner = TestRunner::default();
    for _ in 0..150 {
        let change = (0..good.len(), 0..60_usize, "\\PC{0,12}").new_tree(&mut runner).expect("a change").current();
        let (at, length, text) = change;
        let mut offer = good.clone();
        let end = (at + length).min(offer.len());
        offer.replace_range(at..end, &text);
        let answer = world.post_whip(StreamId::new(), &offer).await;
        assert!([201, 400, 422].contains(&answer.status.as_u16()), "{}: {}\n{offer}", answer.status, answer.body);
    }
    world.end().await;
}
