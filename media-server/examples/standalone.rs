//! The media server alone on loopback with an open gate: for trying it with a browser or a command-line client. Not for
//! anything else: everybody may publish and watch everything.
//!
//! `cargo run -p media-server --example standalone -- 127.0.0.1:8090`; then POST offers to
//! `http://127.0.0.1:8090/api/streams/ID/whip` and `.../whep`, where ID is any UUID.

use std::net::SocketAddr;
use std::sync::Arc;

use domain::{Caller, StreamId};
use futures_util::future::BoxFuture;
use http_kit::Problem;
use media_server::{Config, Gate, MediaServer};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

struct OpenGate(StreamId);

impl Gate for OpenGate {
    fn may_publish<'a>(&'a self, _: StreamId, _: &'a str) -> BoxFuture<'a, Result<(), Problem>> {
        Box::pin(async { Ok(()) })
    }

    fn stream_for_key<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<StreamId, Problem>> {
        Box::pin(async { Ok(self.0) })
    }

    fn may_watch<'a>(&'a self, _: StreamId, _: &'a Caller) -> BoxFuture<'a, Result<(), Problem>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let http: SocketAddr = std::env::args().nth(1).as_deref().unwrap_or("127.0.0.1:8090").parse()?;
    let udp: SocketAddr = std::env::args().nth(2).as_deref().unwrap_or("127.0.0.1:8189").parse()?;
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let config = Config { udp_listen: udp, ..Config::default() };
    let gate = Arc::new(OpenGate(StreamId::new()));
    let (server, mut events) = MediaServer::start(config, gate, &tasks, stop.clone()).await?;
    tasks.spawn(async move {
        while let Some(event) = events.recv().await {
            println!("{event:?}");
        }
    });
    let listener = tokio::net::TcpListener::bind(http).await?;
    println!("ready http://{http}");
    let done = stop.clone();
    tasks.spawn(async move {
        let _ = tokio::signal::ctrl_c().await;
        done.cancel();
    });
    axum::serve(listener, server.router()).with_graceful_shutdown(stop.cancelled_owned()).await?;
    tasks.close();
    tasks.wait().await;
    Ok(())
}
