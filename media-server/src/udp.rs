//! The one socket, and the one task that drives everything behind it. The only place that reads the clock.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::Event;
use crate::directory::Directory;
use crate::shard::{Command, Shard};

/// Room for bursts: a second of 30 Mbit/s. The system may grant less.
const SOCKET_BUFFER: usize = 4 << 20;
/// The longest datagram read; what is longer is none of ours.
const LONGEST: usize = 2048;
/// Datagrams read in a row before what came of them is sent.
const BATCH: usize = 64;
/// Events that nobody fetched; beyond it the oldest are dropped, and said so.
const MOST_EVENTS: usize = 4096;

/// Binds the socket.
pub(crate) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // Best effort: the defaults work too, with more loss under bursts.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// Now.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// What the task works with.
pub(crate) struct Driver {
    /// The socket.
    pub(crate) socket: UdpSocket,
    /// The rooms.
    pub(crate) shard: Shard,
    /// What the outside knows and wants.
    pub(crate) directory: Arc<Directory>,
    /// Wishes.
    pub(crate) commands: mpsc::Receiver<Command>,
    /// News.
    pub(crate) events: mpsc::Sender<Event>,
}

impl Driver {
    /// Runs until told to stop; then everybody is told goodbye.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut buffer = vec![0; LONGEST];
        loop {
            let idle = now() + std::time::Duration::from_secs(60);
            let deadline = self.shard.deadline(now()).unwrap_or(idle);
            tokio::select! {
                () = stop.cancelled() => break,
                command = self.commands.recv() => {
                    let Some(command) = command else { break };
                    self.shard.command(command, now());
                }
                readable = self.socket.readable() => {
                    if readable.is_ok() {
                        self.read(&mut buffer);
                    }
                }
                () = tokio::time::sleep_until(deadline.into()) => {}
                () = self.directory.wake.notified() => {
                    self.shard.close(self.directory.take_closing());
                    self.shard.recheck(self.directory.take_rechecking());
                }
            }
            self.shard.tick(now());
            self.flush();
        }
        self.shard.close_all();
        self.flush();
    }

    fn read(&mut self, buffer: &mut [u8]) {
        for _ in 0..BATCH {
            match self.socket.try_recv_from(buffer) {
                Ok((length, from)) if length < LONGEST => self.shard.receive(&buffer[..length], from, now()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // The kernel passes on what it heard about datagrams we sent; the next read is not affected.
                Err(_) => {}
            }
        }
    }

    fn flush(&mut self) {
        let out = self.shard.out();
        for datagram in out.datagrams.drain(..) {
            // A full socket drops this one; the watcher asks again or the next keyframe helps. Nobody waits.
            let _ = self.socket.try_send_to(&datagram.bytes, datagram.to);
        }
        let mut told = 0;
        for event in &out.events {
            match self.events.try_send(*event) {
                Ok(()) => told += 1,
                Err(mpsc::error::TrySendError::Full(_)) => break,
                Err(mpsc::error::TrySendError::Closed(_)) => told = out.events.len(),
            }
        }
        out.events.drain(..told.min(out.events.len()));
        if out.events.len() > MOST_EVENTS {
            let lost = out.events.len() - MOST_EVENTS;
            out.events.drain(..lost);
            tracing::error!(lost, "nobody fetches the media server's events; {lost} are lost");
        }
    }
}
