//! A connection's UDP socket, read so that no media is lost at its very start.
//!
//! The engine's driver reads up to 64 datagrams at a time and installs the media keys only afterwards; what a server
//! sends right behind its last handshake message would be thrown away. Browsers install keys at once. So reading
//! pauses behind every datagram of the handshake.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use webrtc::runtime::{AsyncUdpSocket, RecvMeta, Transmit};

#[derive(Debug)]
pub(crate) struct Socket {
    inner: Arc<dyn AsyncUdpSocket>,
    /// The last datagram belonged to the handshake, and the driver has not turned to it yet.
    pauses: AtomicBool,
}

impl Socket {
    pub(crate) fn new(inner: Arc<dyn AsyncUdpSocket>) -> Self {
        Self { inner, pauses: AtomicBool::new(false) }
    }
}

impl AsyncUdpSocket for Socket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        self.inner.poll_send(cx, transmit)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        if self.pauses.swap(false, Ordering::Relaxed) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        // One message at a time, so that one of the handshake is the last one read.
        let one = bufs.len().min(meta.len()).min(1);
        let read = self.inner.poll_recv(cx, &mut bufs[..one], &mut meta[..one]);
        if matches!(read, Poll::Ready(Ok(1))) && bufs[0].first().is_some_and(|byte| is_handshake(*byte)) {
            self.pauses.store(true, Ordering::Relaxed);
        }
        read
    }

    fn max_gso_segments(&self) -> usize {
        self.inner.max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.inner.max_gro_segments()
    }
}

/// RFC 7983: how a datagram of DTLS begins.
fn is_handshake(first: u8) -> bool {
    (20..64).contains(&first)
}
