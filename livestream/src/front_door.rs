//! The HTTP listener: who gets a connection, and for how long one may dawdle.
//!
//! Strangers' sockets must never use up the file descriptors that recordings and databases need, so connections
//! are counted, as a whole and per address, and one that does not send its request in time is closed.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use tracing::{info, warn};

/// How long to wait after the system refused us a connection.
const REFUSED_PAUSE: Duration = Duration::from_millis(100);
/// Descriptors kept back for recordings, databases and the object store.
const RESERVE: u64 = 512;
/// Connections of one address. A home or an office behind one address opens some hundred at most.
const PER_ADDRESS: usize = 1000;
/// Descriptors that we ask the system for; more than one process has use for.
const WANTED: u64 = 1 << 20;

/// Asks the system for as many descriptors as it lets us have, and leaves all but a reserve to connections.
pub(crate) fn seats_of_this_process() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(WANTED).min(WANTED);
    if setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: limit.maximum }).is_err() {
        warn!("the number of open files cannot be raised");
    }
    let current = getrlimit(Resource::Nofile).current.unwrap_or(WANTED);
    usize::try_from(current.saturating_sub(RESERVE).max(current / 2)).unwrap_or(usize::MAX)
}

/// How patient we are with clients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// How long a client may take over the head of a request, and how long an idle connection is kept.
    head: Duration,
    /// How long open requests may go on once we stop.
    goodbye: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(15), goodbye: Duration::from_secs(5) }
    }
}

/// The places for connections, as a whole and per address.
#[derive(Debug, Clone)]
pub(crate) struct Seats(Arc<Mutex<Taken>>);

#[derive(Debug)]
struct Taken {
    most: usize,
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection's place; free again when it is dropped.
#[derive(Debug)]
struct Seat {
    seats: Seats,
    address: IpAddr,
}

impl Seats {
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Mutex::new(Taken { most, all: 0, by_address: HashMap::new() })))
    }

    /// A place, if there is one. Proxies on this machine bring many clients by one address.
    fn take(&self, address: IpAddr) -> Option<Seat> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let here = taken.by_address.get(&address).copied().unwrap_or_default();
        if taken.all >= taken.most || (here >= PER_ADDRESS && !address.is_loopback()) {
            return None;
        }
        taken.all += 1;
        taken.by_address.insert(address, here + 1);
        Some(Seat { seats: self.clone(), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(here) = taken.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

/// Serves until stopped; open requests may then finish for a short while.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    seats: Seats,
    patience: Patience,
    stop: CancellationToken,
) {
    if let Ok(address) = listener.local_addr() {
        info!("listening on http://{address}");
    }
    let connections = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!("a connection cannot be accepted: {error}");
                let _ = stop.run_until_cancelled(tokio::time::sleep(REFUSED_PAUSE)).await;
                continue;
            }
        };
        let Some(seat) = seats.take(peer.ip()) else { continue };
        // Without this small chat frames wait for the viewer's acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let connection = Connection { stream, peer, _seat: seat };
        connections.spawn(attend(connection, router.clone(), patience, stop.clone()));
    }
    connections.close();
    connections.wait().await;
}

async fn attend(connection: Connection, router: Router, patience: Patience, stop: CancellationToken) {
    let peer = connection.peer;
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = router.clone();
        async move {
            Ok::<_, Infallible>(router.oneshot(request.map(Body::new)).await.unwrap_or_else(|never| match never {}))
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .serve_connection(TokioIo::new(connection), answer)
        .with_upgrades();
    let mut serving = pin!(serving);
    // A client that breaks off or dawdles is nothing to tell anybody about.
    tokio::select! {
        _ = serving.as_mut() => return,
        () = stop.cancelled() => {}
    }
    serving.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(patience.goodbye, serving).await;
}

/// A socket that keeps its seat as long as it lives, as a WebSocket too.
struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    _seat: Seat,
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const SOON: Duration = Duration::from_secs(2);
    const HASTE: Patience = Patience { head: SOON, goodbye: Duration::from_millis(200) };
    const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

    #[test]
    fn seats_are_counted_as_a_whole_and_come_back() {
        let seats = Seats::new(2);
        let first = seats.take(ELSEWHERE).expect("there are two");
        let _second = seats.take(IpAddr::V4(Ipv4Addr::LOCALHOST)).expect("there is one left");
        assert!(seats.take(ELSEWHERE).is_none());
        drop(first);
        assert!(seats.take(ELSEWHERE).is_some());
    }

    #[test]
    fn one_address_cannot_take_all_seats_but_a_proxy_on_this_machine_may() {
        let seats = Seats::new(3 * PER_ADDRESS);
        let strangers: Vec<_> = (0..PER_ADDRESS).filter_map(|_| seats.take(ELSEWHERE)).collect();
        assert_eq!(strangers.len(), PER_ADDRESS);
        assert!(seats.take(ELSEWHERE).is_none());
        let proxied = (0..=PER_ADDRESS).filter_map(|_| seats.take(IpAddr::V4(Ipv4Addr::LOCALHOST))).map(Box::new);
        assert_eq!(proxied.collect::<Vec<_>>().len(), PER_ADDRESS + 1);
    }

    /// A door whose patience ends at once, but not before a request that is sent whole is read.
    async fn door() -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let router = Router::new().route("/", axum::routing::get(|| async { "hello" }));
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, router, Seats::new(8), HASTE, stop.clone()));
        (address, stop, serving)
    }

    #[tokio::test]
    async fn a_request_that_is_never_finished_is_cut_off() {
        let (address, stop, serving) = door().await;
        for start in ["", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow:"] {
            let mut client = TcpStream::connect(address).await.expect("it listens");
            client.write_all(start.as_bytes()).await.expect("it takes it");
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).await.expect("the door closes");
        }
        stop.cancel();
        serving.await.expect("it ends");
    }

    #[tokio::test]
    async fn a_whole_request_is_answered_and_a_half_one_does_not_delay_the_end() {
        let (address, stop, serving) = door().await;
        let mut half = TcpStream::connect(address).await.expect("it listens");
        half.write_all(b"GET / HT").await.expect("it takes it");
        let mut whole = TcpStream::connect(address).await.expect("it listens");
        whole.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.expect("it takes it");
        let mut answer = String::new();
        whole.read_to_string(&mut answer).await.expect("it answers");
        assert!(answer.ends_with("hello"), "{answer}");
        stop.cancel();
        tokio::time::timeout(2 * SOON, serving).await.expect("it does not wait for the half one").expect("it ends");
    }
}
