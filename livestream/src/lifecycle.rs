//! From start to end: what is started in which order, and how it all stops.
//!
//! The order of going: stop accepting, tell viewers, finish jobs and segments, then the stores. A second
//! signal, or the deadline, ends at once.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::future;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::command::{Command, Errand};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::embedded::{self, Backends, Child};
use crate::secrets::Secrets;
use crate::{telemetry, wiring};

/// How long the rooms may take to finish what they do.
const GOODBYE: Duration = Duration::from_secs(20);

/// Runs the command to its end.
pub(crate) fn run(command: Command) -> ExitCode {
    // Several libraries bring TLS; all use this one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
        .and_then(|runtime| runtime.block_on(until_stopped(command)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("livestream: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn until_stopped(command: Command) -> anyhow::Result<()> {
    let config = Config::read(command.config.as_deref())?;
    telemetry::start(&config.log)?;
    let mut signals = Signals::listen()?;
    if let Some(Errand::Admin { username }) = &command.errand {
        return wiring::errands::make_operator(&config, username).await;
    }
    let data = DataDir::open(&config.data_dir)?;
    let secrets = Secrets::in_folder(data.folder("secrets")?);
    // The children are started on this, the main thread: the kernel ties their lives to it.
    let (mut backends, s3) = tokio::select! {
        started = embedded::start(&config, command.role().may_embed(), &data, &secrets) => started?,
        () = signals.next() => return Ok(()),
    };
    let served = serve(&command, config, &data, &secrets, &mut backends, &mut signals).await;
    s3.stop().await;
    stop_children(backends.children, &mut signals).await;
    info!("everything has stopped");
    served
}

/// From the stores being up to the rooms having stopped.
async fn serve(
    command: &Command,
    config: Config,
    data: &DataDir,
    secrets: &Secrets,
    backends: &mut Backends,
    signals: &mut Signals,
) -> anyhow::Result<()> {
    let tasks = TaskTracker::new();
    let stop = CancellationToken::new();
    let started = wiring::start(command.role(), config, data, secrets, backends, &tasks, &stop).await;
    let outcome = match started {
        Err(error) => Err(error),
        Ok(wiring::Started::Done) => Ok(()),
        Ok(wiring::Started::Serving { url, mut crashed }) => {
            println!("ready {}", url.as_str().trim_end_matches('/'));
            tokio::select! {
                () = signals.next() => Ok(()),
                what = crashed.recv() => Err(anyhow::anyhow!("{} crashed", what.unwrap_or("a task"))),
                never = keep_running(&mut backends.children) => match never {},
            }
        }
    };
    info!("stopping");
    stop.cancel();
    tasks.close();
    tokio::select! {
        () = tasks.wait() => {}
        () = signals.next() => warn!("a second signal: stopping at once"),
        () = tokio::time::sleep(GOODBYE) => warn!("not everything stopped within {} s", GOODBYE.as_secs()),
        never = keep_running(&mut backends.children) => match never {},
    }
    outcome
}

async fn keep_running(children: &mut [Child]) -> std::convert::Infallible {
    let watched: Vec<_> = children.iter_mut().map(|child| Box::pin(child.keep_running())).collect();
    if watched.is_empty() {
        return future::pending().await;
    }
    future::select_all(watched).await.0
}

async fn stop_children(children: Vec<Child>, signals: &mut Signals) {
    let stopping = future::join_all(children.into_iter().rev().map(Child::stop));
    tokio::select! {
        _ = stopping => {}
        () = signals.next() => error!("stopped before Postgres and Redis had ended; they end by themselves"),
    }
}

/// Ctrl-C and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
