//! Loss and reordering on the way, in both directions.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use domain::StreamId;
use domain::media::{TapEvent, Track};
use tokio::net::UdpSocket;

use crate::client::{Client, DELTA, IDR};
use crate::world::{PATIENCE, World, until};

/// Passes datagrams between one client and the server. Of the media, one in ten is lost and one in ten comes after the
/// next one. Returns where clients reach it.
async fn bad_way(server: SocketAddr) -> SocketAddr {
    let near = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let far = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let address = near.local_addr().expect("it is bound");
    tokio::spawn(async move {
        let (mut towards_server, mut towards_client) = (Mishaps::new(1), Mishaps::new(2));
        let mut client = None;
        let (mut up, mut down) = ([0; 2_048], [0; 2_048]);
        loop {
            tokio::select! {
                read = near.recv_from(&mut up) => {
                    let Ok((length, from)) = read else { return };
                    client = Some(from);
                    for datagram in towards_server.pass(&up[..length]) {
                        let _ = far.send_to(&datagram, server).await;
                    }
                }
                read = far.recv_from(&mut down) => {
                    let (Ok((length, _)), Some(client)) = (read, client) else { return };
                    for datagram in towards_client.pass(&down[..length]) {
                        let _ = near.send_to(&datagram, client).await;
                    }
                }
            }
        }
    });
    address
}

struct Mishaps {
    state: u64,
    held: Option<Vec<u8>>,
}

impl Mishaps {
    fn new(seed: u64) -> Self {
        Self { state: seed, held: None }
    }

    fn pass(&mut self, datagram: &[u8]) -> Vec<Vec<u8>> {
        let is_media = datagram.len() > 12 && datagram[0] >= 128 && !(192..224).contains(&datagram[1]);
        if !is_media {
            return vec![datagram.to_vec()];
        }
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match (self.state >> 33) % 10 {
            0 => vec![],
            1 if self.held.is_none() => {
                self.held = Some(datagram.to_vec());
                vec![]
            }
            _ => std::iter::once(datagram.to_vec()).chain(self.held.take()).collect(),
        }
    }
}

/// Sends `count` packets, a few per millisecond, as a camera does.
async fn send(publisher: &Client, count: u16) {
    let mut ticks = tokio::time::interval(Duration::from_millis(4));
    for n in 0..count {
        publisher.video(n, u32::from(n) * 3_000, if n == 0 { IDR } else { DELTA });
        if n % 4 == 0 {
            ticks.tick().await;
        }
    }
}

#[tokio::test]
async fn a_watcher_behind_a_bad_network_gets_everything_in_the_end() {
    let mut world = World::new().await;
    let stream = StreamId::new();
    let publisher = Client::publisher(&world, stream).await;
    world.event().await;
    publisher.video(0, 0, IDR);
    world.event().await;
    let way = bad_way(world.server.udp_addr()).await;
    let watcher = Client::watcher_by(&world, stream, way).await;
    world.counts(stream, 1).await;
    send(&publisher, 600).await;
    let all = || {
        let repeated = watcher.received(103).into_iter().filter_map(|packet| packet.payload.first_chunk().copied());
        let repeated = repeated.map(u16::from_be_bytes);
        let first: Vec<u16> = watcher.received(102).iter().map(|packet| packet.sequence).collect();
        let all: BTreeSet<u16> = first.iter().copied().chain(repeated).collect();
        (first.len(), all)
    };
    // The very last cannot be known to be missing.
    let is_whole = |all: &BTreeSet<u16>| {
        let ends = all.first().zip(all.last());
        all.len() >= 590 && ends.is_some_and(|(low, high)| usize::from(high - low) + 1 == all.len())
    };
    until("all packets without a hole", || is_whole(&all().1)).await;
    let (first, _) = all();
    assert!(first < 580, "the network was not that good: {first}");
    world.end().await;
}

#[tokio::test]
async fn the_recorder_of_a_publisher_behind_a_bad_network_misses_nothing() {
    let mut world = World::with(|config| config.profile.tap.reorder_wait = Duration::from_secs(5)).await;
    let stream = StreamId::new();
    let way = bad_way(world.server.udp_addr()).await;
    let publisher = Client::publisher_by(&world, stream, way).await;
    world.event().await;
    let mut tap = world.server.tap(stream).expect("somebody publishes");
    send(&publisher, 600).await;
    let mut sequences = Vec::new();
    while sequences.len() < 590 {
        match tokio::time::timeout(PATIENCE, tap.next()).await.expect("in time").expect("it goes on") {
            TapEvent::Packet(Track::Video, packet) => sequences.push(packet.sequence),
            TapEvent::Gap(track, count) => panic!("{count} packets of {track:?} are missing"),
            _ => {}
        }
    }
    assert!(sequences.windows(2).all(|pair| pair[1] == pair[0] + 1));
    world.end().await;
}
