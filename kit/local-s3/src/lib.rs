//! An S3 server in this process, over a folder: the embedded default and the tests speak the real protocol to it.
//!
//! Objects appear whole (written beside, then renamed) and are on disk for good within [`SYNC_EVERY`]. Lifecycle
//! rules, CORS and tagging are not offered: callers get `NotImplemented` and go on without.

mod durable;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::durable::Durable;

pub use crate::durable::SYNC_EVERY;

/// How long an open connection may take to finish its request once the server stops.
const DRAIN: Duration = Duration::from_secs(3);

/// A running server. It ends with the token it was started with.
#[derive(Debug, Clone, Copy)]
pub struct LocalS3 {
    addr: SocketAddr,
}

impl LocalS3 {
    /// Serves `folder` (made if missing) on `listener`, which should be bound to a loopback address, to whoever
    /// signs with this key pair.
    pub fn start(
        folder: impl AsRef<Path>,
        listener: TcpListener,
        access_key: String,
        secret_key: String,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        let folder = folder.as_ref();
        std::fs::create_dir_all(folder)?;
        let files = FileSystem::new(folder).map_err(|error| io::Error::other(format!("{error:?}")))?;
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(access_key, secret_key));
        let addr = listener.local_addr()?;
        let durable = Durable::watch(folder, tasks, stop.clone())?;
        tasks.spawn(accept(listener, builder.build(), durable, tasks.clone(), stop));
        Ok(Self { addr })
    }

    /// Where it listens.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address as S3 clients want it; they must use path-style addressing.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.addr)
    }
}

async fn accept(
    listener: TcpListener,
    service: S3Service,
    durable: Arc<Durable>,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((socket, _)) => {
                tasks.spawn(serve(socket, service.clone(), durable.clone(), stop.clone()));
            }
            Err(error) => {
                tracing::warn!("the local S3 server could not take a connection: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(socket: TcpStream, service: S3Service, durable: Arc<Durable>, stop: CancellationToken) {
    let _ = socket.set_nodelay(true);
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let writes = !matches!(*request.method(), http::Method::GET | http::Method::HEAD);
        let answer = hyper::service::Service::call(&service, request);
        let durable = durable.clone();
        async move {
            let answer = answer.await;
            if writes {
                durable.has_changed();
            }
            answer
        }
    });
    let server = Builder::new(TokioExecutor::new());
    let mut connection = std::pin::pin!(server.serve_connection(TokioIo::new(socket), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(DRAIN, connection).await;
}
